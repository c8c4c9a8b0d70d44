"""Handlers: which events they take, and which entities follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .event import Event
from .some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from .launch_context import LaunchContext
    from .launch_description_entity import LaunchDescriptionEntity


class BaseEventHandler:
    """Matches events; subclasses say what to do in handle()."""

    def __init__(self, *, matcher: Callable[[Event], bool], handle_once: bool = False) -> None:
        """matcher: whether the event is for this handler. handle_once: leave after the first one."""
        self.__matcher = matcher
        self.__handle_once = handle_once

    @property
    def handle_once(self) -> bool:
        """Whether the handler leaves after its first event."""
        return self.__handle_once

    @property
    def handler_description(self) -> str | None:
        """What the handler does, for a person."""
        return None

    @property
    def matcher_description(self) -> str | None:
        """Which events the handler takes, for a person."""
        return None

    def matches(self, event: Event) -> bool:
        """Whether the event is for this handler."""
        return self.__matcher(event)

    def describe(self) -> tuple[str, list[LaunchDescriptionEntity]]:
        """A sentence, and the entities that are known to follow."""
        text = (
            f"{type(self).__name__}(matcher='{self.matcher_description}', "
            f"handler='{self.handler_description}', handle_once={self.handle_once})"
        )
        return text, []

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """React to the event; return the entities to visit. Subclasses call this first."""
        context.extend_locals({"event": event})
        if self.handle_once:
            context.unregister_event_handler(self)
        return None


class EventHandler(BaseEventHandler):
    """Visits the same entities for every event that matches; they find it in `context.locals.event`."""

    def __init__(
        self,
        *,
        matcher: Callable[[Event], bool],
        entities: SomeEntitiesType | None = None,
        handle_once: bool = False,
    ) -> None:
        super().__init__(matcher=matcher, handle_once=handle_once)
        self.__entities = entities

    @property
    def entities(self) -> SomeEntitiesType | None:
        """What is visited."""
        return self.__entities

    def describe(self) -> tuple[str, list[LaunchDescriptionEntity]]:
        from .utilities import normalize_to_list_of_entities

        text, known = super().describe()
        if self.entities is not None:
            known.extend(normalize_to_list_of_entities([self.entities]))
        return text, known

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        super().handle(event, context)
        return self.entities
