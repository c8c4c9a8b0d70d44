"""The basic English name of a colour.

Eleven basic colour terms (B. Berlin, P. Kay, "Basic color terms", 1969), told apart by hue, chroma and
lightness in Oklab (B. Ottosson, 2020), whose hue stays even where that of CIELAB drifts (blue towards
purple).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, oklab
from lab_core.scene import ColourShare

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

NAMES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "grey", "white")
_RED, _ORANGE, _YELLOW, _, _, _PURPLE, _PINK, _BROWN, _BLACK, _GREY, _WHITE = range(len(NAMES))
_GAMMA = 2.2
# Light on a face that is turned away, as a share of that on the others, and on one with a highlight.
_SHADES = (0.3, 1.6)
# Difference in a channel, 0..1, of two sights of one paint.
_ALIKE = 0.09
# Smaller shares are the border of the part.
_LEAST_SHARE = 0.03


def color_name(rgb: npt.ArrayLike) -> str:
    """Basic English name of one sRGB colour (3,) in 0..1."""
    return name_in_oklab(*(float(axis) for axis in oklab(rgb)))


def name_in_oklab(lightness: float, a: float, b: float) -> str:
    """Basic English name of a colour in Oklab."""
    return NAMES[int(names_in_oklab(np.array([[lightness, a, b]]))[0])]


def names_in_oklab(colors: FloatArray) -> npt.NDArray[np.intp]:
    """Index (N,) in NAMES of each of some colours (N, 3) in Oklab."""
    lightness, a, b = colors.T
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a)) % 360.0
    vivid = np.array([NAMES.index(name) for _, name in _HUES])
    name = vivid[np.minimum(np.searchsorted([upper for upper, _ in _HUES], hue), len(_HUES) - 1)]
    dull_orange = (name == _ORANGE) & (lightness < np.where(chroma < 0.115, 0.58, 0.45))
    brown = dull_orange | ((name == _YELLOW) & (lightness < 0.45))
    dark_pink = (name == _PINK) & (lightness < np.where((hue > 12.0) & (hue < 340.0), 0.6, 0.55))
    dark_red = dark_pink & (hue <= 12.0) & (lightness > 0.3) & (chroma > 0.12)
    pale_red = (name == _RED) & (lightness > 0.72)
    name = np.select([brown, dark_red, dark_pink, pale_red], [_BROWN, _RED, _PURPLE, _PINK], name)
    name = np.where(chroma < 0.035, np.where(lightness > 0.88, _WHITE, _GREY), name)
    black = (lightness < 0.2) | ((lightness < 0.32) & (chroma < 0.042))
    result: npt.NDArray[np.intp] = np.where(black, _BLACK, name)
    return result


def color_shares(pixels: npt.NDArray[np.uint8], dominant: FloatArray) -> tuple[ColourShare, ...]:
    """The colours of pixels (N, 3) RGB, the largest share first. dominant: (3,) RGB 0..1, see objects.

    A face in the shade has the paint of the lit ones: light that is a share of that of the dominant colour,
    in all three channels, counts as it.
    """
    values = pixels[:: max(1, len(pixels) // 500)].astype(np.float64) / 255.0
    paint = np.maximum(dominant, 1e-3) ** _GAMMA
    light = values**_GAMMA
    share = np.clip(light @ paint / (paint @ paint), *_SHADES)
    apart = np.abs(values - (share[:, None] * paint) ** (1.0 / _GAMMA)).max(axis=1)
    names = names_in_oklab(oklab(values))
    names[apart < _ALIKE] = names_in_oklab(oklab(dominant[None]))[0]
    counts = np.bincount(names, minlength=len(NAMES)) / max(len(names), 1)
    order = np.argsort(-counts, kind="stable")
    return tuple(ColourShare(NAMES[i], float(counts[i])) for i in order if counts[i] >= _LEAST_SHARE)
