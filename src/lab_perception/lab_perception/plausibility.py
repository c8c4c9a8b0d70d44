"""Images that look right and may not be: what speaks against them, in one sentence with the likely cause.

None of it keeps a scene from being made: it is told beside it. What cannot be told from images is red and
blue that changed places, and a camera that looks straight down and is mounted the other way up than its pose
says: both pictures are as good as the right ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.geometry import Plane
from lab_perception.alignment import colour_shift
from lab_perception.frame import ByteImage, Mask, RgbdFrame, WorkArea
from lab_perception.support import SupportSettings
from lab_perception.view import View

# Brightest hundredth of the area in the brightest channel: darker than a tenth of white.
_DARK = 24
# What is white in all channels; shares of the area that are worth a word, and that hide everything.
_WHITE, _MUCH, _ALL = 250, 0.4, 0.8
# Share of what is allowed for the support that is worth a word.
_NEARLY = 0.75
# Metres below the support from which something else lies, and to which it is looked for. Share of the pixels
# that a larger surface there takes, and how many times as many as the support.
_UNDER, _DEEP, _SHARE, _MORE = 0.015, 0.3, 0.25, 2.0
# Metres of a slice of height in which a surface that is wavy, or not quite parallel, still lies with another.
_SLICE = 0.008
_STRIDE = 4
# Pixels of a shift that are worth a word.
_SOME = 3


def doubt(frame: RgbdFrame, view: View, area: WorkArea, support: Plane, settings: SupportSettings) -> str:
    """What speaks against an image in which the support was found; empty where nothing does.

    view: of the work area in the frame.
    """
    return (
        exposure(frame, view)[0]
        or _off(support, area, settings)
        or _larger_below(frame, view, support, settings)
        or _shifted(frame, view, support)
    )


def exposure(frame: RgbdFrame, view: View) -> tuple[str, bool]:
    """What is wrong with the light, empty for nothing, and whether the colour image shows nothing at all."""
    on_area = view.on_area[::_STRIDE, ::_STRIDE]
    if frame.hidden is not None:
        on_area = on_area & ~view.crop(frame.hidden)[::_STRIDE, ::_STRIDE]
    pixels: ByteImage = view.crop(frame.color)[::_STRIDE, ::_STRIDE][on_area]
    if len(pixels) == 0:
        return "", False
    brightest = float(np.percentile(pixels.max(axis=1), 99.0))
    if brightest < _DARK:
        return (
            f"the colour image is dark (99 % of the work area below {brightest:.0f} of 255), so that parts"
            " are told by depth alone: check the light, the exposure and the lens cap",
            True,
        )
    white = float((pixels.min(axis=1) >= _WHITE).mean())
    if white > _MUCH:
        return (
            f"the colour image is blown out ({white:.0%} of the work area is white), so that parts may be"
            " missed: lower exposure or gain, or dim the light",
            white > _ALL,
        )
    return "", False


def _off(support: Plane, area: WorkArea, settings: SupportSettings) -> str:
    above = -float(support.signed_distance(area.centre) / support.normal[2])
    tilt = float(np.arccos(np.clip(support.normal[2], -1.0, 1.0)))
    fix = "it is used as it was measured: correct the table height in the cell's file or the camera's pose"
    # a small table says little of its tilt
    if tilt > _NEARLY * settings.max_tilt and not area.is_small:
        return f"the table is tilted by {np.degrees(tilt):.1f}° against the cell's file; {fix}"
    if abs(above) > _NEARLY * settings.height_tolerance:
        where = "above" if above > 0.0 else "below"
        return f"the table lies {abs(1e3 * above):.0f} mm {where} its height in the cell's file; {fix}"
    return ""


def _larger_below(frame: RgbdFrame, view: View, support: Plane, settings: SupportSettings) -> str:
    """The top of a part may lie where the table should."""
    depth = view.crop(frame.depth)[::_STRIDE, ::_STRIDE]
    known: Mask = (depth > 0.0) & view.on_area[::_STRIDE, ::_STRIDE]
    if not known.any():
        return ""
    origin = view.base_from_camera[:3, 3].astype(np.float32)
    points = view.rays[::_STRIDE, ::_STRIDE][known] * depth[known][:, None] + origin
    heights = support.signed_distance(points)
    below = -heights[(heights < -_UNDER) & (heights > -_DEEP)]
    on_support = np.count_nonzero(np.abs(heights) < settings.inlier_distance)
    counts = np.bincount((below / _SLICE).astype(np.intp), minlength=2)
    slabs: npt.NDArray[np.intp] = counts[1:] + counts[:-1]
    most = int(slabs.max())
    if most < max(_SHARE * len(heights), _MORE * on_support):
        return ""
    lower = (int(np.argmax(slabs)) + 1) * _SLICE
    return (
        f"a larger level surface lies {1e3 * lower:.0f} mm below what is taken for the table, which may be"
        " the top of a part: correct the table height in the cell's file or the camera's pose"
    )


def _shifted(frame: RgbdFrame, view: View, support: Plane) -> str:
    shift = colour_shift(frame, view, support)
    if shift is None:
        return ""
    across, down = shift
    words = [
        f"{abs(pixels)} pixels {word}"
        for pixels, word in (
            (across, "to the right" if across > 0 else "to the left"),
            (down, "down" if down > 0 else "up"),
        )
        if abs(pixels) >= _SOME
    ]
    return (
        f"the colour image is shifted against the depth image by {' and '.join(words)}: let the driver align"
        " depth to colour, and calibrate the camera where it does"
    )
