"""What the people of a cell may ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROLES: Mapping[str, frozenset[str]] = {
    "operator": frozenset({"start", "reset", "approve", "decline"}),
    "engineer": frozenset({"start", "reset", "approve", "decline", "take_over", "jog"}),
}
"""The stop is not among these: everybody may."""

LONGEST_NAME = 60
"""Letters of the name of a person."""


@dataclass(frozen=True, slots=True)
class Person:
    """role: a name in ROLES. hash: what argon2 makes of the password."""

    name: str
    role: str
    hash: str
