"""The basic English name of a colour.

Eleven basic colour terms (B. Berlin, P. Kay, "Basic color terms", 1969), told apart by hue, chroma and
lightness in Oklab (B. Ottosson, 2020), whose hue stays even where that of CIELAB drifts (blue towards
purple).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.geometry import oklab

# Upper end of each name's hue, degrees in Oklab; above the last it is pink and red again.
_HUES = (
    (12.0, "pink"),
    (42.0, "red"),
    (82.0, "orange"),
    (118.0, "yellow"),
    (178.0, "green"),
    (282.0, "blue"),
    (325.0, "purple"),
    (360.0, "pink"),
)


def color_name(rgb: npt.ArrayLike) -> str:
    """Basic English name of one sRGB colour (3,) in 0..1."""
    return name_in_oklab(*(float(axis) for axis in oklab(rgb)))


def name_in_oklab(lightness: float, a: float, b: float) -> str:
    """Basic English name of a colour in Oklab."""
    chroma = float(np.hypot(a, b))
    hue = float(np.degrees(np.arctan2(b, a)) % 360.0)
    if lightness < 0.2 or (lightness < 0.3 and chroma < 0.03):
        return "black"
    if chroma < 0.035:
        return "white" if lightness > 0.88 else "grey"
    name = next(name for upper, name in _HUES if hue <= upper)
    if (name == "orange" and lightness < 0.58) or (name == "yellow" and lightness < 0.45):
        return "brown"
    if name == "red" and lightness > 0.72:
        return "pink"
    if name == "pink" and lightness < 0.6:
        return "red" if hue <= 12.0 and lightness > 0.3 and chroma > 0.12 else "purple"
    return name
