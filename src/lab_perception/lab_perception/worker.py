"""A thread that works on what comes, in order; what it cannot come to in time is dropped."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """A mailbox that holds a few items, and the thread that empties it."""

    def __init__(self, work: Callable[[Item], None], name: str, room: int = 1) -> None:
        """room: items that may wait; the oldest makes way for one too many."""
        self._work = work
        self._items: deque[Item] = deque(maxlen=room)
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: Item) -> bool:
        """Leaves an item for the thread; whether it displaced one that had not been looked at."""
        with self._changed:
            displaced = len(self._items) == self._items.maxlen
            self._items.append(item)
            self._changed.notify()
        return displaced

    def close(self) -> None:
        """Ends the thread once it has finished what it is working on."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._items)
                if self._closed:
                    return
                item = self._items.popleft()
            self._work(item)
