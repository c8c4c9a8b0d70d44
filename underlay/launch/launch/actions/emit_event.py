"""Events from actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..action import Action
from ..event import Event
from ..launch_description_entity import LaunchDescriptionEntity
from ..utilities import ensure_argument_type, is_a_subclass

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class EmitEvent(Action):
    """Emits an event."""

    def __init__(self, *, event: Event, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        ensure_argument_type(event, Event, "event", "EmitEvent")
        if not is_a_subclass(event, Event):
            raise RuntimeError(f"EmitEvent() expected an Event instance, got '{type(event)}'.")
        self.__event = event

    @property
    def event(self) -> Event:
        """The event."""
        return self.__event

    def describe(self) -> str:
        return f"Emitting event '{self.event.name}'"

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context.emit_event_sync(self.event)
        return None
