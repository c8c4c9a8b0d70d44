"""A file of ROS parameters that the user gives: what rcl would pass over in silence is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lab_core.errors import ConfigurationError
from lab_description.schema import read_yaml

PARAMETERS = "ros__parameters"


def refuse_unusable(path: Path, nodes: Iterable[str]) -> None:
    """Raises ConfigurationError at a file that is none, or with an entry for a node that the cell has not.

    nodes: names with their namespace, such as "/left/motion".
    """
    if not path.is_file():
        raise ConfigurationError(f"params_file:={path}: there is no such file")
    content, known = read_yaml(path), list(nodes)
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected nodes and their {PARAMETERS}")
    for name, parameters in _entries(content, ""):
        if not isinstance(parameters, dict):
            raise ConfigurationError(f"{path}: {name}: expected {PARAMETERS} with names and values")
        if not any(matches(name, node) for node in known):
            raise ConfigurationError(f"{path}: no node of the cell is called '{name}': {_hint(name, known)}")


def matches(name: str, node: str) -> bool:
    """Whether an entry of a parameter file is for a node: * stands for one part of a name, ** for any."""
    parts = re.escape(name).replace(r"/\*\*", r"(/\w+)*").replace(r"\*", r"\w+")
    return re.fullmatch(parts, node, re.ASCII) is not None


def _entries(content: dict[Any, Any], within: str) -> Iterator[tuple[str, Any]]:
    """Names and parameters; a namespace may hold its nodes, or stand in front of their names."""
    for key, value in content.items():
        name = f"{within}/{str(key).strip('/')}"
        if isinstance(value, dict) and PARAMETERS not in value and value:
            yield from _entries(value, name)
        else:
            yield name, value.get(PARAMETERS) if isinstance(value, dict) else None


def _hint(name: str, known: list[str]) -> str:
    alone = {node.rpartition("/")[2]: node for node in known}
    close = difflib.get_close_matches(name.rpartition("/")[2], alone, n=1)
    return f"did you mean '{alone[close[0]]}'?" if close else f"there are {', '.join(known)}"
