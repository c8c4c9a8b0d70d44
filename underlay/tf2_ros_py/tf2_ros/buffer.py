"""The buffer of a node: waits, futures and the clock around BufferCore."""

from __future__ import annotations

import threading
from collections.abc import Callable

from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from tf2_msgs.srv import FrameGraph
from tf2_py import BufferCore

from tf2_ros.buffer_interface import NO_WAIT, BufferInterface


class Buffer(BufferCore, BufferInterface):
    """Knows the transforms of the last seconds and answers for any two frames.

    A timeout is counted in wall time and blocks the calling thread until the transform arrives; in a callback
    of the executor that also runs the listener it can only expire.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        """cache_time: how long transforms are kept, 10 s if not given.

        node: gets a service `tf2_frames` that answers with the tree as YAML; its clock clears the buffer when
        it jumps back by more than a second or changes between system and simulated time.
        """
        if cache_time is None:
            BufferCore.__init__(self)
        else:
            BufferCore.__init__(self, cache_time)
        BufferInterface.__init__(self)
        self._arrival = threading.Condition()
        self._new_data_callbacks: list[Callable[[], None]] = []

        if node is not None:
            self.srv = node.create_service(FrameGraph, "tf2_frames", self._answer_frames)
            self.clock = node.get_clock()
        else:
            self.clock = Clock()
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True)
        self.jump_handle = self.clock.create_jump_callback(threshold, post_callback=self.time_jump_callback)

    def time_jump_callback(self, time_jump: TimeJump) -> None:
        """Clear the buffer: what was known belongs to another time."""
        get_logger("tf2_buffer").warning("Detected jump back in time. Clearing tf buffer.")
        self.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Keep a transform and wake whoever waits for it."""
        super().set_transform(transform, authority)
        self._announce()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Keep a transform that is true at all times and wake whoever waits for it."""
        super().set_transform_static(transform, authority)
        self._announce()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = NO_WAIT
    ) -> TransformStamped:
        """The transform that maps coordinates in source_frame to coordinates in target_frame.

        time: zero asks for the latest. timeout: how long to wait until it is possible.
        Raises LookupException, ConnectivityException, ExtrapolationException or InvalidArgumentException.
        """
        self._wait(lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    async def lookup_transform_async(
        self, target_frame: str, source_frame: str, time: Time
    ) -> TransformStamped:
        """The transform, as soon as it is possible."""
        await self.wait_for_transform_async(target_frame, source_frame, time)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
    ) -> TransformStamped:
        """From source_frame at one time to target_frame at another, over a frame that stands still."""
        frames = (target_frame, target_time, source_frame, source_time, fixed_frame)
        self._wait(lambda: self.can_transform_full_core(*frames), timeout)
        return self.lookup_transform_full_core(*frames)

    async def lookup_transform_full_async(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> TransformStamped:
        """The transform between two times, as soon as it is possible."""
        frames = (target_frame, target_time, source_frame, source_time, fixed_frame)
        await self.wait_for_transform_full_async(*frames)
        return self.lookup_transform_full_core(*frames)

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration = NO_WAIT,
        return_debug_tuple: bool = False,
    ) -> int | tuple[int, str]:
        """Whether the lookup is possible, within the timeout; on request together with why not."""
        result = self._wait(lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return result if return_debug_tuple else result[0]

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
        return_debug_tuple: bool = False,
    ) -> int | tuple[int, str]:
        """Whether the full lookup is possible, within the timeout; on request together with why not."""
        frames = (target_frame, target_time, source_frame, source_time, fixed_frame)
        result = self._wait(lambda: self.can_transform_full_core(*frames), timeout)
        return result if return_debug_tuple else result[0]

    def wait_for_transform_async(self, target_frame: str, source_frame: str, time: Time) -> Future:
        """A future of the transform. Cancel it to stop waiting."""
        return self._future(
            lambda: self.can_transform_core(target_frame, source_frame, time),
            lambda: self.lookup_transform_core(target_frame, source_frame, time),
        )

    def wait_for_transform_full_async(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> Future:
        """A future of the transform between two times. Cancel it to stop waiting."""
        frames = (target_frame, target_time, source_frame, source_time, fixed_frame)
        return self._future(
            lambda: self.can_transform_full_core(*frames), lambda: self.lookup_transform_full_core(*frames)
        )

    def _wait(self, possible: Callable[[], tuple[int, str]], timeout: Duration) -> tuple[int, str]:
        """The last answer of `possible`: the first success, or the failure when the time was up."""
        if timeout.nanoseconds > 0:
            with self._arrival:
                self._arrival.wait_for(lambda: possible()[0], timeout.nanoseconds * 1e-9)
        return possible()

    def _future(
        self, possible: Callable[[], tuple[int, str]], lookup: Callable[[], TransformStamped]
    ) -> Future:
        future = Future()

        def settle() -> None:
            if future.done():
                return
            try:
                if possible()[0]:
                    future.set_result(lookup())
            except BaseException as error:
                future.set_exception(error)

        with self._arrival:
            self._new_data_callbacks.append(settle)
        future.add_done_callback(lambda _: self._forget(settle))
        settle()
        return future

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._arrival:
            if callback in self._new_data_callbacks:
                self._new_data_callbacks.remove(callback)

    def _announce(self) -> None:
        with self._arrival:
            self._arrival.notify_all()
            callbacks = tuple(self._new_data_callbacks)
        for callback in callbacks:
            callback()

    def _answer_frames(self, _: FrameGraph.Request, response: FrameGraph.Response) -> FrameGraph.Response:
        response.frame_yaml = self.all_frames_as_yaml()
        return response
