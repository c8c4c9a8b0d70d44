"""Message classes by the names of their types."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def message_class(kind: str) -> Any:
    """The Python class of a type such as `sensor_msgs/msg/Image` or `std_srvs/srv/Trigger`.

    Raises LookupError when it is not installed.
    """
    package, section, name = kind.split("/")
    try:
        return getattr(import_module(f"{package}.{section}"), name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"message type {kind} is not installed: build or source its package") from error
