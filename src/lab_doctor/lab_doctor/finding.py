"""One thing that is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """check: name of the check, such as `domain`. what: the fact, fix: what to do; one sentence each."""

    check: str
    what: str
    fix: str
