"""The devices of a real cell: who drives them (config/drivers) and where they are (the cell's YAML)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Annotated

from lab_core.errors import ConfigurationError
from lab_description.configuration import find
from lab_description.schema import Quantity, parse, read_yaml

Share = Annotated[float, Quantity("", 0.01, 1.0)]
# Parameters of a controller that are said elsewhere, and where.
_SAID_BY = {"type": "controller", "joint": "the gripper's YAML", "joints": "the robot's YAML"}

_PLACE = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|\{\{|\}\}|[{}]")


@dataclass(frozen=True)
class Driver:
    """How a kind of device is started.

    One of three: `launch`, a launch file of `package` with its `arguments`; `executable`, a node of it with
    its `parameters`; or `plugin`, hardware of ros2_control with its `parameters`, which gets a controller
    manager of its own. "{key}" in a value stands for what the cell gives under that key, "{model}" for the
    name of the device's YAML.
    controller: type of the controller that carries out this stack's actions, none for a camera. adapter: an
    executable of lab_motion that does it where the driver has actions of its own. controller_parameters: ROS
    parameters of the controller that this driver needs otherwise than lab_description.controllers gives them.
    also: further packages that it needs. remap: topics of the driver, by the names that this stack uses; the
    namespace of the cell comes in front of what begins with /.
    joint_states_topic: where it publishes the joint states as measured, if that is not /joint_states.
    running_topic, speed_topic: of lab_stop's parameters of these names, by which a robot tells that it is
    stopped at its own panel. scales_time: that the time of the arm's controller slows down with the arm, so
    that no motion can begin at a stamp.
    """

    package: str
    launch: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    executable: str | None = None
    plugin: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    controller: str | None = None
    controller_parameters: Mapping[str, object] = field(default_factory=dict)
    adapter: str | None = None
    also: tuple[str, ...] = ()
    remap: Mapping[str, str] = field(default_factory=dict)
    joint_states_topic: str | None = None
    running_topic: str | None = None
    speed_topic: str | None = None
    scales_time: bool = False

    def __post_init__(self) -> None:
        if [self.launch, self.executable, self.plugin].count(None) != 2:
            raise ValueError("expected one of 'launch', 'executable' and 'plugin'")
        if self.controller_parameters and self.controller is None:
            raise ValueError("controller_parameters: given, but no controller")
        for name, place in _SAID_BY.items():
            if name in self.controller_parameters:
                raise ValueError(f"controller_parameters.{name}: {place} says it, leave it out here")
        refuse_no_parameter(self.controller_parameters, "controller_parameters")


def refuse_no_parameter(value: object, key: str) -> None:
    """Raises ValueError at what ROS has no parameter for."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            if not isinstance(name, str) or not name:
                raise ValueError(f"{key}: expected names and values, found the name {name!r}")
            refuse_no_parameter(below, f"{key}.{name}")
        return
    items = value if isinstance(value, list) else [value]
    kinds = {type(item) for item in items}
    numbers = [item for item in items if isinstance(item, float)]
    if not items or len(kinds) > 1 or not kinds <= {bool, int, float, str} or not all(map(isfinite, numbers)):
        raise ValueError(
            f"{key}: expected a parameter of ROS (a number, a text, true or false, a list of one of these,"
            f" or names and values), found {'nothing' if value is None else value}"
        )


def fill_in(template: str, values: Mapping[str, str]) -> str:
    """The template with "{key}" replaced; "{{" and "}}" stand for single braces.

    Not str.format, whose templates reach into the attributes of what they are given. Raises KeyError for a
    value that is not there, ValueError for a brace that encloses no name.
    """

    def value(place: re.Match[str]) -> str:
        if place["name"]:
            return values[place["name"]]
        if len(place[0]) == 1:
            raise ValueError(f"'{template}' has a brace that encloses no name")
        return place[0][0]

    return _PLACE.sub(value, template)


@dataclass(frozen=True)
class Device:
    """One device of a cell. driver: a name in config/drivers. values: what the driver has to know of it."""

    driver: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hardware:
    """What sim:=none starts, and how fast it may move.

    speed, acceleration: shares of the robot's limits. first_speed: share in the first action, which has to be
    confirmed.
    """

    robot: Device
    gripper: Device
    camera: Device
    speed: Share = 0.25
    acceleration: Share = 0.25
    first_speed: Share = 0.05


@dataclass(frozen=True)
class StartedDriver:
    """A driver with the values of one device in it.

    kind: "robot", "gripper" or "camera". words: which device it is and where, for a person.
    """

    kind: str
    driver: Driver
    words: str

    @property
    def packages(self) -> tuple[str, ...]:
        """All that have to be installed."""
        return (self.driver.package, *self.driver.also)


def started_drivers(hardware: Hardware, models: Mapping[str, str], cell_file: Path) -> list[StartedDriver]:
    """The drivers of all devices, filled in. models: name of each device's model by kind.

    Raises ConfigurationError that names the value that is missing.
    """
    beside = [cell_file.resolve().parent.parent]
    found = []
    for kind in ("robot", "gripper", "camera"):
        device: Device = getattr(hardware, kind)
        path = find("drivers", device.driver, beside)
        driver = parse(Driver, read_yaml(path), path)
        values = {**device.values, "model": models[kind]}
        try:
            filled = replace(
                driver,
                arguments={key: fill_in(text, values) for key, text in driver.arguments.items()},
                parameters={key: fill_in(text, values) for key, text in driver.parameters.items()},
            )
        except KeyError as error:
            raise ConfigurationError(
                f"{cell_file}: hardware.{kind}.values.{error.args[0]}: missing,"
                f" driver '{device.driver}' needs it"
            ) from None
        except ValueError as error:
            raise ConfigurationError(f"{path}: a value is no template: {error}") from None
        where = "".join(f", {key} {value}" for key, value in device.values.items())
        found.append(StartedDriver(kind, filled, f"{kind} {models[kind]} ({device.driver}{where})"))
    return found
