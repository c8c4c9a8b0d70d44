"""The people of a cell: a YAML file of names, roles and hashes of passwords, readable by its owner alone.

Passwords are hashed by argon2-cffi: Argon2id with the library's settings, RFC 9106 "low memory".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import argon2
import yaml

from lab_core.errors import ConfigurationError
from lab_description.yaml_file import read_yaml
from lab_operator.people.roles import LONGEST_NAME, ROLES, Person

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
_KEYS = {"role", "password"}
_HASHER = argon2.PasswordHasher()


class Roster:
    """Everybody who may log in."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._people = dict(people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def check(self, name: str, password: str) -> Person | None:
        """The person, if this is the password. Takes about a tenth of a second by intention."""
        person = self._people.get(name)
        try:
            _HASHER.verify(_nobody() if person is None else person.hash, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return None
        return person

    def warm_up(self) -> None:
        """Compute now what the first unknown name would have to wait for."""
        _nobody()

    def with_person(self, name: str, role: str, password: str) -> Roster:
        """One person more, or another role and password. Raises ConfigurationError."""
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise ConfigurationError(
                f"the password has {len(password)} letters, expected {SHORTEST_PASSWORD} to"
                f" {LONGEST_PASSWORD}"
            )
        person = Person(_name(name), _role(role), _HASHER.hash(password))
        return Roster({**self._people, name: person})

    def without(self, name: str) -> Roster:
        """One person less. Raises ConfigurationError."""
        if name not in self._people:
            raise ConfigurationError(f"nobody is called '{name}': {', '.join(self._people) or 'nobody'}")
        return Roster({key: person for key, person in self._people.items() if key != name})

    def write(self, path: Path) -> None:
        """Replace the file; it is never half written. Raises ConfigurationError."""
        content = {each.name: {"role": each.role, "password": each.hash} for each in self}
        text = yaml.safe_dump(content, allow_unicode=True, default_style='"', width=1000)
        new = path.with_name(f"{path.name}.new")
        try:
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error


def read_roster(path: Path) -> Roster:
    """Raises ConfigurationError, which names the entry, for a file that is absent, malformed, empty, or
    readable by others.
    """
    content = read_yaml(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError(f"{path}: others can read the hashes of passwords: chmod 600 {path}")
    if not isinstance(content, dict) or not content:
        raise ConfigurationError(
            f"{path}: expected names of people: ./lab people {path} NAME --role operator"
        )
    people: dict[str, Person] = {}
    for name, entry in content.items():
        try:
            if not isinstance(entry, dict) or set(entry) != _KEYS:
                raise ConfigurationError("expected role and password")
            hashed = str(entry["password"])
            argon2.extract_parameters(hashed)
            people[_name(name)] = Person(str(name), _role(entry["role"]), hashed)
        except argon2.exceptions.InvalidHashError:
            raise ConfigurationError(
                f"{path}: {name}: password is no hash of Argon2: ./lab people {path} '{name}' --role ROLE"
            ) from None
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {name}: {error}") from None
    return Roster(people)


@cache
def _nobody() -> str:
    """Compared with where there is no such person, so that the time of an answer does not tell names."""
    return _HASHER.hash(os.urandom(16))


def _name(name: object) -> str:
    if not isinstance(name, str) or not 0 < len(name.strip()) == len(name) <= LONGEST_NAME:
        raise ConfigurationError(f"expected a name of 1 to {LONGEST_NAME} letters, without spaces around it")
    if not name.isprintable():
        raise ConfigurationError("expected a name of letters that can be printed")
    return name


def _role(role: object) -> str:
    if role not in ROLES:
        raise ConfigurationError(f"role is '{role}', expected one of {', '.join(ROLES)}")
    return str(role)
