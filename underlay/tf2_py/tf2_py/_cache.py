"""What the buffer keeps of one frame: where it was in its parent, and when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Protocol

from tf2_py._rigid import Rigid, interpolate


class Cache(Protocol):
    """The transforms from one frame to its parent. Times are nanoseconds; 0 asks for the latest."""

    @property
    def latest(self) -> int:
        """Stamp of the newest sample, 0 without one and where time does not matter."""

    @property
    def oldest(self) -> int: ...

    def __len__(self) -> int: ...

    def parent(self) -> str | None:
        """The parent in the newest sample."""

    def at(self, time: int) -> tuple[str, Rigid] | None:
        """Parent and transform at a time, None where that would be extrapolation."""

    def why_not(self, time: int) -> str:
        """The sentence for a time that `at` has no answer for."""

    def clear(self) -> None: ...


class StaticCache:
    """One transform, true at all times. Clearing keeps it: static transforms are sent only once."""

    latest = 0
    oldest = 0

    def __init__(self, parent: str, transform: Rigid) -> None:
        self._sample = (parent, transform)

    def __len__(self) -> int:
        return 1

    def parent(self) -> str | None:
        return self._sample[0]

    def at(self, time: int) -> tuple[str, Rigid] | None:
        return self._sample

    def why_not(self, time: int) -> str:
        raise AssertionError("a static transform is known at all times")

    def clear(self) -> None:
        pass


class TimeCache:
    """Samples of the last `horizon` nanoseconds, oldest first, interpolated in between."""

    def __init__(self, horizon: int) -> None:
        self._horizon = horizon
        self._stamps: list[int] = []
        self._samples: list[tuple[str, Rigid]] = []

    @property
    def latest(self) -> int:
        return self._stamps[-1] if self._stamps else 0

    @property
    def oldest(self) -> int:
        return self._stamps[0] if self._stamps else 0

    def __len__(self) -> int:
        return len(self._stamps)

    def insert(self, stamp: int, parent: str, transform: Rigid) -> bool:
        """Keep a sample; False if it is older than everything that the horizon still covers."""
        stamps, sample = self._stamps, (parent, transform)
        if stamps:  # what the new sample makes too old goes with the next one
            expired = bisect_left(stamps, stamps[-1] - self._horizon)
            del stamps[:expired]
            del self._samples[:expired]
            if stamp < stamps[-1] - self._horizon:
                return False
        place = bisect_right(stamps, stamp)
        if sample not in self._samples[bisect_left(stamps, stamp) : place]:
            stamps.insert(place, stamp)
            self._samples.insert(place, sample)
        return True

    def parent(self) -> str | None:
        return self._samples[-1][0] if self._samples else None

    def at(self, time: int) -> tuple[str, Rigid] | None:
        stamps = self._stamps
        if not stamps:
            return None
        if time == 0:
            return self._samples[-1]
        after = bisect_right(stamps, time)
        if after == 0:
            return None
        before = after - 1
        older = self._samples[before]
        if stamps[before] == time:
            return older
        if after == len(stamps):
            return None
        newer = self._samples[after]
        if older[0] != newer[0]:
            return older  # the frame changed its parent in between: nothing to interpolate
        ratio = (time - stamps[before]) / (stamps[after] - stamps[before])
        return older[0], interpolate(older[1], newer[1], ratio)

    def why_not(self, time: int) -> str:
        if not self._stamps:
            return ""
        if len(self._stamps) == 1:
            return (
                f"Lookup would require extrapolation at time {seconds(time)}, "
                f"but only time {seconds(self.latest)} is in the buffer"
            )
        if time > self.latest:
            return (
                f"Lookup would require extrapolation into the future.  Requested time {seconds(time)} "
                f"but the latest data is at time {seconds(self.latest)}"
            )
        return (
            f"Lookup would require extrapolation into the past.  Requested time {seconds(time)} "
            f"but the earliest data is at time {seconds(self.oldest)}"
        )

    def clear(self) -> None:
        self._stamps.clear()
        self._samples.clear()


def seconds(time: int) -> str:
    """Nanoseconds as tf2 prints them: seconds with six decimals."""
    return f"{time * 1e-9:.6f}"
