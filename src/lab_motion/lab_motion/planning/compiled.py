"""How functions of numbers are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile once per machine: cached on disk, without the interpreter lock."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
