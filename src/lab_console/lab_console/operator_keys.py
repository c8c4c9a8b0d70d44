"""What an operator does to the cell from the terminal: stop it, reset it, and start the task again."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from lab_interfaces.action import RunOrder
from lab_interfaces.msg import OrderLine
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from lab_node.qos import RELIABLE
from lab_node.rclpy_overrides import ActionClient

STOP, RESET = "s", "r"
# Wall seconds between two looks whether somebody hears a stop that nobody has heard.
_AGAIN = 0.1
# Bytes of one read: more than anybody types between two looks at the keyboard.
_BURST = 4096


def meant(burst: str) -> str:
    """What the keys of one burst ask for: STOP, RESET or nothing.

    A stop counts wherever it stands, in either case and whatever else was hit with it. A reset lets the cell
    move again, so it has to be a key on its own: the codes of other keys hold the letter too (F3 is ESC O R).
    """
    keys = burst.lower()
    if STOP in keys:
        return STOP
    return RESET if keys and not keys.strip(RESET) else ""


class Keys:
    """Context manager: single keys of the terminal without Enter; without a terminal there are none."""

    def __init__(self) -> None:
        self.there = sys.stdin.isatty()
        self._before: list[Any] | None = None

    def __enter__(self) -> Keys:
        if self.there:
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def pressed(self, timeout: float) -> str:
        """What the keys since the last look ask for, waited for at most the timeout, seconds: STOP, RESET or
        nothing.
        """
        if not self.there or not select.select([sys.stdin], [], [], timeout)[0]:
            return ""
        try:
            # not sys.stdin.read: it takes all keys out of the terminal and gives one, and select, which asks
            # the terminal, then tells of no key while the others wait
            burst = os.read(sys.stdin.fileno(), _BURST)
        except OSError:  # the terminal has gone
            burst = b""
        self.there = bool(burst)
        return meant(burst.decode(errors="replace"))


class Operator:
    """Asks the cell and waits for nothing; what came of it is seen in the task's status."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stop = node.create_publisher(Bool, "cell/stop", RELIABLE)
        self._reset = node.create_client(Trigger, "cell/reset")
        self._run_order: ActionClient = ActionClient(node, RunOrder, "run_order")
        self._unheard = False
        node.create_timer(_AGAIN, self._stop_again, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def stop(self) -> None:
        """Halt at once; while nobody hears it, as soon as somebody does."""
        self._unheard = not self.connected()
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

    def reset_and_start(self, lines: Sequence[OrderLine]) -> None:
        """Reset the stop, and when that was granted start an order of these lines anew."""
        self.reset(lambda: self._run_order.send_goal_async(RunOrder.Goal(lines=list(lines))))

    def _stop_again(self) -> None:
        if self._unheard and self.connected():
            self.stop()
