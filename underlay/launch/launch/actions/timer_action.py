"""Actions that wait."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..action import Action
from ..event_handler import EventHandler
from ..event_handlers import OnShutdown
from ..events import TimerEvent
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType, SomeSubstitutionsType_types_tuple
from ..utilities import ensure_argument_type
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from .opaque_function import OpaqueFunction

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class TimerAction(Action):
    """Visits actions once, when a time in seconds is over and nobody has cancelled it."""

    def __init__(
        self,
        *,
        period: float | SomeSubstitutionsType,
        actions: Iterable[LaunchDescriptionEntity],
        cancel_on_shutdown: bool | SomeSubstitutionsType = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        ensure_argument_type(period, (*SomeSubstitutionsType_types_tuple, float), "period", "TimerAction")
        ensure_argument_type(actions, Iterable, "actions", "TimerAction")
        if isinstance(period, str):
            warnings.warn(
                "The parameter 'period' must be a float or substitution, passing a string literal "
                "was deprecated",
                stacklevel=2,
            )
            period = float(period)
        self.__period = normalize_typed_substitution(period, float)
        self.__actions = list(actions)
        self.__cancel_on_shutdown = normalize_typed_substitution(cancel_on_shutdown, bool)
        self.__locals: dict[str, Any] = {}
        self.__canceled = False
        self.__waits: set[asyncio.Future[None]] = set()
        self._completed_future: asyncio.Future[None] | None = None

    @property
    def period(self) -> Any:
        """Seconds to wait."""
        return self.__period

    @property
    def actions(self) -> list[LaunchDescriptionEntity]:
        """What follows."""
        return self.__actions

    def describe(self) -> str:
        return f"TimerAction(period={self.__period}, actions=<actions>)"

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        return [(f"{self.__period} seconds pass without being canceled", self.__actions)]

    def cancel(self) -> None:
        """Never fire; no error if it has fired, or was not started yet. Only from the thread of the loop."""
        self.__canceled = True
        for canceled in self.__waits:
            if not canceled.done():
                canceled.set_result(None)

    def handle(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """What to visit when the time is over, with the locals of the place where the timer stood."""
        context.extend_locals(self.__locals)
        return self.__actions

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        if context.asyncio_loop is None:
            raise RuntimeError("a TimerAction can only be executed while the launch service runs")
        # A timer may be executed again while it waits, for example by an event handler: nothing here is
        # shared.
        completed = self._completed_future = context.asyncio_loop.create_future()
        if self.__canceled:
            completed.set_result(None)
            return None
        fired = TimerEvent(timer_action=self)
        context.register_event_handler(
            EventHandler(
                matcher=lambda event: event is fired,
                entities=OpaqueFunction(function=self.handle),
                handle_once=True,
            )
        )
        self.__locals = context.get_locals_as_dict()
        seconds = perform_typed_substitution(context, self.__period, float)
        context._keep_task(context.asyncio_loop.create_task(self.__wait(context, seconds, fired, completed)))
        if perform_typed_substitution(context, self.__cancel_on_shutdown, bool):
            context.register_event_handler(OnShutdown(on_shutdown=lambda event, context: self.cancel()))
        return None

    async def __wait(
        self, context: LaunchContext, seconds: float, fired: TimerEvent, completed: asyncio.Future[None]
    ) -> None:
        canceled = asyncio.get_running_loop().create_future()
        self.__waits.add(canceled)
        if self.__canceled:
            canceled.set_result(None)
        await asyncio.wait([canceled], timeout=seconds)
        self.__waits.discard(canceled)
        if not canceled.done():
            await context.emit_event(fired)
        completed.set_result(None)

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        return self._completed_future
