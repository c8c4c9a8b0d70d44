"""What the console knows of the cell: frozen, made anew at every change; no ROS, no browser."""

from __future__ import annotations

from dataclasses import dataclass

from lab_core.geometry import FloatArray
from lab_core.scene import Scene


@dataclass(frozen=True, slots=True)
class Stop:
    """The latch that halts the cell. stops: its count of stops; speed: share of the planned speed, 0..1."""

    stopped: bool
    reason: str
    speed: float = 1.0
    stops: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to move a part. start, end: seconds of the cell's clock; outcome: name of its code."""

    number: int
    object_id: str
    outcome: str
    message: str
    destination: str
    end: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Task:
    """What the task says of itself. outcome: of the last attempt, or of the task when the phase is done."""

    phase: str
    object_id: str = ""
    presented: int = 0
    placed: int = 0
    attempts: int = 0
    visible: int = 0
    left: int = 0
    outcome: str = "SUCCESS"
    message: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A motion that waits for a person, or what became of it; see lab_interfaces/msg/Proposal.

    names, times, positions: of its trajectory, (J,), (N,) seconds and (N, J). base_from_tcp: (4, 4), its end.
    until: time.monotonic() after which no answer is taken.
    """

    digest: str
    state: str
    action: str
    object_id: str
    destination: str
    names: tuple[str, ...]
    times: FloatArray
    positions: FloatArray
    base_from_tcp: FloatArray
    until: float
    person: str = ""

    @property
    def waits(self) -> bool:
        """Whether an answer is asked for."""
        return self.state == "waiting"


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """Positions of named joints, radians (metres), all in the order of the message."""

    names: tuple[str, ...]
    positions: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CellState:
    """Everything that the page shows. None: nothing was heard of it yet.

    heard: whether the stop node speaks at this moment. grasp: (4, 4) base_from_tcp of the best grasp that was
    planned last. held: name of the part in the hand, empty with none. placed: of what was put down where the
    camera does not see: name, (4, 4) base_from_box, (3,) size.
    """

    heard: bool = False
    stop: Stop | None = None
    task: Task | None = None
    attempts: tuple[Attempt, ...] = ()
    proposal: Proposal | None = None
    held: str = ""
    scene: Scene | None = None
    placed: tuple[tuple[str, FloatArray, FloatArray], ...] = ()
    grasp: FloatArray | None = None
    joints: Joints | None = None
