"""How a task reacts, read from YAML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

from lab_core.errors import ConfigurationError
from lab_core.outcomes import OutcomeCode
from lab_description.schema import read_yaml


class Reaction(Enum):
    """What follows a failed attempt."""

    RETRY = "retry"
    LEAVE = "leave"
    WAIT = "wait"
    STOP = "stop"


@dataclass(frozen=True)
class Policy:
    """How an order is carried out; times in seconds of the cell's clock. See config/tasks/standard.yaml."""

    home: str
    settle_time: float
    first_look_at: float
    look_timeout: float
    looks_until_clear: int
    failed_steps: int
    attempts_per_object: int
    grasps_per_attempt: int
    outages: int
    outage_wait: float
    on_outcome: Mapping[str, Reaction]

    def reaction(self, code: OutcomeCode) -> Reaction:
        """What follows an attempt that ended with the code."""
        return self.on_outcome.get(code.name, self.on_outcome["default"])


def load_policy(path: Path) -> Policy:
    """Policy from a YAML file.

    Raises ConfigurationError, which names the file, the key and the fix.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected keys and values, found {type(content).__name__}")
    names = [field.name for field in dataclasses.fields(Policy)]
    for key in content:
        if key not in names:
            raise ConfigurationError(f"{path}: unknown key '{key}', expected {', '.join(names)}")
    for name in names:
        if name not in content:
            raise ConfigurationError(f"{path}: key '{name}' is missing")
    return Policy(**{name: _value(path, name, content[name]) for name in names})


def _value(path: Path, name: str, value: Any) -> Any:
    if name == "on_outcome":
        return _reactions(path, value)
    kind = get_type_hints(Policy)[name]
    if kind is str:
        if isinstance(value, str) and value:
            return value
        raise ConfigurationError(f"{path}: {name}: expected a name, found {value!r}")
    whole = kind is int
    numeric = isinstance(value, int) if whole else isinstance(value, int | float)
    if isinstance(value, bool) or not numeric or not value >= (1 if whole else 0):
        expected = "a whole number of at least 1" if whole else "seconds, not negative"
        raise ConfigurationError(f"{path}: {name}: expected {expected}, found {value!r}")
    return kind(value)


def _reactions(path: Path, value: Any) -> Mapping[str, Reaction]:
    if not isinstance(value, dict) or "default" not in value:
        raise ConfigurationError(
            f"{path}: on_outcome: expected outcomes with reactions, 'default' among them"
        )
    reactions = {}
    for key, reaction in value.items():
        if key != "default" and key not in OutcomeCode.__members__:
            raise ConfigurationError(f"{path}: on_outcome: there is no outcome '{key}', see Outcome.msg")
        try:
            reactions[key] = Reaction(reaction)
        except ValueError:
            raise ConfigurationError(
                f"{path}: on_outcome: {key}: expected retry, leave, wait or stop, found {reaction!r}"
            ) from None
    return reactions
