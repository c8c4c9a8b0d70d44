"""How many frames came, were worked on and dropped, and how long the work took."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np


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

    def __str__(self) -> str:
        p50, p95 = self.milliseconds()
        return (
            f"{self.received} frames in, {self.processed} processed, {self.dropped} dropped, "
            f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"
        )
