"""Signals as calls inside an asyncio loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

Handler = Callable[[int], None]


class AsyncSafeSignalManager:
    """While entered, calls the registered handlers in the loop; afterwards the former handlers are back.

    Only for the main thread, as signals are.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handlers: dict[int, Handler] = {}
        self._former: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def __enter__(self) -> AsyncSafeSignalManager:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for signum in list(self._handlers):
            self.handle(signum, None)

    def handle(self, signum: signal.Signals | int, handler: Handler | None) -> Handler | None:
        """Call handler(signum) in the loop for every such signal; None stops that. Returns the handler
        before.
        """
        before = self._handlers.pop(signum, None)
        if handler is not None:
            if before is None:
                self._former[signum] = signal.getsignal(signum)
            self._handlers[signum] = handler
            self._loop.add_signal_handler(signum, handler, signum)
        elif before is not None:
            self._loop.remove_signal_handler(signum)
            former = self._former.pop(signum)
            signal.signal(signum, signal.SIG_DFL if former is None else former)
        return before
