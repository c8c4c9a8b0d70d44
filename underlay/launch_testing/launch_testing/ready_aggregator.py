"""Readiness of several things."""

from __future__ import annotations

import threading
from collections.abc import Callable


class ReadyAggregator:
    """Calls `parent` once, when ready() has been called for each of `number` things. May be called by any
    thread.
    """

    def __init__(self, parent: Callable[[], None], number: int) -> None:
        self._parent = parent
        self._missing = number
        self._lock = threading.Lock()

    def ready(self) -> None:
        """One more thing is ready."""
        with self._lock:
            self._missing -= 1
            complete = self._missing == 0
        if complete:
            self._parent()
