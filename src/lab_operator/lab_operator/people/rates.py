"""How often something may be done: a bucket for each who does it, which fills up again with time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from lab_operator.people.clock import Clock, steady

# Buckets that are remembered; the one that was used longest ago is forgotten first.
_MOST = 4096


class Rate:
    """At most `burst` at once, and one more each `period` seconds. From any thread."""

    def __init__(self, burst: int, period: float, clock: Clock = steady) -> None:
        self._burst, self._period, self._clock = burst, period, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, who: Hashable) -> float:
        """0 when it may be done now; else the seconds until it may."""
        with self._lock:
            left = self._left(who)
            granted = left >= 1.0
            self._keep(who, left - 1.0 if granted else left)
            return 0.0 if granted else (1.0 - left) * self._period

    def give_back(self, who: Hashable) -> None:
        """It counts as not done."""
        with self._lock:
            self._keep(who, min(self._left(who) + 1.0, float(self._burst)))

    def _left(self, who: Hashable) -> float:
        left, since = self._buckets.get(who, (float(self._burst), self._clock()))
        return min(float(self._burst), left + max(0.0, self._clock() - since) / self._period)

    def _keep(self, who: Hashable, left: float) -> None:
        self._buckets[who] = (left, self._clock())
        self._buckets.move_to_end(who)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
