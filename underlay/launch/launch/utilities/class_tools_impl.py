"""Checks of classes that also take instances."""

import inspect
from typing import Any


def is_a(obj: Any, entity_type: type) -> bool:
    """Whether obj is an instance of the type."""
    return isinstance(obj, entity_type)


def is_a_subclass(obj: Any, entity_type: type) -> bool:
    """Whether obj is an instance, or a subclass, of the type."""
    return is_a(obj, entity_type) or (inspect.isclass(obj) and issubclass(obj, entity_type))
