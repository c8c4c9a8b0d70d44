"""The buffer of a node: BufferCore, and waiting for what is not there yet."""

from __future__ import annotations

import threading
from collections.abc import Callable

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
from tf2_py import BufferCore

_NO_WAIT = Duration()


class Buffer(BufferCore):
    """Knows the transforms of the last seconds and answers for any two frames.

    A timeout is counted in wall time and blocks the calling thread until the transform arrives; in a callback
    of the executor that also runs the listener it can only expire.
    """

    def __init__(self, cache_time: Duration | None = None) -> None:
        """cache_time: how long transforms are kept, 10 s if not given."""
        if cache_time is None:
            BufferCore.__init__(self)
        else:
            BufferCore.__init__(self, cache_time)
        self._arrival = threading.Condition()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Keep a transform and wake whoever waits for it."""
        super().set_transform(transform, authority)
        self._announce()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Keep a transform that is true at all times and wake whoever waits for it."""
        super().set_transform_static(transform, authority)
        self._announce()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = _NO_WAIT
    ) -> TransformStamped:
        """The transform that maps coordinates in source_frame to coordinates in target_frame.

        time: zero asks for the latest. timeout: how long to wait until it is possible.
        Raises LookupException, ConnectivityException, ExtrapolationException or InvalidArgumentException.
        """
        self._wait(lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration = _NO_WAIT,
        return_debug_tuple: bool = False,
    ) -> int | tuple[int, str]:
        """Whether the lookup is possible, within the timeout; on request together with why not."""
        result = self._wait(lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return result if return_debug_tuple else result[0]

    def _wait(self, possible: Callable[[], tuple[int, str]], timeout: Duration) -> tuple[int, str]:
        """The last answer of `possible`: the first success, or the failure when the time was up."""
        if timeout.nanoseconds > 0:
            with self._arrival:
                self._arrival.wait_for(lambda: possible()[0], timeout.nanoseconds * 1e-9)
        return possible()

    def _announce(self) -> None:
        with self._arrival:
            self._arrival.notify_all()
