"""What an operator does to the cell from the terminal: stop it, reset it, and start the task again."""

from __future__ import annotations

import contextlib
import select
import sys
import termios
import tty
from collections.abc import Callable
from types import TracebackType

from lab_node.action_client import ActionClient
from lab_node.qos import RELIABLE
from rclpy.node import Node
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from lab_interfaces.action import ClearTable

STOP, RESET = "s", "r"


class Keys:
    """Context manager: single keys of the terminal without Enter; without a terminal there are none."""

    def __init__(self) -> None:
        self.there = sys.stdin.isatty()

    def __enter__(self) -> Keys:
        if self.there:
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.there:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def pressed(self, timeout: float) -> str:
        """A key, waited for at most the timeout, seconds; empty when none came."""
        if not self.there or not select.select([sys.stdin], [], [], timeout)[0]:
            return ""
        return sys.stdin.read(1)


class Operator:
    """Asks the cell and waits for nothing; what came of it is seen in the task's status."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stop = node.create_publisher(Bool, "/cell/stop", RELIABLE)
        self._reset = node.create_client(Trigger, "/cell/reset")
        self._clear_table: ActionClient = ActionClient(node, ClearTable, "/clear_table")

    def stop(self) -> None:
        """Halt at once."""
        self._stop.publish(Bool(data=True))

    def connected(self) -> bool:
        """Whether somebody hears a stop."""
        return bool(self._stop.get_subscription_count())

    def reset(self, granted: Callable[[], object] = lambda: None) -> None:
        """Reset the stop; granted: called when the stop node has allowed it."""

        def take(answer: object) -> None:
            if answer.result().success:  # type: ignore[attr-defined]
                granted()

        if self._reset.service_is_ready():
            self._reset.call_async(Trigger.Request()).add_done_callback(take)

    def reset_and_start(self) -> None:
        """Reset the stop, and when that was granted start the task anew."""
        self.reset(lambda: self._clear_table.send_goal_async(ClearTable.Goal()))
