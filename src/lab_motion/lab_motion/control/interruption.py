"""What may end an action of the motion node while it works."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.action.server import ServerGoalHandle

from lab_core.errors import CancelledError, LabError, UnavailableError
from lab_node.permit import Permit


class Interruption:
    """What ends the work on one goal from outside. The first cause stays, also when it goes away again.

    also: a cause of this action alone.
    """

    def __init__(self, goal: ServerGoalHandle, permit: Permit, active: Callable[[], bool]) -> None:
        self._goal, self._permit, self._active = goal, permit, active
        self.also: Callable[[], LabError | None] = lambda: None
        self._stops = permit.stops
        self.error: LabError | None = None

    def __call__(self) -> bool:
        """Whether the work has to end; asked often."""
        if self.error is None:
            self.error = self._cause()
        return self.error is not None

    def _cause(self) -> LabError | None:
        if (refusal := self._permit.refusal() or self._permit.stopped_since(self._stops)) is not None:
            return refusal
        if self._goal.is_cancel_requested:
            return CancelledError("the caller cancelled; the arm holds where it is")
        if not self._active():
            return UnavailableError("the motion node was deactivated; the arm holds where it is")
        return self.also()
