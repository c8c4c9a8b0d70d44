"""Whoever looks at a page: from where, who it is as far as that is known, and what that person may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lab_operator.people.clock import steady
from lab_operator.people.roles import LONGEST_NAME, ROLES
from lab_operator.people.sessions import Session


@dataclass(frozen=True, slots=True)
class Visitor:
    """address: of the browser's machine. name: of the person; empty while it is not known.

    session: finds the session anew at every question; None where nobody has to log in.
    """

    address: str
    name: str = ""
    session: Callable[[], Session | None] | None = None

    def __str__(self) -> str:
        return f"{self.name}, at {self.address}" if self.name else f"at {self.address}"

    def named(self, name: str) -> Visitor:
        """The name that somebody has typed, where nobody has to log in; else as the session says."""
        if self.session is not None:
            return self
        return replace(self, name="".join(filter(str.isprintable, name)).strip()[:LONGEST_NAME])

    def seconds_left(self) -> float | None:
        """Until the session is over; None where nobody has to log in."""
        session = self.session() if self.session is not None else None
        return None if session is None else max(0.0, session.until - steady())

    def refused(self, action: str) -> str:
        """Why an action is not for this person, a key of the catalogue below `said`; empty when it is."""
        if self.session is None:
            return ""
        session = self.session()
        if session is None:
            return "session_over"
        return "" if action in ROLES[session.role] else "not_allowed"
