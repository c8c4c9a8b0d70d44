"""toppra without matplotlib, which it imports to draw what nobody draws here: 25 MB and 0.3 s of a node."""

from __future__ import annotations

import sys
from types import ModuleType

_PLOTS = ("matplotlib", "matplotlib.pyplot")
_absent = [name for name in _PLOTS if name not in sys.modules]
sys.modules.update({name: ModuleType(name) for name in _absent})
try:
    import toppra
    import toppra.algorithm
    import toppra.constraint
finally:
    for _name in _absent:  # whoever wants to draw gets the real one
        del sys.modules[_name]

__all__ = ["toppra"]
