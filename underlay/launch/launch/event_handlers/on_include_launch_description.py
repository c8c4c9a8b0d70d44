"""Handler that visits included launch descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events import IncludeLaunchDescription
from ..utilities import is_a_subclass

if TYPE_CHECKING:
    from ..launch_context import LaunchContext
    from ..launch_description import LaunchDescription


class OnIncludeLaunchDescription(BaseEventHandler):
    """Yields the description of every include event."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(matcher=lambda event: is_a_subclass(event, IncludeLaunchDescription), **kwargs)

    def handle(self, event: Event, context: LaunchContext) -> LaunchDescription:
        super().handle(event, context)
        return event.launch_description  # type: ignore[attr-defined, no-any-return]
