"""How inner loops are compiled, and where their machine code is kept between runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
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


@cache
def _njit() -> Any:
    """Numba's decorator, without what numba loads where it can and no loop here uses.

    The package coverage: 4 MB of a node, and 0.2 s of its start. SciPy's linear algebra, which numba looks
    for to know whether a compiled loop may call np.cov: 10 MB.
    """
    hidden = [name for name in ("coverage", "scipy.linalg") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import numba.np.arraymath  # looks for it while it is loaded
    finally:
        for name in hidden:
            del sys.modules[name]
    return numba.njit
