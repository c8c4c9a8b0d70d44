"""Memory for images that are kept for a while, packed, in blocks that are used again and again.

In the heap the gaps that they leave are soon begun by something smaller, and the next image does not fit any
more: a ring of 160 MB then takes 280 MB, and ever a little more. Pages of its own for each image would cost
the kernel more than the recorder itself needs. Packed, colour and depth take half, for 2 ms of a core a pair.
"""

from __future__ import annotations

import mmap
import weakref
from collections import defaultdict

import numpy as np
import zstandard

# Blocks of one size that wait for an image. More come free at once when a file has been written.
SPARE = 3
# Blocks are multiples of it, so that images that pack a little better or worse take each other's place.
STEP = 128 << 10
# The fastest at which colour becomes smaller at all.
LEVEL = 1


class ImageMemory:
    """Blocks by size; one that nobody refers to any more takes the next image that needs its size."""

    def __init__(self) -> None:
        self._free: dict[int, list[mmap.mmap]] = defaultdict(list)
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)

    def keep(self, data: bytes) -> memoryview:
        """A packed copy of the data, which `unpacked` opens."""
        packed = self._compressor.compress(data)
        size = -(-len(packed) // STEP) * STEP
        free = self._free[size]
        block = free.pop() if free else mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        copy = np.frombuffer(block, np.uint8, len(packed))
        copy[:] = np.frombuffer(packed, np.uint8)
        weakref.finalize(copy, _release, block, free)
        return copy.data


def unpacked(data: memoryview) -> bytes:
    """What `keep` was given."""
    return zstandard.ZstdDecompressor().decompress(data)


def _release(block: mmap.mmap, free: list[mmap.mmap]) -> None:
    if len(free) < SPARE:
        free.append(block)
