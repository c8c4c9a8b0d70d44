"""The executor of every node: rclpy's event driven one, turned in a thread of its own."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.experimental import EventsExecutor
from rclpy.node import Node

# Wall seconds of one turn. rclpy's spin() waits until the end of time, which overflows in some builds of the
# C++ library and then never waits at all.
_TURN = 10.0


class ExecutorThread:
    """Runs the callbacks of nodes, one after the other, from when it is made until it is closed.

    A message costs a node a third of what it costs with SingleThreadedExecutor, which asks every entity of
    the node again at every turn: at 125 Hz of joint states and clock 5 % instead of 15 % of a core. Long work
    runs in threads of its own (lab_node.actions). Callback groups mean nothing to this executor.
    """

    def __init__(
        self, *nodes: Node, failed: Callable[[], Any] = lambda: None, coroutines: bool = False
    ) -> None:
        """failed: called when a callback raised, which ends the thread; `failure` then says what it was.

        coroutines: callbacks may be coroutines, which EventsExecutor polls without a pause or (before rclpy
        7.1.11) does not know; SingleThreadedExecutor runs them.
        """
        self.failure = ""
        self._failed = failed
        context = nodes[0].context if nodes else None
        self._executor: Executor = (SingleThreadedExecutor if coroutines else EventsExecutor)(context=context)
        for node in nodes:
            self._executor.add_node(node)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="executor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread after the callback that it is in, at most two seconds later."""
        self._closed.set()
        self._executor.shutdown(1.0)
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        context = self._executor.context
        try:
            while not self._closed.is_set() and context.ok():
                self._executor.spin_once(timeout_sec=_TURN)
        except Exception:
            # rclpy raises when an executor is shut down while it runs a callback: no failure of the node
            if not self._closed.is_set() and context.ok():
                self.failure = traceback.format_exc()
                self._failed()
