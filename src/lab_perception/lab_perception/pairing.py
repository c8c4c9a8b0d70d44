"""Colour and depth of the same instant, matched by their stamps alone."""

from __future__ import annotations

from typing import Generic, TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


class Pairing(Generic[First, Second]):
    """Waits for the other half of each pair; drivers stamp both images of one exposure alike."""

    def __init__(self, waiting: int = 8) -> None:
        """waiting: halves of each kind that are kept; older ones are given up."""
        self._waiting = waiting
        self._first: dict[int, First] = {}
        self._second: dict[int, Second] = {}

    def put_first(self, stamp: int, item: First) -> tuple[First, Second] | None:
        """The pair, when this completes one."""
        if stamp in self._second:
            return item, self._second.pop(stamp)
        self._keep(self._first, stamp, item)
        return None

    def put_second(self, stamp: int, item: Second) -> tuple[First, Second] | None:
        """The pair, when this completes one."""
        if stamp in self._first:
            return self._first.pop(stamp), item
        self._keep(self._second, stamp, item)
        return None

    def _keep(self, halves: dict[int, First] | dict[int, Second], stamp: int, item: object) -> None:
        halves[stamp] = item  # type: ignore[assignment]
        while len(halves) > self._waiting:
            del halves[next(iter(halves))]
