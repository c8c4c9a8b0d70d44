"""Who is logged in: a random key in the browser's cookie, of which only the digest is kept here."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from lab_operator.people.clock import Clock, steady
from lab_operator.people.roles import Person

# Sessions at a time; the oldest ends when another begins.
_MOST = 100
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """name, role: of the person. until: seconds of the clock of its Sessions."""

    name: str
    role: str
    until: float


class Sessions:
    """In memory: a console that is started again knows nobody. From any thread."""

    def __init__(self, lifetime: float, clock: Clock = steady) -> None:
        """lifetime: seconds after which a session ends, whatever is done in it."""
        self._lifetime, self._clock = lifetime, clock
        self._lock = threading.Lock()
        self._open: OrderedDict[bytes, Session] = OrderedDict()

    def open(self, person: Person) -> str:
        """The key of a new session."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        with self._lock:
            self._open[_digest(key)] = Session(person.name, person.role, self._clock() + self._lifetime)
            if len(self._open) > _MOST:
                self._open.popitem(last=False)
        return key

    def find(self, key: str) -> Session | None:
        """The session of a key; None when there is none, or it is over."""
        with self._lock:
            session = self._open.get(_digest(key))
            if session is not None and self._clock() >= session.until:
                del self._open[_digest(key)]
                return None
            return session

    def close(self, key: str) -> None:
        """End it at once, if it is open."""
        with self._lock:
            self._open.pop(_digest(key), None)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
