"""Handler of transitions of lifecycle nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from launch.event import Event
from launch.event_handler import EventHandler
from launch.some_entities_type import SomeEntitiesType

from ..events.lifecycle import StateTransition

if TYPE_CHECKING:
    from ..actions import LifecycleNode


class OnStateTransition(EventHandler):
    """Visits entities at transitions of a node. What is None is not asked for; a matcher replaces all the
    rest.
    """

    def __init__(
        self,
        *,
        entities: SomeEntitiesType,
        target_lifecycle_node: LifecycleNode | None = None,
        transition: str | None = None,
        start_state: str | None = None,
        goal_state: str | None = None,
        matcher: Callable[[Event], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        from ..actions import LifecycleNode

        if not isinstance(target_lifecycle_node, LifecycleNode | None):
            raise RuntimeError("OnStateTransition requires a 'LifecycleNode' action as the target")
        self.__target = target_lifecycle_node

        def takes(event: Event) -> bool:
            return (
                isinstance(event, StateTransition)
                and target_lifecycle_node in (None, event.action)
                and transition in (None, event.transition)
                and start_state in (None, event.start_state)
                and goal_state in (None, event.goal_state)
            )

        super().__init__(matcher=takes if matcher is None else matcher, entities=entities, **kwargs)

    @property
    def handler_description(self) -> str:
        return "<actions>"

    @property
    def matcher_description(self) -> str:
        if self.__target is None:
            return "event == StateTransition"
        return f"event == StateTransition and event.action == LifecycleNode({hex(id(self.__target))})"
