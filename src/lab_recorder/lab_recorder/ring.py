"""The last seconds of one topic, bounded in time and in bytes."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from lab_recorder.image_memory import unpacked


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as it came.

    time: of the cell's clock when it was taken; sent: when it was published, by the wall; stamp: of its
    header, -1 where it has none; all in nanoseconds. data: serialized (CDR); of a packed one, which
    ImageMemory keeps, what it takes in memory.
    """

    time: int
    sent: int
    stamp: int
    data: bytes | memoryview
    packed: bool = False

    def message(self) -> bytes:
        """The message as it came, serialized (CDR)."""
        return unpacked(memoryview(self.data)) if self.packed else bytes(self.data)


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of a topic is kept.

    seconds: of the cell's clock. megabytes: at most; the oldest go first. full: of the newest seconds
    everything is kept, of the older ones one message every `period` seconds; 0: all of them.
    """

    seconds: float
    megabytes: float
    full: float = 0.0
    period: float = 0.0


class Ring:
    """Keeps what its retention says, and what is pinned until other stamps are pinned in its place."""

    def __init__(self, retention: Retention, pins: int = 4) -> None:
        """pins: stamps that are kept at most."""
        self._retention = retention
        self._entries: deque[Entry] = deque()
        self._older: deque[Entry] = deque()
        self._pinned: OrderedDict[int, Entry | None] = OrderedDict()
        self._pins = pins
        self.bytes = 0

    def put(self, entry: Entry) -> None:
        """Take the newest message. A clock that was set back forgets everything."""
        if self._entries and entry.time < self._entries[-1].time:
            self.clear()
        self._entries.append(entry)
        self.bytes += len(entry.data)
        if entry.stamp in self._pinned:
            self._pinned[entry.stamp] = entry
        self._thin(entry.time)
        self._bound(entry.time)

    def pin(self, stamp: int) -> None:
        """Keep the message of a stamp, which is there or comes, beyond its time."""
        self._pinned[stamp] = self.find(stamp)
        self._pinned.move_to_end(stamp)
        while len(self._pinned) > self._pins:
            self._pinned.popitem(last=False)

    def find(self, stamp: int) -> Entry | None:
        """The message of a stamp while it is kept."""
        return next((entry for entry in self if entry.stamp == stamp), None)

    def newest(self) -> Entry | None:
        """None before the first."""
        return self._entries[-1] if self._entries else None

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._older.clear()
        self._pinned.clear()
        self.bytes = 0

    def __iter__(self) -> Iterator[Entry]:
        """All that is kept, oldest first."""
        kept = {id(entry): entry for entry in (*self._older, *self._entries)}
        kept |= {id(entry): entry for entry in self._pinned.values() if entry is not None}
        yield from sorted(kept.values(), key=lambda entry: (entry.time, entry.sent))

    def _thin(self, now: int) -> None:
        if self._retention.period <= 0.0:
            return
        limit, period = now - _ns(self._retention.full), _ns(self._retention.period)
        while self._entries[0].time < limit:
            entry = self._entries.popleft()
            if self._older and entry.time - self._older[-1].time < period:
                self.bytes -= len(entry.data)
            else:
                self._older.append(entry)

    def _bound(self, now: int) -> None:
        limit, room = now - _ns(self._retention.seconds), self._retention.megabytes * 1e6
        for entries in (self._older, self._entries):
            while entries and (entries[0].time < limit or self.bytes > room):
                if entries is self._entries and len(entries) == 1:
                    return  # the newest stays, however old or large
                self.bytes -= len(entries.popleft().data)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
