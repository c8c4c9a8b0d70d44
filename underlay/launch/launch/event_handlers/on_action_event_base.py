"""Base of handlers of events that an action caused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from ..action import Action
    from ..launch_context import LaunchContext

ActionMatcher = Callable[["Action"], bool]


class OnActionEventBase(BaseEventHandler):
    """Takes events of one class, from one action, from those that a callable accepts, or from all."""

    def __init__(
        self,
        *,
        action_matcher: ActionMatcher | Action | None,
        on_event: SomeEntitiesType | Callable[[Any, LaunchContext], SomeEntitiesType | None],
        target_event_cls: type[Event],
        target_action_cls: type[Action],
        **kwargs: Any,
    ) -> None:
        """on_event: entities to visit, or a callable (event, context) that returns them."""
        if not issubclass(target_event_cls, Event):
            raise TypeError("'target_event_cls' must be a subclass of 'Event'")
        if not (
            action_matcher is None
            or isinstance(action_matcher, target_action_cls)
            or callable(action_matcher)
        ):
            raise TypeError(
                f"action_matcher must be an '{target_action_cls.__name__}' instance or a callable"
            )
        self.__target_event_cls = target_event_cls
        self.__target_action_cls = target_action_cls
        self.__action_matcher = action_matcher
        self.__on_event = on_event if callable(on_event) else None
        self.__entities = [] if callable(on_event) else _checked(on_event)
        super().__init__(matcher=self.__takes, **kwargs)

    def __takes(self, event: Event) -> bool:
        if not isinstance(event, self.__target_event_cls):
            return False
        action = event.action  # type: ignore[attr-defined]
        if callable(self.__action_matcher):
            return self.__action_matcher(action)
        return self.__action_matcher is None or action is self.__action_matcher

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        super().handle(event, context)
        return self.__entities if self.__on_event is None else self.__on_event(event, context)

    def describe(self) -> tuple[str, list[LaunchDescriptionEntity]]:
        text, entities = super().describe()
        return text, [*entities, *self.__entities]

    @property
    def handler_description(self) -> str:
        return "<actions>" if self.__on_event is None else f"{self.__on_event}"

    @property
    def matcher_description(self) -> str:
        text = f"event == {self.__target_event_cls.__name__}"
        if self.__action_matcher is None:
            return text
        return f"{text} and {self.__target_action_cls.__name__}(event.action)"


def _checked(on_event: SomeEntitiesType | None) -> list[LaunchDescriptionEntity]:
    if on_event is None:
        return []
    entities = list(on_event) if isinstance(on_event, Iterable) else [on_event]
    for entity in entities:
        if not isinstance(entity, LaunchDescriptionEntity):
            raise TypeError(
                "expected all items in 'on_event' iterable to be of type 'LaunchDescriptionEntity' "
                f"but got '{type(entity)}'"
            )
    return entities
