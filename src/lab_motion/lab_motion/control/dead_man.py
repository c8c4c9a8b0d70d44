"""A key that somebody has to hold while the arm is moved by hand."""

from __future__ import annotations

import time

from rclpy.node import Node
from std_msgs.msg import String

from lab_core.errors import CancelledError, LabError, UnavailableError
from lab_node.qos import RELIABLE

TIMEOUT = 0.35
"""Wall seconds without a word of the key after which it counts as let go; who holds it tells it ten times a
second."""


class DeadMan:
    """Topic `~/jog_key`. It is here, and not with who asks: both the browser and the console may vanish."""

    def __init__(self, node: Node) -> None:
        self._told = ("", -TIMEOUT)
        node.create_subscription(String, "~/jog_key", self._take, RELIABLE)

    def released(self, key: str, since: float) -> LabError | None:
        """Why the step has to end. since: time.monotonic() at which it was asked for: the key need not have
        been heard before.
        """
        told, heard = self._told
        if time.monotonic() - (heard if told == key else since) > TIMEOUT:
            return CancelledError("the key was let go; the arm holds where it is")
        return None

    def require(self, key: str) -> None:
        """Raises UnavailableError unless the key is held now: before anything moves it has to be heard."""
        told, heard = self._told
        if not key or told != key or time.monotonic() - heard > TIMEOUT:
            raise UnavailableError("nobody holds the key: it has to be told on ~/jog_key while the arm moves")

    def _take(self, message: String) -> None:
        self._told = (message.data, time.monotonic())  # both at once: it is read from another thread
