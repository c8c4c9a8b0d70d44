"""The end of the launch as an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import launch.logging

from ..events import Shutdown as ShutdownEvent
from ..events.process import ProcessExited
from ..launch_description_entity import LaunchDescriptionEntity
from .emit_event import EmitEvent

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class Shutdown(EmitEvent):
    """Ends the launch."""

    def __init__(self, *, reason: str = "reason not given", **kwargs: Any) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), **kwargs)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        cause = context.get_locals_as_dict().get("event")
        if isinstance(cause, ProcessExited):
            launch.logging.get_logger("launch").info(
                f"process[{cause.process_name}] was required: shutting down launched system"
            )
        return super().execute(context)
