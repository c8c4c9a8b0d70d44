"""The newest message of a topic, and whether it is still true."""

from __future__ import annotations

import threading
from typing import Any, Generic, TypeVar

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.time import Time

from lab_core.errors import StaleInputError

M = TypeVar("M")


class Latest(Generic[M]):
    """Keeps the newest message with a header; give its `put` to the subscription as callback."""

    def __init__(self, what: str) -> None:
        """what: words for the sentence of a failure, such as 'joint state on /joint_states'."""
        self._what = what
        self._message: Any = None
        self._changed = threading.Condition()

    def put(self, message: M) -> None:
        """Take the message as the newest."""
        with self._changed:
            self._message = message
            self._changed.notify_all()

    def peek(self) -> M | None:
        """The newest message however old, None when none came."""
        return self._message  # type: ignore[no-any-return]

    def fresh(self, now: Time, max_age: float) -> M:
        """The newest message.

        Raises StaleInputError when there is none, or its stamp is further from now than max_age, seconds: one
        from the future would look fresh long after its publisher has died.
        """
        message = self._message
        if message is None:
            raise StaleInputError(f"no {self._what} has come yet: is its publisher running?")
        age = (now.nanoseconds - Time.from_msg(message.header.stamp).nanoseconds) * 1e-9
        if age > max_age:
            raise StaleInputError(f"newest {self._what} is {age:.2f} s old, the limit is {max_age:.2f} s")
        if age < -max_age:
            raise StaleInputError(
                f"newest {self._what} is stamped {-age:.2f} s ahead of the clock of this node, the limit is"
                f" {max_age:.2f} s: synchronise the computers (chrony, PTP)"
            )
        return message  # type: ignore[no-any-return]

    def wait_for_newer(self, stamp: Time, wall_timeout: float) -> M | None:
        """Wait, in a worker thread, for a message stamped at or after `stamp`; None after the timeout, s."""

        def is_newer() -> bool:
            if self._message is None:
                return False
            return Time.from_msg(self._message.header.stamp).nanoseconds >= stamp.nanoseconds

        with self._changed:
            return self._message if self._changed.wait_for(is_newer, wall_timeout) else None


class Silence:
    """The time since something was heard: the smaller of what the node's clock and the wall clock say.

    While a simulation is paused or slow, wall time passes and nobody speaks. While it runs faster than this
    process can follow, its own time passes and messages are late. Neither is a silence. On a real cell both
    clocks agree.
    """

    def __init__(self, node: Node) -> None:
        self._clocks = (node.get_clock(), Clock(clock_type=ClockType.STEADY_TIME))
        self.hear()

    def hear(self) -> None:
        """Something was heard now."""
        self._heard = tuple(clock.now() for clock in self._clocks)

    @property
    def seconds(self) -> float:
        """Since something was heard, or since the beginning."""
        ages = [(clock.now() - at).nanoseconds for clock, at in zip(self._clocks, self._heard, strict=True)]
        return 1e-9 * min(ages)
