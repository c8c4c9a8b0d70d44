"""What a file graph.yaml holds; config/graph.yaml says what each key means."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from lab_description.hardware import refuse_no_parameter
from lab_description.schema import Quantity
from lab_node.qos_profiles import PROFILES, Profile

Sim = Literal["mujoco", "gazebo", "none"]
Device = Literal["camera", "robot", "gripper"]
SIMS: tuple[Sim, ...] = ("mujoco", "gazebo", "none")
_TYPE = re.compile(r"[a-z][a-z0-9_]*/(msg|srv|action)/[A-Z][A-Za-z0-9]*")
_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _require_type(name: str, kind: str) -> None:
    match = _TYPE.fullmatch(name)
    if match is None or match[1] != kind:
        raise ValueError(f"type: '{name}' names no type, expected PACKAGE/{kind}/Name")


@dataclass(frozen=True)
class TopicEntry:
    """A topic. qos: name of a profile, which its publishers offer at least."""

    type: str
    qos: str = "reliable"
    record: Literal["recent", "image", "pick", "always", "none"] = "recent"
    device: Device | None = None
    awaited: bool = False
    maximum_age: Annotated[float, Quantity("s", 0.001, 1000.0)] | None = None
    minimum_rate: Annotated[float, Quantity("Hz", 0.001, 10_000.0)] | None = None
    anyone: bool = False

    def __post_init__(self) -> None:
        _require_type(self.type, "msg")
        if self.qos not in PROFILES:
            raise ValueError(f"qos: there is no profile '{self.qos}', expected one of {', '.join(PROFILES)}")

    @property
    def profile(self) -> Profile:
        """What publishers offer at least."""
        return PROFILES[self.qos]


@dataclass(frozen=True)
class ServiceEntry:
    """A service."""

    type: str

    def __post_init__(self) -> None:
        _require_type(self.type, "srv")


@dataclass(frozen=True)
class ActionEntry:
    """An action. device: who serves it where the embedded simulator does not."""

    type: str
    device: Device | None = None
    awaited: bool = False

    def __post_init__(self) -> None:
        _require_type(self.type, "action")


@dataclass(frozen=True)
class NodeEntry:
    """A node. package, executable: None where somebody else than the launch file starts it.

    device: whose driver starts it where sim is none. when: a launch argument; it is started only where that
    is true. after: None: the nodes that it hears. replaces: the node of another piece whose place it takes.
    """

    package: str | None = None
    executable: str | None = None
    sim: tuple[Sim, ...] = SIMS
    device: Device | None = None
    when: str | None = None
    managed: bool = True
    on_exit: Literal["restart", "end_cell"] = "restart"
    wall_time: bool = False
    after: tuple[str, ...] | None = None
    replaces: str | None = None
    arguments: Mapping[str, str] = field(default_factory=lambda: {"cell": "cell"})
    parameters: Mapping[str, object] = field(default_factory=dict)
    parameter_class: str | None = None
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()
    call: tuple[str, ...] = ()
    act: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.parameter_class is not None and not _CLASS.fullmatch(self.parameter_class):
            raise ValueError(f"parameter_class: '{self.parameter_class}' is no MODULE:CLASS")
        if self.when is not None and self.managed:
            raise ValueError("when: only a node without a lifecycle may be left out: write 'managed: false'")
        refuse_no_parameter(self.parameters, "parameters")

    @property
    def restarted(self) -> bool:
        """Whether the launch file starts it again when its process ends."""
        return self.executable is not None and self.on_exit == "restart"

    def started(self, sim: Sim, wanted: Collection[str] = ()) -> bool:
        """Whether the launch file starts it. wanted: launch arguments of `when` that are true."""
        if self.when is not None:
            return self.when in wanted and self.executable is not None and sim in self.sim
        return self.executable is not None and self.expected(sim) and not (self.device and sim == "none")

    def expected(self, sim: Sim) -> bool:
        """Whether every cell that runs has it, whoever starts it."""
        there = self.executable is not None or self.device is not None
        return sim in self.sim and there and self.when is None


@dataclass(frozen=True)
class GraphFile:
    """Everything that one file describes."""

    topics: Mapping[str, TopicEntry] = field(default_factory=dict)
    services: Mapping[str, ServiceEntry] = field(default_factory=dict)
    actions: Mapping[str, ActionEntry] = field(default_factory=dict)
    nodes: Mapping[str, NodeEntry] = field(default_factory=dict)
