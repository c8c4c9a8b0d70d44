"""ROS parameters in files: what rcl would pass over in silence is refused, and what a node would refuse."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from lab_core.errors import ConfigurationError
from lab_core.parameters import check_parameters
from lab_core.plugins import check_plugins
from lab_description.graph import NodeEntry
from lab_description.schema import read_yaml
from lab_node.parameters import BUILT_IN

PARAMETERS = "ros__parameters"


def refuse_unusable(path: Path, nodes: Iterable[str]) -> None:
    """Raises ConfigurationError at a file that is none, or with an entry for a node that the cell has not.

    nodes: names with their namespace, such as "/left/motion".
    """
    try:
        if not path.is_file():
            raise ConfigurationError(f"params_file:={path}: there is no such file")
    except OSError as error:
        raise ConfigurationError(f"params_file:={path}: {error.strerror}") from error
    known = list(nodes)
    for name in parameters_in(path):
        if not any(matches(name, node) for node in known):
            raise ConfigurationError(f"{path}: no node of the cell is called '{name}': {_hint(name, known)}")


def parameters_in(path: Path) -> dict[str, dict[str, Any]]:
    """Parameters by their full names, by the names and patterns of the nodes that a file has them for.

    Raises ConfigurationError at a file that holds something else.
    """
    content = read_yaml(path) or {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected nodes and their {PARAMETERS}")
    found: dict[str, dict[str, Any]] = {}
    for name, parameters in _entries(content, ""):
        if not isinstance(parameters, dict):
            raise ConfigurationError(f"{path}: {name}: expected {PARAMETERS} with names and values")
        found[name] = dict(flat(parameters))
    return found


def given_to(node: str, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters of a node, by its name with its namespace; those for it alone win over those of a
    pattern.
    """
    given: dict[str, Any] = {}
    for name in sorted((each for each in entries if matches(each, node)), key=lambda each: "*" not in each):
        given |= entries[name]
    return given


def flat(parameters: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Parameters by their full names, as rcl makes them of nested ones."""
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def refuse_malformed(node: str, entry: NodeEntry, given: Mapping[str, Any], where: str) -> None:
    """Raises ConfigurationError at parameters with which a node would refuse to configure, those of its
    plug-ins included; nothing is known of a node whose entry has no parameter_class.

    given: by full names. where: of what holds them, for the sentence.
    """
    own = {name: value for name, value in given.items() if not name.startswith(BUILT_IN)}
    if not own or entry.parameter_class is None:
        return
    module, _, name = entry.parameter_class.partition(":")
    try:
        check_plugins(check_parameters(getattr(import_module(module), name), own, node), node)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"{where}: parameters of {node} cannot be checked, {module} does not load: {error}"
        ) from None


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
