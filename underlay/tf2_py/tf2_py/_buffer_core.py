"""BufferCore: the frame tree in terms of messages."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import TransformStamped

from tf2_py._frame_tree import FrameTree
from tf2_py._rigid import Rigid

DEFAULT_CACHE_TIME = 10_000_000_000


class BufferCore:
    """Stores transforms between frames and answers for any two of them at any time that it still covers.

    Times are `rclpy.time.Time`, `builtin_interfaces.msg.Time` or anything else with `nanoseconds` or with
    `sec` and `nanosec`; zero asks for the latest time that is known for the whole chain.
    """

    def __init__(self, cache_time: Any = None) -> None:
        """cache_time: how long samples are kept behind the newest one; a Duration, 10 s without it."""
        self._tree = FrameTree(
            DEFAULT_CACHE_TIME if cache_time is None else _nanoseconds(cache_time, "duration")
        )

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Keep the transform from its child frame to its parent frame at its stamp.

        One that cannot be used (NaN, quaternion without length, parent and child the same, too old) is
        dropped with a line in the log.
        """
        self._insert(transform, authority, static=False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Keep the transform from its child frame to its parent frame as true at all times."""
        self._insert(transform, authority, static=True)

    def lookup_transform_core(self, target_frame: str, source_frame: str, time: Any) -> TransformStamped:
        """The transform that maps coordinates in source_frame to coordinates in target_frame.

        Raises LookupException, ConnectivityException, ExtrapolationException or InvalidArgumentException.
        """
        stamp, transform = self._tree.lookup(target_frame, source_frame, _nanoseconds(time))
        return _to_message(target_frame, source_frame, stamp, transform)

    def lookup_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any, fixed_frame: str
    ) -> TransformStamped:
        """Like lookup_transform_core, between two times, over a frame that does not move between them."""
        stamp, transform = self._tree.lookup_through(
            target_frame, _nanoseconds(target_time), source_frame, _nanoseconds(source_time), fixed_frame
        )
        return _to_message(target_frame, source_frame, stamp, transform)

    def can_transform_core(self, target_frame: str, source_frame: str, time: Any) -> tuple[int, str]:
        """(1, "") if the lookup would succeed, otherwise 0 and why not."""
        fault = self._tree.obstacle(target_frame, source_frame, _nanoseconds(time))
        return (1, "") if fault is None else (0, fault)

    def can_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any, fixed_frame: str
    ) -> tuple[int, str]:
        """(1, "") if the full lookup would succeed, otherwise 0 and why not."""
        fault = self._tree.obstacle_through(
            target_frame, _nanoseconds(target_time), source_frame, _nanoseconds(source_time), fixed_frame
        )
        return (1, "") if fault is None else (0, fault)

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Any:
        """The newest time (`rclpy.time.Time`) at which the whole chain is known; zero if it is all static."""
        from rclpy.time import Time  # only here: the buffer itself works without rclpy

        return Time(nanoseconds=self._tree.latest_common_time(target_frame, source_frame))

    def clear(self) -> None:
        """Forget all samples. Frames stay known, static transforms stay true."""
        self._tree.clear()

    def all_frames_as_string(self) -> str:
        """One line for every frame that has a parent."""
        return self._tree.as_string()

    def all_frames_as_yaml(self) -> str:
        """Parent, sender, rate and age of every frame, as YAML."""
        return self._tree.as_yaml()

    def _frameExists(self, frame_id: str) -> bool:
        return frame_id in self._tree.frames()

    def _getFrameStrings(self) -> list[str]:
        return self._tree.frames()

    def _insert(self, message: TransformStamped, authority: str, *, static: bool) -> None:
        header, translation, rotation = (
            message.header,
            message.transform.translation,
            message.transform.rotation,
        )
        self._tree.insert(
            message.child_frame_id,
            header.frame_id,
            _nanoseconds(header.stamp),
            (translation.x, translation.y, translation.z, rotation.x, rotation.y, rotation.z, rotation.w),
            authority,
            static,
        )


def _nanoseconds(time: Any, what: str = "time") -> int:
    """Raises TypeError for what is neither a time nor a duration."""
    try:
        return int(time.sec) * 1_000_000_000 + int(time.nanosec)
    except AttributeError:
        pass
    try:
        return int(time.nanoseconds)
    except AttributeError:
        raise TypeError(f"{what} must have sec and nanosec, or nanoseconds.") from None


def _to_message(target: str, source: str, stamp: int, transform: Rigid) -> TransformStamped:
    message = TransformStamped()
    message.header.frame_id = target
    message.child_frame_id = source
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
    translation, rotation = message.transform.translation, message.transform.rotation
    translation.x, translation.y, translation.z = transform[:3]
    rotation.x, rotation.y, rotation.z, rotation.w = transform[3:]
    return message
