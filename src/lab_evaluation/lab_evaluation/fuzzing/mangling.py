"""Bytes and messages that were good and are spoilt in a few places: what a decoder meets behind its door."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from lab_evaluation.fuzzing.ros_messages import LIST, values

Mangling = tuple[str, int, bytes]
"""How, where (of 10,000 parts of the content), and with what."""
Spoiling = tuple[tuple[Any, ...], Any]
"""Fields and indices that lead to a value of a message, and what stands there instead."""

_PARTS = 10_000
_BYTES = st.sampled_from([b"\0", b"\xff", b"\0" * 8, b"\xff" * 8, b"\x7f\xf8" * 4, b"nan", b"9" * 40, b"\n"])


def manglings() -> st.SearchStrategy[list[Mangling]]:
    """One to four changes of any content."""
    ways = st.sampled_from(("cut", "put", "replace", "double", "remove"))
    return st.lists(st.tuples(ways, st.integers(0, _PARTS), _BYTES), min_size=1, max_size=4)


def mangled(content: bytes, changes: Sequence[Mangling]) -> bytes:
    """The content after the changes."""
    for how, where, what in changes:
        at = len(content) * where // _PARTS
        rest = content[at:]
        if how == "cut":
            content = content[:at]
        elif how == "put":
            content = content[:at] + what + rest
        elif how == "replace":
            content = content[:at] + what + rest[len(what) :]
        elif how == "double":
            content = content[:at] + rest[:200] + rest
        else:
            content = content[:at] + rest[len(what) :]
    return content


def spoilings(message: Any) -> st.SearchStrategy[list[Spoiling]]:
    """One to three values of a message replaced by others of their types."""
    places = st.sampled_from(list(_places(message, ())))
    change = places.flatmap(lambda place: st.tuples(st.just(place[0]), values(place[1])))
    return st.lists(change, min_size=1, max_size=3)


def spoilt(message: Any, changes: Sequence[Spoiling]) -> Any:
    """A copy of the message after the changes; one whose place a change before took away is left out."""
    message = copy.deepcopy(message)
    for path, value in changes:
        try:
            holder = message
            for step in path[:-1]:
                holder = _at(holder, step)
            if isinstance(path[-1], str):
                setattr(holder, path[-1], copy.deepcopy(value))
            else:
                holder[path[-1]] = value
        except IndexError:
            continue
    return message


def _at(holder: Any, step: str | int) -> Any:
    return getattr(holder, step) if isinstance(step, str) else holder[step]


def _places(message: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every field of a message, its type, and the first and the last item of its lists."""
    for name, words in message.get_fields_and_field_types().items():
        value, here = getattr(message, name), (*path, name)
        yield here, words
        if hasattr(value, "get_fields_and_field_types"):
            yield from _places(value, here)
        elif (listed := LIST.fullmatch(words)) and len(value):
            for index in dict.fromkeys((0, len(value) - 1)):
                if hasattr(value[index], "get_fields_and_field_types"):
                    yield from _places(value[index], (*here, index))
                elif "int" not in (listed[1] or listed[2]):  # bytes are pixels
                    yield (*here, index), listed[1] or listed[2]
