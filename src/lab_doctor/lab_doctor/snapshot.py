"""What the doctor looks at, as plain data: one moment, which the checks judge without asking anybody.

None, wherever it is allowed, says that it could not be found out here; no check makes a finding of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from lab_core.geometry import FloatArray, PinholeCamera
from lab_description import Cell
from lab_description.graph import Graph as Description
from lab_description.graph import NodeEntry


@dataclass(frozen=True, slots=True)
class CellProcess:
    """A process of the stack. orphan: what started it is gone. domain: ROS_DOMAIN_ID that it was given."""

    pid: int
    name: str
    domain: int
    orphan: bool


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket of a process of the stack that takes packets: protocol, address that it is bound to, port."""

    protocol: str
    address: str
    port: int
    process: str


@dataclass(frozen=True)
class Machine:
    """The computer and what is installed on it. Sizes in bytes.

    shared_memory: size of /dev/shm, and what of it is free. receive_buffer: the kernel's largest of a socket.
    clock_synchronised: by NTP or PTP. installed, pinned: versions of Python packages, by normalised name.
    packages_missing: of the stack, not in this environment. stale_segments: of shared memory, whose owners
    are gone.
    """

    now: date
    disk_free: int
    shared_memory: int
    shared_memory_free: int
    memory_available: int
    receive_buffer: int | None = None
    clock_synchronised: bool | None = None
    load_per_core: float = 0.0
    installed: Mapping[str, str] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    packages_missing: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    processes: tuple[CellProcess, ...] = ()
    stale_segments: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True)
class TransportProfile:
    """The Fast DDS profile in force. error: why it cannot be used. segment_size: of shared memory, bytes.

    interfaces: addresses that UDP is limited to; empty: all of them.
    """

    path: str
    error: str = ""
    segment_size: int | None = None
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Variables of this shell, the Fast DDS profile that they name, and how far a DDS security set-up goes.

    variables: those that begin with ROS_, RMW_, FAST, AMENT_, LAB_ or are PYTHONPATH, as they are set.
    keystore: problem of the keystore that ROS_SECURITY_KEYSTORE names, empty when sound or not asked for.
    """

    variables: Mapping[str, str]
    domain: int
    profile: TransportProfile | None = None
    keystore: str = ""
    security_plugins: bool | None = None


@dataclass(frozen=True)
class Configuration:
    """The files of the cell. cell: None when `cell_error` says why it cannot be read.

    errors: of node parameters and task policies, one sentence each. stored_pairs: of links that need no
    collision check, for exactly this geometry. nodes: by name, as config/graph.yaml and the cell's extensions
    describe them. description: of the whole graph, None when cell or extensions cannot be read.
    """

    name: str
    cell: Cell | None
    cell_error: str = ""
    errors: tuple[str, ...] = ()
    stored_pairs: bool = True
    nodes: Mapping[str, NodeEntry] = field(default_factory=dict)
    description: Description | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who sends or listens on a topic, and how."""

    node: str
    kind: str
    reliable: bool
    latched: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """Both ends of one topic."""

    publishers: tuple[Endpoint, ...] = ()
    subscribers: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """A node in the graph. name: with its namespace where it is in one. state: of its lifecycle, None when it
    has none or did not answer.
    """

    name: str
    state: str | None = None
    use_sim_time: bool | None = None
    cell: str | None = None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Stream:
    """What came of a topic while the doctor listened. rate: by the stamps, Hz. age: of the newest, s."""

    count: int
    rate: float | None = None
    age: float | None = None
    frame: str = ""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Of the newest image."""

    width: int
    height: int
    encoding: str
    valid: float = 1.0


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a frame hangs. by: nodes that say so."""

    parent: str
    parent_from_child: FloatArray


@dataclass(frozen=True, slots=True)
class StopInput:
    """A topic that the stop node was told to watch, by its parameter. silence: since the newest message, s;
    None: none came while the doctor listened. limit: silence that counts as a stop, s.
    """

    parameter: str
    topic: str
    kind: str
    silence: float | None
    limit: float


@dataclass(frozen=True, slots=True)
class StopFacts:
    """What the stop node said last, and what it watches. said: something came of it at all."""

    said: bool
    stopped: bool = False
    reason: str = ""
    inputs: tuple[StopInput, ...] = ()


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller of ros2_control. state: unconfigured, inactive, active or finalized. manager: its node."""

    name: str
    state: str
    manager: str


@dataclass(frozen=True, slots=True)
class PadFacts:
    """A tactile pad. count: of samples that came. fault: why they cannot be believed; empty when they can."""

    side: str
    topic: str
    count: int
    fault: str = ""


@dataclass(frozen=True)
class Graph:
    """The running cell, as this machine sees it.

    simulated: a simulator is there. clock: simulated seconds that went by while the doctor listened; None
    when nobody publishes /clock. depth_pairs: share of the colour images with a depth image of equal stamp.
    frames: by child; parents: of frames that hang on more than one. joints: positions by name.
    diagnostics: (node, level, sentence) of the newest of each node; level 0 fine, 1 warning, 2 error.
    strangers: nodes that are not of the cell. stop: None when there is no stop node. controllers: of all
    controller managers that answered. services: their types. pads: of a gripper with touch. All names are
    without the namespace.
    """

    simulated: bool
    nodes: tuple[NodeFacts, ...]
    topics: Mapping[str, Topic]
    streams: Mapping[str, Stream]
    actions: frozenset[str]
    frames: Mapping[str, Parent]
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joints: Mapping[str, float] = field(default_factory=dict)
    clock: float | None = None
    camera: PinholeCamera | None = None
    colour: ImageFacts | None = None
    depth: ImageFacts | None = None
    depth_pairs: float | None = None
    diagnostics: tuple[tuple[str, int, str], ...] = ()
    strangers: tuple[str, ...] = ()
    stop: StopFacts | None = None
    controllers: tuple[Controller, ...] = ()
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pads: tuple[PadFacts, ...] = ()
    namespace: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything. real: this is for a run on the real cell. graph: None when no cell runs."""

    machine: Machine
    environment: Environment
    configuration: Configuration
    real: bool = False
    graph: Graph | None = None
