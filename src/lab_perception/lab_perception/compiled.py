"""Compilation of the inner loops: how, and where the machine code is kept between runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

# Before numba is imported: packages may be installed where the user cannot write.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lab" / "numba"
os.environ.setdefault("NUMBA_CACHE_DIR", str(_CACHE))


def compiled(function: Function) -> Function:
    """Compiles a loop over arrays at its first call; later processes load the machine code."""
    from numba import njit

    return cast(Function, njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")(function))
