"""Who is given how many inputs, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeVar

from lab_evaluation.fuzzing.target import Target

T = TypeVar("T")


def shares(targets: Sequence[Target], inputs: int, groups: Mapping[str, float]) -> list[int]:
    """How many of so many inputs each target is given; at least one.

    groups: what each group is given, in shares of any sum. In a group a target with a share of its own (of
    all inputs) is given that; the others are given what is left, all the same.
    """
    there = list(dict.fromkeys(target.group for target in targets))
    until = list(accumulate((groups[group] for group in there), initial=0.0))
    ends = [round(inputs * each / until[-1]) for each in until]
    given = {
        index: max(1, round(inputs * target.share)) for index, target in enumerate(targets) if target.share
    }
    for group, begin, end in zip(there, ends, ends[1:], strict=False):
        own = [index for index, target in enumerate(targets) if target.group == group]
        even = [index for index in own if index not in given]
        left = end - begin - sum(given[index] for index in own if index in given)
        for place, index in enumerate(even):
            given[index] = max(1, left // len(even) + (place < left % len(even)))
    return [given[index] for index in range(len(targets))]


def in_turn(given: Sequence[tuple[T, Sequence[int]]]) -> list[tuple[T, int]]:
    """Turns of these sizes, so ordered that each has had the same part of its turns at any time."""
    placed = [
        ((turn + 0.5) / len(sizes), index, size)
        for index, (_, sizes) in enumerate(given)
        for turn, size in enumerate(sizes)
    ]
    return [(given[index][0], size) for _, index, size in sorted(placed)]
