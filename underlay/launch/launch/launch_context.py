"""State of one launch: configurations, environment, locals, handlers and waiting events."""

from __future__ import annotations

import asyncio
import collections
import os
from collections.abc import Iterable, MutableMapping
from typing import Any

import launch.logging

from .event import Event
from .event_handler import BaseEventHandler
from .substitution import Substitution


class _Locals:
    """Read-only attribute access to the locals of a context."""

    def __init__(self, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_values", values)

    def __getattr__(self, key: str) -> Any:
        values = object.__getattribute__(self, "_values")
        try:
            return values[key]
        except KeyError:
            known = ", ".join(values)
            raise AttributeError(
                f"context.locals does not contain attribute '{key}', it contains: [{known}]"
            ) from None

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError(f"can't set attribute '{key}', locals are read-only")


class LaunchContext:
    """What entities read and change while they are visited."""

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False) -> None:
        """noninteractive: no terminal sends Ctrl-C to our processes, so the launch itself must."""
        self.__argv = argv if argv is not None else []
        self.__noninteractive = noninteractive

        self._event_queue: asyncio.Queue[Event] = asyncio.Queue()
        self._event_handlers: collections.deque[BaseEventHandler] = collections.deque()
        self._completion_futures: list[asyncio.Future[Any]] = []
        self._tasks: set[asyncio.Task[Any]] = set()

        self.__globals: dict[str, Any] = {}
        self.__locals: dict[str, Any] = {}
        self.__locals_stack: list[dict[str, Any]] = []
        self.__launch_configurations: dict[str, Any] = {}
        self.__launch_configurations_stack: list[dict[str, Any]] = []
        self.__environment_stack: list[dict[str, str]] = []
        self.__environment_at_start = os.environ.copy()

        self.__is_shutdown = False
        self.__asyncio_loop: asyncio.AbstractEventLoop | None = None
        self.__logger = launch.logging.get_logger(__name__)

    @property
    def argv(self) -> Iterable[str]:
        """Command line that the launch was started with."""
        return self.__argv

    @property
    def noninteractive(self) -> bool:
        """Whether no terminal is attached."""
        return self.__noninteractive

    @property
    def is_shutdown(self) -> bool:
        """Whether the launch is ending."""
        return self.__is_shutdown

    def _set_is_shutdown(self, state: bool) -> None:
        self.__is_shutdown = state

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that runs the launch, None while it does not run."""
        return self.__asyncio_loop

    def _set_asyncio_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.__asyncio_loop = loop

    def add_completion_future(self, completion_future: asyncio.Future[Any]) -> None:
        """The launch does not end before this future is done."""
        self._completion_futures.append(completion_future)

    def _keep_task(self, task: asyncio.Task[Any]) -> None:
        """Keep a task alive until it is done; its error is one of the launch."""
        self._tasks.add(task)
        task.add_done_callback(self.__task_done)

    def __task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            task.get_loop().call_exception_handler(
                {"message": "error in a task of the launch", "exception": task.exception(), "task": task}
            )

    # Locals: visible to the entities below the one that set them. Globals: visible to all from then on.

    def _push_locals(self) -> None:
        self.__locals_stack.append(dict(self.__locals))

    def _pop_locals(self) -> None:
        if not self.__locals_stack:
            raise RuntimeError("locals stack unexpectedly empty")
        self.__locals = self.__locals_stack.pop()

    def extend_globals(self, extensions: dict[str, Any]) -> None:
        """Add members to the locals for good; a local of the same name hides them."""
        self.__globals.update(extensions)

    def extend_locals(self, extensions: dict[str, Any]) -> None:
        """Add members to the locals until the entity that is being visited is left."""
        self.__locals.update(extensions)

    def get_locals_as_dict(self) -> dict[str, Any]:
        """Locals and globals as one new dictionary."""
        return {**self.__globals, **self.__locals}

    @property
    def locals(self) -> Any:
        """Locals and globals as read-only attributes; AttributeError names what there is."""
        return _Locals(self.get_locals_as_dict())

    # Environment and launch configurations are scoped by groups.

    def _push_environment(self) -> None:
        self.__environment_stack.append(os.environ.copy())

    def _pop_environment(self) -> None:
        if not self.__environment_stack:
            raise RuntimeError("environment stack unexpectedly empty")
        self.__replace_environment(self.__environment_stack.pop())

    def _reset_environment(self) -> None:
        self.__replace_environment(self.__environment_at_start)

    @staticmethod
    def __replace_environment(values: dict[str, str]) -> None:
        # In place: whoever holds os.environ, C code included, must see the change.
        for name in set(os.environ) - set(values):
            del os.environ[name]
        os.environ.update(values)

    @property
    def environment(self) -> MutableMapping[str, str]:
        """Environment of this process, which the launched ones inherit."""
        return os.environ

    def _push_launch_configurations(self) -> None:
        self.__launch_configurations_stack.append(self.__launch_configurations.copy())

    def _pop_launch_configurations(self) -> None:
        if not self.__launch_configurations_stack:
            raise RuntimeError("launch_configurations stack unexpectedly empty")
        self.__launch_configurations = self.__launch_configurations_stack.pop()

    @property
    def launch_configurations(self) -> dict[str, Any]:
        """Values of launch arguments and other configurations, by name."""
        return self.__launch_configurations

    # Events.

    def would_handle_event(self, event: Event) -> bool:
        """Whether any registered handler takes the event."""
        return any(handler.matches(event) for handler in self._event_handlers)

    def register_event_handler(self, event_handler: BaseEventHandler, append: bool = False) -> None:
        """The new handler comes before the others, or after them if append is true."""
        if append:
            self._event_handlers.append(event_handler)
        else:
            self._event_handlers.appendleft(event_handler)

    def unregister_event_handler(self, event_handler: BaseEventHandler) -> None:
        """ValueError if the handler is not registered."""
        self._event_handlers.remove(event_handler)

    def emit_event_sync(self, event: Event) -> None:
        """Queue an event; from the thread of the loop, or before it runs."""
        self.__logger.debug(f"emitting event synchronously: '{event.name}'")
        self._event_queue.put_nowait(event)

    async def emit_event(self, event: Event) -> None:
        """Queue an event."""
        self.__logger.debug(f"emitting event: '{event.name}'")
        await self._event_queue.put(event)

    def perform_substitution(self, substitution: Substitution) -> str:
        """The substitution's text in this context."""
        return substitution.perform(self)
