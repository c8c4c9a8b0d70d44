"""toppra without what it imports to draw and for paths of its own, neither of which is used here: matplotlib,
25 MB and 0.3 s of a node, and SciPy's splines, 40 MB.
"""

from __future__ import annotations

import sys
from types import ModuleType

_UNUSED = {
    "matplotlib": (),
    "matplotlib.pyplot": (),
    "scipy.interpolate": ("BPoly", "CubicSpline", "PPoly", "UnivariateSpline"),
}
_absent = [name for name in _UNUSED if name not in sys.modules]
for _name in _absent:
    sys.modules[_name] = ModuleType(_name)
    vars(sys.modules[_name]).update(dict.fromkeys(_UNUSED[_name]))
try:
    import toppra
    import toppra.algorithm
    import toppra.constraint
finally:
    for _name in _absent:  # whoever wants them gets the real ones
        del sys.modules[_name]

__all__ = ["toppra"]
