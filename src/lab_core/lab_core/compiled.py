"""How inner loops are compiled, and where their machine code is kept between runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

from lab_core.cache import cache_folder

Function = TypeVar("Function", bound=Callable[..., object])

# Before numba is imported: packages may be installed where the user cannot write.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder("numba")))


def compiled(function: Function) -> Function:
    """Compile a loop over arrays once per machine: on one core, without the interpreter lock; a division by
    zero gives what NumPy gives.
    """
    return cast(Function, _njit()(cache=True, nogil=True, boundscheck=False, error_model="numpy")(function))


def compiled_for_images(function: Function) -> Function:
    """The same where the order of sums does not matter: pixels of a rendered picture, never a decision."""
    return cast(Function, _njit()(cache=True, nogil=True, fastmath=True)(function))


def _njit() -> Any:
    """Numba's decorator, without the package coverage, which numba loads where there is one.

    Unless somebody measures, it costs a node 4 MB and 0.2 s of its start for nothing.
    """
    name = "coverage"
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        from numba import njit
    finally:
        if hidden:
            del sys.modules[name]
    return njit
