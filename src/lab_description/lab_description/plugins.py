"""The plug-ins that a cell names in its YAML, each with a block of parameters under its own name:

    detector: blobs
    blobs: {min_area: 2.0e-4}

The words are those of the launch arguments, and those of the blocks in config/nodes.yaml. Who has registered
such a plug-in, and what parameters it has, is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab_core.errors import ConfigurationError

KEYS = ("detector", "grasp_planner", "planner", "grip_sensor")


@dataclass(frozen=True)
class NamedPlugin:
    """name: registered. parameters: its block; empty where there is none."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def take_plugins(
    content: object, own: Collection[str], path: Path
) -> tuple[object, Mapping[str, NamedPlugin]]:
    """Plug-ins by their keys, and the rest of what the file of a cell holds.

    own: the other keys that a cell has: such a one is never the block of a plug-in.

    Raises ConfigurationError at a plug-in that is no name, and at a block that is none or belongs to two.
    """
    if not isinstance(content, dict):
        return content, {}
    rest = dict(content)
    names = {key: rest.pop(key) for key in KEYS if key in rest}
    for key, name in names.items():
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"{path}: {key}: expected a name, found {str(name)[:100]!r}")
    blocks = {name: rest.pop(name) for name in set(names.values()) & rest.keys() - set(own)}
    for name, block in blocks.items():
        keys = [key for key in names if names[key] == name]
        if len(keys) > 1:
            both = " and ".join(keys)
            raise ConfigurationError(
                f"{path}: {name}: {both} have this name, and the block can only be of one: write it into"
                " config/nodes.yaml"
            )
        if not isinstance(block, dict) or not all(isinstance(each, str) for each in block):
            raise ConfigurationError(f"{path}: {name}: expected the parameters of the {keys[0]}")
    return rest, {key: NamedPlugin(name, blocks.get(name, {})) for key, name in names.items()}
