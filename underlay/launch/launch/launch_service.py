"""The service that runs launch descriptions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import traceback
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any

import launch.logging

from .event import Event
from .event_handlers import OnIncludeLaunchDescription, OnShutdown
from .events import IncludeLaunchDescription, Shutdown
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .launch_description_entity import LaunchDescriptionEntity
from .utilities import (
    AsyncSafeSignalManager,
    is_a_subclass,
    normalize_to_list_of_entities,
    visit_all_entities_and_collect_futures,
)
from .utilities.entity_tree import EntityFuture


class LaunchService:
    """Visits launch descriptions and handles events until everything has ended.

    Ctrl-C (SIGINT) ends the launch in order; a second one is ignored. Other signals have the effect that they
    have on any process: SIGTERM ends the launch, and its processes stay.
    """

    def __init__(
        self, *, argv: Iterable[str] | None = None, noninteractive: bool = False, debug: bool = False
    ) -> None:
        """noninteractive: no terminal sends Ctrl-C to our processes, so that we must. debug: log
        everything.
        """
        launch.logging.launch_config.level = logging.DEBUG if debug else logging.INFO
        self.__debug = debug
        self.__logger = launch.logging.get_logger("launch")
        self.__context = LaunchContext(argv=argv, noninteractive=noninteractive)
        self.__context.register_event_handler(OnIncludeLaunchDescription())
        self.__context.register_event_handler(OnShutdown(on_shutdown=self.__on_shutdown))
        self._entity_future_pairs: list[EntityFuture] = []
        self.__loop: asyncio.AbstractEventLoop | None = None
        self.__loop_lock = threading.RLock()
        self.__task: asyncio.Task[Any] | None = None
        self.__next_event: asyncio.Task[Event] | None = None
        self.__shutting_down = False
        self.__return_code = 0

    @property
    def context(self) -> LaunchContext:
        """State of the launch."""
        return self.__context

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that runs the launch, None while it does not run."""
        return self.__loop

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """The task that runs the launch."""
        return self.__task

    def emit_event(self, event: Event) -> None:
        """Emit an event from any thread; before the launch runs it is kept until then."""
        with self.__loop_lock:
            if self.__loop is None or self.__loop is _running_loop():
                self.__context.emit_event_sync(event)
            else:
                self.__loop.call_soon_threadsafe(self.__context.emit_event_sync, event)

    def include_launch_description(self, launch_description: LaunchDescription) -> None:
        """Visit a description; from any thread."""
        self.emit_event(IncludeLaunchDescription(launch_description))

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until everything has ended, in the main thread; return 0, or 1 if there were errors."""
        with asyncio.Runner(debug=self.__debug) as runner:
            return runner.run(self.run_async(shutdown_when_idle=shutdown_when_idle))

    async def run_async(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until everything has ended, in a loop of the main thread; return 0, or 1 if there were errors.

        shutdown_when_idle: end when nothing is left to do; else only when asked to.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("LaunchService can only be run in the main thread.")
        with self.__running():
            launch.logging.log_launch_config(logger=self.__logger)
            try:
                while await self.__step(shutdown_when_idle):
                    pass
            finally:
                if self.__next_event is not None:
                    self.__next_event.cancel()
                    self.__next_event = None
        return self.__return_code

    def shutdown(self, force_sync: bool = False) -> Coroutine[Any, Any, None] | None:
        """End the launch; from any thread. Does nothing if it does not run.

        Returns a coroutine to await if called from within the loop and not force_sync.
        """
        with self.__loop_lock:
            if self.__loop is None:
                return None
            reason = "LaunchService.shutdown() called"
            if self.__loop is _running_loop():
                return self._shutdown(reason=reason, due_to_sigint=False, force_sync=force_sync)
            # The event and the flags must change together, so that a loop with nothing to do does not end in
            # between.
            self.__loop.call_soon_threadsafe(
                lambda: self._shutdown(reason=reason, due_to_sigint=False, force_sync=True)
            )
            return None

    def _shutdown(
        self, *, reason: str, due_to_sigint: bool, force_sync: bool
    ) -> Coroutine[Any, Any, None] | None:
        """In the loop. Returns what is to be awaited unless force_sync."""
        emitted = None
        if not self.__shutting_down:
            event = Shutdown(reason=reason, due_to_sigint=due_to_sigint)
            if force_sync:
                self.__context.emit_event_sync(event)
            else:
                emitted = self.__context.emit_event(event)
        self.__begin_shutdown()
        return emitted

    def __begin_shutdown(self) -> None:
        self.__shutting_down = True
        self.__context._set_is_shutdown(True)

    def __on_shutdown(self, event: Event, context: LaunchContext) -> None:
        self.__begin_shutdown()

    # The loop.

    @contextlib.contextmanager
    def __running(self) -> Iterator[None]:
        """Everything that belongs to this loop: queue, signals, errors of callbacks."""
        loop = asyncio.get_running_loop()
        with self.__loop_lock:
            if self.__loop is not None:
                raise RuntimeError("LaunchService cannot be run multiple times concurrently.")
            self.__context._event_queue = _moved(self.__context._event_queue)
            self.__context._set_asyncio_loop(loop)
            self.__loop = loop
        self.__task = asyncio.current_task()
        self.__return_code = 0
        former_handler = loop.get_exception_handler()
        loop.set_exception_handler(self.__on_loop_error)
        try:
            with AsyncSafeSignalManager(loop) as signals:
                interrupted = _Interrupts(self)
                signals.handle(signal.SIGINT, interrupted.on_sigint)
                yield
        finally:
            loop.set_exception_handler(former_handler)
            with self.__loop_lock:
                self.__context._set_asyncio_loop(None)
                self.__loop = None
                self.__shutting_down = False

    def __on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.__return_code = 1
        loop.default_exception_handler(context)

    async def __step(self, shutdown_when_idle: bool) -> bool:
        """Wait for one thing and handle it; return whether to go on."""
        try:
            if self._is_idle():
                if self.__shutting_down:
                    return False
                if shutdown_when_idle:
                    self._shutdown(reason="idle", due_to_sigint=False, force_sync=True)
            await self.__wait()
            self.__handle_waiting_event()
        except asyncio.CancelledError:
            self.__logger.error("run task was canceled")
            self.__return_code = 1
            return False
        except Exception as error:
            message = f"Caught exception in launch (see debug for traceback): {error}"
            self.__logger.debug(traceback.format_exc())
            self.__logger.error(message)
            self.__return_code = 1
            self._shutdown(reason=message, due_to_sigint=False, force_sync=True)
        return True

    def _is_idle(self) -> bool:
        """Whether no entity works and no event waits; raises the error of a work that failed."""
        done = [future for _, future in self._entity_future_pairs if future.done()]
        done += [future for future in self.__context._completion_futures if future.done()]
        self._entity_future_pairs = [pair for pair in self._entity_future_pairs if not pair[1].done()]
        self.__context._completion_futures = [f for f in self.__context._completion_futures if not f.done()]
        errors = [
            error for future in done if not future.cancelled() and (error := future.exception()) is not None
        ]
        for error in errors[1:]:
            self.__logger.error(str(error))
        if errors:
            raise errors[0]
        event_waits = not self.__context._event_queue.empty() or (
            self.__next_event is not None and self.__next_event.done()
        )
        # a process whose entity was lost by an error still has to be ended
        works = self._entity_future_pairs or self.__context._completion_futures or self.__context._tasks
        return not (works or event_waits)

    async def __wait(self) -> None:
        """Until an event waits or some work is done."""
        if self.__next_event is None:
            self.__next_event = asyncio.get_running_loop().create_task(self.__context._event_queue.get())
        works = {future for _, future in self._entity_future_pairs} | set(self.__context._completion_futures)
        works |= self.__context._tasks
        await asyncio.wait({self.__next_event, *works}, return_when=asyncio.FIRST_COMPLETED)

    def __handle_waiting_event(self) -> None:
        if self.__next_event is None or not self.__next_event.done():
            return
        event, self.__next_event = self.__next_event.result(), None
        self.__logger.debug(f"processing event: '{event}'")
        for handler in tuple(self.__context._event_handlers):
            if handler.matches(event):
                self.__handle(handler, event)

    def __handle(self, handler: Any, event: Event) -> None:
        self.__logger.debug(f"processing event: '{event}' ✓ '{handler}'")
        self.__context._push_locals()
        try:
            entities = handler.handle(event, self.__context)
            if entities is None or is_a_subclass(entities, LaunchDescriptionEntity):
                entities = (entities,)
            for entity in normalize_to_list_of_entities([e for e in entities if e is not None]):
                self._entity_future_pairs += visit_all_entities_and_collect_futures(entity, self.__context)
        finally:
            self.__context._pop_locals()


class _Interrupts:
    """What a launch service does on signals."""

    def __init__(self, service: LaunchService) -> None:
        self._service = service
        self._logger = launch.logging.get_logger("launch")
        self._interrupted = False

    def on_sigint(self, signum: int) -> None:
        """End in order, once."""
        message = "user interrupted with ctrl-c (SIGINT)"
        if self._interrupted:
            self._logger.warning(f"{message} again, ignoring...")
            return
        self._interrupted = True
        self._logger.warning(message)
        self._service._shutdown(reason="ctrl-c (SIGINT)", due_to_sigint=True, force_sync=True)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _moved(queue: asyncio.Queue[Event]) -> asyncio.Queue[Event]:
    """A queue for the running loop with the events of another."""
    new: asyncio.Queue[Event] = asyncio.Queue()
    while not queue.empty():
        new.put_nowait(queue.get_nowait())
    return new
