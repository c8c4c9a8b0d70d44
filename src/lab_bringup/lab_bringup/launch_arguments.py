"""Launch arguments that a launch file does not have are refused; `launch` lets them pass in silence."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument, OpaqueFunction


def no_others_than(declared: Sequence[DeclareLaunchArgument], file: str) -> OpaqueFunction:
    """For a launch description, behind its arguments: ends a launch that gives it one that it does not have.

    file: the launch file, `__file__`. Included by another, whose arguments are its own business, it looks at
    none.
    """
    known = [argument.name for argument in declared]

    def refuse(context: LaunchContext) -> None:
        if not any(Path(word).name == Path(file).name for word in sys.argv):
            return
        for word in context.argv:
            name = word.partition(":=")[0]
            if ":=" in word and name not in known:
                raise RuntimeError(f"there is no launch argument '{name}': {_hint(name, known)}")

    return OpaqueFunction(function=refuse)


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}"
