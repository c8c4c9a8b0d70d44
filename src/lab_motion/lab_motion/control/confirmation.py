"""The first motion of a real arm waits until somebody who looks at the cell says that it may begin."""

from __future__ import annotations

import threading
import time

from rclpy.node import Node
from std_srvs.srv import Trigger

from lab_core.errors import UnavailableError
from lab_motion.control.interruption import Interruption

# Wall seconds: of one wait; and for which a confirmation holds, so that an action that has to look again
# meanwhile need not be confirmed again.
_LOOK, _HOLDS = 0.05, 60.0


class Confirmation:
    """Service `~/confirm`. It confirms an action that waits, not one that may come some day."""

    def __init__(self, node: Node, timeout: float) -> None:
        """timeout: wall seconds that an action waits."""
        self._node, self._timeout = node, timeout
        self._waiting = threading.Event()
        self._until = -1.0
        node.create_service(Trigger, "~/confirm", self._confirm)

    def revoke(self) -> None:
        """What was confirmed counts no more."""
        self._until = -1.0

    def wait(self, name: str, interruption: Interruption) -> None:
        """Return when the action of this name is confirmed.

        Raises what interrupts it, or UnavailableError when nobody confirms.
        """
        confirm = f"/{self._node.get_name()}/confirm"
        deadline, told = time.monotonic() + self._timeout, False
        try:
            while time.monotonic() > self._until:
                if not told:
                    told = True
                    self._node.get_logger().warning(
                        f"the first {name} of this arm waits: look that the cell is clear and a hand is at"
                        f" the stop, then call  ros2 service call {confirm} std_srvs/srv/Trigger"
                    )
                    self._waiting.set()
                threading.Event().wait(_LOOK)
                if interruption() and interruption.error is not None:
                    raise interruption.error
                if time.monotonic() > deadline:
                    raise UnavailableError(
                        f"nobody has confirmed the first {name} within {self._timeout:.0f} s:"
                        f" call {confirm} when the cell is clear"
                    )
        finally:
            self._waiting.clear()

    def _confirm(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._waiting.is_set()
        if response.success:
            self._until = time.monotonic() + _HOLDS
        response.message = "the arm may move" if response.success else "no action waits to be confirmed"
        return response
