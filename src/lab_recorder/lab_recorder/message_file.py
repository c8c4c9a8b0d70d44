"""A file for large messages that are kept for a while, packed, in places that are used again and again.

The memory of the machine is for the cell: the ring of a camera takes 60 MB, of which some are looked at when
a pick fails. The kernel keeps what it can of the file in memory that nobody else wants. Packed, colour and
depth take half, for 2 ms of a core a pair.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections import defaultdict
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path

import zstandard

# Places are multiples of it, so that messages that pack a little better or worse take each other's place.
STEP = 128 << 10
# The fastest at which colour becomes smaller at all.
LEVEL = 1


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class StoredMessage:
    """A message in a file; when nobody refers to it any more the next one takes its place."""

    file: MessageFile
    place: int
    size: int

    def __len__(self) -> int:
        """Bytes in the file."""
        return self.size

    def read(self) -> bytes:
        """What `keep` was given. Raises OSError."""
        return self.file.read(self.place, self.size)


class MessageFile:
    """A file without a name, which goes with its last message; those of a size take each other's places."""

    def __init__(self, folder: Path) -> None:
        """folder: of the disk that the file is on. Raises OSError."""
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - as long as this
        weakref.finalize(self, file.close)
        self._number = file.fileno()
        self._free: dict[int, list[int]] = defaultdict(list)
        self._end = 0
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)

    def keep(self, data: bytes) -> StoredMessage:
        """A packed copy of the data. Raises OSError where the disk does not take it."""
        packed = self._compressor.compress(data)
        room = -(-len(packed) // STEP) * STEP
        free = self._free[room]
        place = free.pop() if free else self._end
        self._end = max(self._end, place + room)
        try:
            if os.pwrite(self._number, packed, place) < len(packed):
                raise OSError(ENOSPC, os.strerror(ENOSPC))
        except OSError:
            free.append(place)
            raise
        message = StoredMessage(self, place, len(packed))
        weakref.finalize(message, free.append, place)
        return message

    def read(self, place: int, size: int) -> bytes:
        """The data whose packed copy has a place and a size. Raises OSError."""
        return zstandard.ZstdDecompressor().decompress(os.pread(self._number, size, place))
