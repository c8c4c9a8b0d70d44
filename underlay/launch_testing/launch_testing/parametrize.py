"""One test description, several launches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

Description = Callable[..., Any]


def parametrize(
    argnames: str | Sequence[str], argvalues: Iterable[Any]
) -> Callable[[Description], Callable[[], Iterator[tuple[Description, dict[str, Any]]]]]:
    """Decorator: launch once with each of the values, as pytest.mark.parametrize does with a test.

    argnames: names of the description's arguments, separated by commas. argvalues: a value, or a tuple of
    values, per launch. Tests of these names get the arguments too.
    """
    names = [name.strip() for name in argnames.split(",")] if isinstance(argnames, str) else list(argnames)
    rows = [value if isinstance(value, tuple) else (value,) for value in argvalues]

    def decorate(function: Description) -> Callable[[], Iterator[tuple[Description, dict[str, Any]]]]:
        @functools.wraps(function)
        def launches() -> Iterator[tuple[Description, dict[str, Any]]]:
            for row in rows:
                arguments = dict(zip((name for name in names if name), row, strict=True))
                description = functools.partial(function, **arguments)
                functools.update_wrapper(description, function)
                yield description, arguments

        launches.__parametrized__ = True  # type: ignore[attr-defined]
        return launches

    return decorate
