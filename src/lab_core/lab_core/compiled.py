"""How inner loops are compiled, and where their machine code is kept between runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar, cast

from lab_core.cache import cache_folder

Function = TypeVar("Function", bound=Callable[..., object])

# Before numba is imported: packages may be installed where the user cannot write.
os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder("numba")))


def compiled(function: Function) -> Function:
    """Compile a loop over arrays once per machine: on one core, without the interpreter lock; a division by
    zero gives what NumPy gives.
    """
    from numba import njit

    return cast(Function, njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")(function))


def compiled_for_images(function: Function) -> Function:
    """The same where the order of sums does not matter: pixels of a rendered picture, never a decision."""
    from numba import njit

    return cast(Function, njit(cache=True, nogil=True, fastmath=True)(function))
