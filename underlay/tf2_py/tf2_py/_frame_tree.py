"""Frames, their caches, and the walk from one frame to another.

The rules are those of `tf2::BufferCore`, and so are the sentences of the errors: users search for them.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

from rclpy.impl.rcutils_logger import RcutilsLogger

from tf2_py._cache import Cache, StaticCache, TimeCache, seconds
from tf2_py._exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_py._rigid import IDENTITY, Rigid, canonical, compose, inverse

MAX_DEPTH = 1000

_log = RcutilsLogger()  # without a name, as the genuine buffer


class FrameTree:
    """A tree of frames over time. Thread safe. Times are nanoseconds; 0 asks for the latest common one."""

    def __init__(self, horizon: int) -> None:
        self._horizon = horizon
        self._caches: dict[str, Cache | None] = {}  # None: known only as somebody's parent
        self._authorities: dict[str, str] = {}
        self._lock = threading.Lock()

    def insert(
        self, child: str, parent: str, stamp: int, transform: Rigid, authority: str, static: bool
    ) -> bool:
        """Keep the transform from child to parent; False, and a line in the log, if it cannot be used."""
        child, parent = child.removeprefix("/"), parent.removeprefix("/")
        if fault := _fault(child, parent, transform, authority):
            _log.error(fault)
            return False
        transform = canonical(transform)
        with self._lock:
            if static:
                self._caches[child] = StaticCache(parent, transform)
            else:
                cache = self._caches.get(child)
                if not isinstance(cache, TimeCache):
                    cache = self._caches[child] = TimeCache(self._horizon)
                if not cache.insert(stamp, parent, transform):
                    _log.warning(
                        f"TF_OLD_DATA ignoring data from the past for frame {child} at time {seconds(stamp)} "
                        f"according to authority {authority}"
                    )
                    return False
            self._caches.setdefault(parent, None)
            self._authorities[child] = authority
        return True

    def clear(self) -> None:
        """Forget every sample; frames stay known and static transforms stay true."""
        with self._lock:
            for cache in self._caches.values():
                if cache is not None:
                    cache.clear()

    def lookup(self, target: str, source: str, time: int) -> tuple[int, Rigid]:
        """The time that was answered for, and the transform that maps source coordinates to target ones.

        Raises LookupException, ConnectivityException, ExtrapolationException or InvalidArgumentException.
        """
        with self._lock:
            if target == source:
                cache = self._caches.get(source)
                return (cache.latest if cache is not None and time == 0 else time), IDENTITY
            self._require(target, "lookupTransform argument target_frame")
            self._require(source, "lookupTransform argument source_frame")
            if time == 0:
                time = self._latest_common_time(target, source)
            return time, canonical(self._walk(target, source, time))

    def lookup_through(
        self, target: str, target_time: int, source: str, source_time: int, fixed: str
    ) -> tuple[int, Rigid]:
        """From source at one time to target at another, by way of a frame that does not move between them."""
        with self._lock:
            for role, frame in (("target", target), ("source", source), ("fixed", fixed)):
                self._require(frame, f"lookupTransform argument {role}_frame")
        _, fixed_from_source = self.lookup(fixed, source, source_time)
        time, target_from_fixed = self.lookup(target, fixed, target_time)
        return time, canonical(compose(target_from_fixed, fixed_from_source))

    def obstacle(self, target: str, source: str, time: int) -> str | None:
        """Why a lookup would fail, None if it would not."""
        if target == source:
            return None
        for role, frame in (("target", target), ("source", source)):
            if fault := self._frame_fault(frame, f"canTransform argument {role}_frame"):
                return fault
        return self._path_fault(target, source, time)

    def obstacle_through(
        self, target: str, target_time: int, source: str, source_time: int, fixed: str
    ) -> str | None:
        """Why a lookup through a fixed frame would fail, None if it would not."""
        for role, frame in (("target", target), ("source", source), ("fixed", fixed)):
            if fault := self._frame_fault(frame, f"canTransform argument {role}_frame"):
                return fault
        for to, come, time in ((target, fixed, target_time), (fixed, source, source_time)):
            fault = self._path_fault(to, come, time)
            if fault is not None:
                return fault
        return None

    def latest_common_time(self, target: str, source: str) -> int:
        """The newest time at which the whole chain is known, 0 if all of it is static.

        Raises TransformException where there is no chain, LookupException and InvalidArgumentException
        for names that are unknown or malformed.
        """
        with self._lock:
            self._require(target, "get_latest_common_time")
            self._require(source, "get_latest_common_time")
            try:
                return self._latest_common_time(target, source)
            except TransformException as error:
                raise TransformException(str(error)) from None

    def frames(self) -> list[str]:
        """Every name that has been heard, in the order of hearing."""
        with self._lock:
            return list(self._caches)

    def as_string(self) -> str:
        """One line a frame that has a parent."""
        with self._lock:
            return self._describe()

    def as_yaml(self) -> str:
        """The answer of the `tf2_frames` service: parent, sender, rate and age of every frame."""
        with self._lock:
            if not self._caches:
                return "[]"
            lines = []
            for name, cache in self._caches.items():
                parent = cache.parent() if cache is not None else None
                if cache is None or parent is None:
                    continue
                length = cache.latest - cache.oldest
                lines += [
                    f"{name}: ",
                    f"  parent: '{parent}'",
                    f"  broadcaster: '{self._authorities[name]}'",
                    f"  rate: {len(cache) * 1e9 / max(length, 100_000):.3f}",
                    f"  most_recent_transform: {seconds(cache.latest)}",
                    f"  oldest_transform: {seconds(cache.oldest)}",
                    f"  buffer_length: {length * 1e-9:.3f}",
                ]
            return "".join(line + "\n" for line in lines)

    def _require(self, frame: str, role: str) -> None:
        fault = _name_fault(frame)
        if fault:
            raise InvalidArgumentException(f'Invalid argument "{frame}" passed to {role} - {fault}')
        if frame not in self._caches:
            raise LookupException(f'"{frame}" passed to {role} does not exist. ')

    def _frame_fault(self, frame: str, role: str) -> str | None:
        fault = _name_fault(frame) or ("" if frame in self._caches else "frame does not exist")
        return f'Invalid frame ID "{frame}" passed to {role} - {fault}' if fault else None

    def _path_fault(self, target: str, source: str, time: int) -> str | None:
        if target == source:
            return None
        with self._lock:
            try:
                self._walk(target, source, time or self._latest_common_time(target, source))
            except TransformException as error:
                return str(error)
        return None

    def _walk(self, target: str, source: str, time: int) -> Rigid:
        """The transform from source to target: up from both until they meet."""
        caches = self._caches
        ended_by: Cache | None = None
        top_from_source = IDENTITY
        frame = source
        for _ in range(MAX_DEPTH):
            if frame == target:
                return top_from_source
            cache = caches[frame]
            sample = cache.at(time) if cache is not None else None
            if sample is None:
                ended_by = cache  # not yet an error: the chain from the target may end here too
                break
            frame = sample[0]
            top_from_source = compose(sample[1], top_from_source)
        else:
            raise LookupException(self._loop())
        top = frame

        top_from_target = IDENTITY
        frame = target
        for _ in range(MAX_DEPTH):
            if frame == top:
                return compose(inverse(top_from_target), top_from_source)
            cache = caches[frame]
            if cache is None:
                break
            sample = cache.at(time)
            if sample is None:
                raise ExtrapolationException(self._outside(cache, time, target, source))
            frame = sample[0]
            top_from_target = compose(sample[1], top_from_target)
        else:
            raise LookupException(self._loop())
        if ended_by is not None:
            raise ExtrapolationException(self._outside(ended_by, time, target, source))
        raise ConnectivityException(_unconnected(target, source))

    def _latest_common_time(self, target: str, source: str) -> int:
        if target == source:
            cache = self._caches[source]
            return cache.latest if cache is not None else 0
        stamps: list[int] = []

        def newest() -> int:
            return min((stamp for stamp in stamps if stamp), default=0)

        above_source = {source: 0}  # frame → how many stamps lie between source and it
        for parent, stamp in self._ancestors(source):
            stamps.append(stamp)
            if parent == target:
                return newest()
            above_source[parent] = len(stamps)
        from_source, stamps[:] = stamps[:], []
        for parent, stamp in self._ancestors(target):
            stamps.append(stamp)
            if parent in above_source:
                stamps += from_source[: above_source[parent]]
                return newest()
        raise ConnectivityException(_unconnected(target, source))

    def _ancestors(self, frame: str) -> Iterator[tuple[str, int]]:
        """Parents from a frame upwards, each with the newest stamp of the transform to it."""
        for _ in range(MAX_DEPTH):
            cache = self._caches[frame]
            parent = cache.parent() if cache is not None else None
            if cache is None or parent is None:
                return
            yield parent, cache.latest
            frame = parent
        raise LookupException(self._loop())

    def _outside(self, cache: Cache, time: int, target: str, source: str) -> str:
        return f"{cache.why_not(time)}, when looking up transform from frame [{source}] to frame [{target}]"

    def _loop(self) -> str:
        return f"The tf tree is invalid because it contains a loop.\n{self._describe()}\n"

    def _describe(self) -> str:
        return "".join(
            f"Frame {name} exists with parent {cache.parent() or 'NO_PARENT'}.\n"
            for name, cache in self._caches.items()
            if cache is not None
        )


def _name_fault(frame: str) -> str:
    if not frame:
        return "in tf2 frame_ids cannot be empty"
    if frame.startswith("/"):
        return "in tf2 frame_ids cannot start with a '/'"
    return ""


def _unconnected(target: str, source: str) -> str:
    return (
        f"Could not find a connection between '{target}' and '{source}' because they are not part of the "
        "same tree.Tf has two or more unconnected trees."
    )


def _fault(child: str, parent: str, transform: Rigid, authority: str) -> str:
    """Why a transform cannot be kept, empty if it can."""
    if not child:
        return f'TF_NO_CHILD_FRAME_ID: Ignoring transform from authority "{authority}" without child_frame_id'
    if not parent:
        return (
            f'TF_NO_FRAME_ID: Ignoring transform with child_frame_id "{child}" from authority "{authority}" '
            "without frame_id"
        )
    if child == parent:
        return (
            f'TF_SELF_TRANSFORM: Ignoring transform from authority "{authority}" whose frame_id and '
            f'child_frame_id are both "{child}"'
        )
    if any(map(math.isnan, transform)):
        return (
            f'TF_NAN_INPUT: Ignoring transform for child_frame_id "{child}" from authority "{authority}" '
            f"because it contains NaN: {transform}"
        )
    quaternion = transform[3:]
    if not any(quaternion):  # one of another length is made one of length 1
        return (
            f'TF_DENORMALIZED_QUATERNION: Ignoring transform for child_frame_id "{child}" from authority '
            f'"{authority}" because its quaternion has no length: {quaternion}'
        )
    return ""
