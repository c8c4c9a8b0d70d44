"""How many frames came, were worked on and dropped, and how long the work took."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

# Milliseconds an image beyond which the cell acts on what was.
_SLOW = 500.0


class FrameStatistics:
    """Counts of one activation; safe to use from several threads."""

    def __init__(self, window: int = 600) -> None:
        """window: newest frames that the percentiles are over."""
        self._lock = threading.Lock()
        self._seconds: deque[float] = deque(maxlen=window)
        self.received = 0
        self.processed = 0
        self.dropped = 0

    def receive(self, displaced: bool) -> None:
        """A pair of images came; displaced: it took the place of one that nobody had looked at."""
        with self._lock:
            self.received += 1
            self.dropped += displaced

    def process(self, seconds: float) -> None:
        """A frame was worked on for so long, seconds."""
        with self._lock:
            self.processed += 1
            self._seconds.append(seconds)

    def milliseconds(self) -> tuple[float, float]:
        """Median and 95th percentile of the newest frames, 0 before the first."""
        with self._lock:
            if not self._seconds:
                return 0.0, 0.0
            p50, p95 = np.percentile(np.array(self._seconds) * 1e3, [50, 95])
        return float(p50), float(p95)

    def slowness(self, width: int, height: int) -> str:
        """That images of so many pixels take too long, and the fix; empty where they do not."""
        p50, _ = self.milliseconds()
        if p50 <= _SLOW:
            return ""
        return (
            f"an image of {width}x{height} takes {p50 / 1e3:.1f} s ({self.dropped} of {self.received} were"
            " dropped), so that the cell acts on what was: lower the camera's resolution or the detector's"
            " work, make the work area smaller, or free the processor"
        )

    def __str__(self) -> str:
        p50, p95 = self.milliseconds()
        return (
            f"{self.received} frames in, {self.processed} processed, {self.dropped} dropped, "
            f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"
        )
