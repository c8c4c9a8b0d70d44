"""Memory for images that are kept for a while, used again and again.

In the heap the gaps that they leave are soon begun by something smaller, and the next image does not fit any
more: a ring of 160 MB then takes 280 MB, and ever a little more. Pages of its own for each image would cost
the kernel more than the recorder itself needs.
"""

from __future__ import annotations

import mmap
import weakref
from collections import defaultdict

import numpy as np

# Blocks of one size that wait for an image. More come free at once when a file has been written.
SPARE = 4


class ImageMemory:
    """Blocks by size; one that nobody refers to any more takes the next image of its size."""

    def __init__(self) -> None:
        self._free: dict[int, list[mmap.mmap]] = defaultdict(list)

    def keep(self, data: bytes) -> memoryview:
        """A copy of the data."""
        free = self._free[len(data)]
        block = free.pop() if free else mmap.mmap(-1, len(data), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        copy = np.frombuffer(block, np.uint8)
        copy[:] = np.frombuffer(data, np.uint8)
        weakref.finalize(copy, _release, block, free)
        return copy.data


def _release(block: mmap.mmap, free: list[mmap.mmap]) -> None:
    if len(free) < SPARE:
        free.append(block)
