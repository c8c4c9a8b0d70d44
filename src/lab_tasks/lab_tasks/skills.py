"""What a task can ask of the cell. Each call blocks until it is done and raises a LabError where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lab_core.errors import LabError
from lab_core.grasp import Grasp
from lab_core.scene import Part, Scene
from lab_tasks.orders.order import AS_THE_CELL, Handling

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Stage:
    """How long a stage took: seconds of the cell's clock, and seconds of computing."""

    name: str
    duration: float
    compute: float


@dataclass(frozen=True, slots=True)
class Picked:
    """How a pick ended; index of the grasp that was tried, None when none could be reached.

    held_width: opening of the fingers after lifting, metres, 0 without fingers; held_force: newtons.
    """

    grasp_index: int | None
    held_width: float
    held_force: float
    stages: Sequence[Stage]
    error: Exception | None


@dataclass(frozen=True, slots=True)
class Placed:
    """How a place ended. released: the part was let go at the destination, also where the rest failed."""

    released: bool
    stages: Sequence[Stage]
    error: LabError | None


class Skills(Protocol):
    """The cell as the task sees it."""

    def look(self, not_before: int | None, timeout: float, cancelled: Cancelled) -> Scene:
        """What lies in the work area, by an image taken at or after a time, nanoseconds; None: now."""

    def image_of(self, scene: Scene) -> npt.NDArray[np.uint8] | None:
        """The image (H, W, 3) RGB that a scene was made of; asked for only where a grounder sees images."""

    def plan_grasps(
        self, target: Part, scene: Scene, limit: int, cancelled: Cancelled
    ) -> tuple[list[Grasp], Sequence[Stage]]:
        """Ranked grasps on a part of the scene, best first, at least one."""

    def pick(self, grasps: Sequence[Grasp], cancelled: Cancelled, handling: Handling = AS_THE_CELL) -> Picked:
        """Take the part by the first grasp that can be reached; the error is in the answer."""

    def place(self, destination: str, cancelled: Cancelled, handling: Handling = AS_THE_CELL) -> Placed:
        """Put the held part down; the error is in the answer."""

    def held(self) -> str:
        """What is in the hand; empty when nothing is."""

    def move_to(self, configuration: str, cancelled: Cancelled) -> None:
        """Move the arm to a named configuration."""

    def wait(self, seconds: float, cancelled: Cancelled) -> None:
        """Let time of the cell's clock go by."""

    def now(self) -> int:
        """The cell's clock, nanoseconds."""
