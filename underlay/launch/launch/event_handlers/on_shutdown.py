"""Handler of the end of the launch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events import Shutdown
from ..some_entities_type import SomeEntitiesType
from ..utilities import is_a_subclass

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class OnShutdown(BaseEventHandler):
    """Visits entities, or those that a callable (event, context) returns, when the launch ends."""

    def __init__(
        self,
        *,
        on_shutdown: SomeEntitiesType | Callable[[Shutdown, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        super().__init__(matcher=lambda event: is_a_subclass(event, Shutdown), **kwargs)
        self.__on_shutdown = on_shutdown

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        super().handle(event, context)
        if callable(self.__on_shutdown):
            return self.__on_shutdown(event, context)  # type: ignore[arg-type]
        return self.__on_shutdown

    @property
    def handler_description(self) -> str:
        return f"{self.__on_shutdown}"

    @property
    def matcher_description(self) -> str:
        return "event issubclass of launch.events.Shutdown"
