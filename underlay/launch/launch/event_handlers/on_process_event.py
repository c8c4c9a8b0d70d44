"""Handlers of what processes do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events.process import ProcessExited, ProcessIO, ProcessStarted
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import ActionMatcher, OnActionEventBase

if TYPE_CHECKING:
    from ..actions import ExecuteLocal
    from ..launch_context import LaunchContext


class OnProcessStart(OnActionEventBase):
    """Visits entities when a process has been started."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher | ExecuteLocal | None = None,
        on_start: SomeEntitiesType | Callable[[ProcessStarted, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        from ..actions import ExecuteLocal

        super().__init__(
            action_matcher=target_action,
            on_event=on_start,
            target_event_cls=ProcessStarted,
            target_action_cls=ExecuteLocal,
            **kwargs,
        )


class OnProcessExit(OnActionEventBase):
    """Visits entities when a process has ended."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher | ExecuteLocal | None = None,
        on_exit: SomeEntitiesType | Callable[[ProcessExited, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        from ..actions import ExecuteLocal

        super().__init__(
            action_matcher=target_action,
            on_event=on_exit,
            target_event_cls=ProcessExited,
            target_action_cls=ExecuteLocal,
            **kwargs,
        )


class OnProcessIO(OnActionEventBase):
    """Calls a function with what a process wrote, which returns the entities to visit."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher | ExecuteLocal | None = None,
        on_stdin: Callable[[ProcessIO], SomeEntitiesType | None] | None = None,
        on_stdout: Callable[[ProcessIO], SomeEntitiesType | None] | None = None,
        on_stderr: Callable[[ProcessIO], SomeEntitiesType | None] | None = None,
        **kwargs: Any,
    ) -> None:
        from ..actions import ExecuteLocal

        def handle(event: ProcessIO, context: LaunchContext) -> SomeEntitiesType | None:
            callback = on_stdout if event.from_stdout else on_stderr if event.from_stderr else on_stdin
            return callback(event) if callback is not None else None

        super().__init__(
            action_matcher=target_action,
            on_event=handle,
            target_event_cls=ProcessIO,
            target_action_cls=ExecuteLocal,
            **kwargs,
        )
