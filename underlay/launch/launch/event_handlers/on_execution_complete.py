"""Handler of completed actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events import ExecutionComplete
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import ActionMatcher, OnActionEventBase

if TYPE_CHECKING:
    from ..action import Action
    from ..launch_context import LaunchContext


class OnExecutionComplete(OnActionEventBase):
    """Visits entities when an action's work is done."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher | Action | None = None,
        on_completion: SomeEntitiesType
        | Callable[[ExecutionComplete, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        from ..action import Action

        super().__init__(
            action_matcher=target_action,
            on_event=on_completion,
            target_event_cls=ExecutionComplete,
            target_action_cls=Action,
            **kwargs,
        )
