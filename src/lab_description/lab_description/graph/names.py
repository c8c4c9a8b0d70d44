"""Names of topics, services and actions: those of the graph's YAML, and those that depend on the cell."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping

from lab_core.errors import ConfigurationError
from lab_description.cell import Cell
from lab_description.gripper import Gripper
from lab_description.suction_cup import SuctionCup

NODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEY = re.compile(r"\{[a-z_]+\}|/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_PATTERN = re.compile(r"/?[\w*]+(/[\w*]+)*", re.ASCII)


def is_name(text: str) -> bool:
    """Whether it can name a topic, a service or an action; "{name}" stands for what the cell calls it."""
    return _KEY.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Whether it stands for all names of a form."""
    return "*" in text and _PATTERN.fullmatch(text) is not None


def names_of_cell(cell: Cell) -> Mapping[str, tuple[str, ...]]:
    """What the cell calls its devices' topics, services and actions, by the words of the YAML in braces.

    Empty for what this cell does not have.
    """
    effector = cell.end_effector
    fingers = effector if isinstance(effector, Gripper) else None
    cup = effector if isinstance(effector, SuctionCup) else None
    drivers = []
    if cell.hardware is not None:
        with contextlib.suppress(ConfigurationError):  # it is said where the drivers are needed
            drivers = [each.driver for each in cell.drivers()]
    return {
        "arm": (cell.robot.trajectory_action,),
        "fingers": () if fingers is None else (fingers.action,),
        "wrist_wrench": (cell.robot.wrench_topic,),
        "pad_wrenches": () if fingers is None else tuple(fingers.wrench_topics.values()),
        "pad_touch": () if fingers is None else fingers.touch_topics,
        "suction_pressure": () if cup is None else (cup.pressure_topic,),
        "suction_switch": () if cup is None else (cup.switch_service,),
        "robot_running": tuple(d.running_topic for d in drivers if d.running_topic is not None),
        "robot_speed": tuple(d.speed_topic for d in drivers if d.speed_topic is not None),
    }
