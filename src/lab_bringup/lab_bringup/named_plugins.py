"""Which plug-in each node is told to use: by the command line, else by the YAML of the cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab_bringup.parameter_file import flat
from lab_core.errors import ConfigurationError
from lab_core.plugins import Port
from lab_description import Cell
from lab_grasping.port import GRASP_PLANNERS
from lab_motion.planning.port import PLANNERS
from lab_motion.skills.grip.port import GRIP_SENSORS
from lab_perception.detector import DETECTORS


@dataclass(frozen=True)
class Choice:
    """The parameter of a node that names a plug-in of a port."""

    node: str
    parameter: str
    port: Port[Any]


CHOICES = {
    "detector": Choice("perception", "detector", DETECTORS),
    "grasp_planner": Choice("grasping", "planner", GRASP_PLANNERS),
    "planner": Choice("motion", "planner", PLANNERS),
    "grip_sensor": Choice("motion", "grip_sensor", GRIP_SENSORS),
}
"""By the launch argument, which is also the key in the YAML of a cell."""


def by_arguments(chosen: Mapping[str, str], node: str) -> dict[str, Any]:
    """Parameters of a node that launch arguments give; nothing where they are empty."""
    return {
        choice.parameter: chosen[argument]
        for argument, choice in CHOICES.items()
        if choice.node == node and chosen[argument]
    }


def by_cell(cell: Cell, node: str) -> dict[str, Any]:
    """Parameters of a node, by full names, that the YAML of the cell gives, blocks of plug-ins included."""
    given: dict[str, Any] = {}
    for key, plugin in cell.plugins.items():
        if CHOICES[key].node == node:
            given[CHOICES[key].parameter] = plugin.name
            given |= flat(plugin.parameters, f"{plugin.name}.")
    return given


def refuse_unknown(chosen: Mapping[str, str], cell: Cell) -> None:
    """Raises ConfigurationError when a plug-in is named that nobody has registered."""
    hand = cell.end_effector
    named = {f"{argument}:={chosen[argument][:40]}": (argument, chosen[argument]) for argument in CHOICES}
    named |= {f"{cell.files['cell']}: {key}": (key, plugin.name) for key, plugin in cell.plugins.items()}
    gripper = cell.files["gripper"]
    named |= {f"{gripper}: grasp_planner": ("grasp_planner", hand.grasp_planner)}
    named |= {f"{gripper}: grip_sensor": ("grip_sensor", hand.grip_sensor)}
    for where, (key, name) in named.items():
        try:
            if name:
                CHOICES[key].port.require(name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None
