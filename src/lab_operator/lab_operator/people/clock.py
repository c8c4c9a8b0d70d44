"""The clock of sessions and limits."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]


def steady() -> float:
    """Seconds that pass alike while somebody sets the time of the day, and while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
