"""A Python function as an action."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..utilities import ensure_argument_type

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class OpaqueFunction(Action):
    """Calls function(context, *args, **kwargs), which may return entities to visit."""

    def __init__(
        self,
        *,
        function: Callable[..., list[LaunchDescriptionEntity] | None],
        args: Iterable[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        **left_over_kwargs: Any,
    ) -> None:
        super().__init__(**left_over_kwargs)
        if not callable(function):
            raise TypeError(f"OpaqueFunction expected a callable for 'function', got '{type(function)}'")
        ensure_argument_type(args, (Iterable, type(None)), "args", "OpaqueFunction")
        ensure_argument_type(kwargs, (dict, type(None)), "kwargs", "OpaqueFunction")
        self.__function = function
        self.__args = () if args is None else args
        self.__kwargs = {} if kwargs is None else kwargs

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        return self.__function(context, *self.__args, **self.__kwargs)
