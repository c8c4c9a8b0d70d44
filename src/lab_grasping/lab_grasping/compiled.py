"""The one place that decides how inner loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a loop over arrays once per machine: cached on disk, without the interpreter lock, on one
    core.
    """
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
