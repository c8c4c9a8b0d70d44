"""A thread that works on the newest item: what it has not come to when the next one arrives is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """A mailbox that holds one item, and the thread that empties it."""

    def __init__(self, work: Callable[[Item], None], name: str) -> None:
        self._work = work
        self._item: Item | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: Item) -> bool:
        """Leaves an item for the thread; whether it displaced one that had not been looked at."""
        with self._changed:
            displaced = self._item is not None
            self._item = item
            self._changed.notify()
        return displaced

    def close(self) -> None:
        """Ends the thread once it has finished what it is working on."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._item is not None)
                if self._closed:
                    return
                item, self._item = self._item, None
            assert item is not None
            self._work(item)
