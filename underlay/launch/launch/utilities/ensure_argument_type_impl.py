"""Check of an argument's type that names the argument."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ensure_argument_type(
    argument: Any, types: type | Iterable[type], argument_name: str, caller: str | None = None
) -> None:
    """TypeError that names the argument, its type and the caller if it is none of the types."""
    expected = tuple(types) if isinstance(types, Iterable) else (types,)
    if isinstance(argument, expected):
        return
    where = f" for {caller}" if caller is not None else ""
    names = ", ".join(str(one) for one in expected)
    raise TypeError(
        f"Expected '{argument_name}'{where} to be one of [{names}] but got '{argument}' of type "
        f"'{type(argument)}'"
    )
