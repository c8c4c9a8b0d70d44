"""Why the support is not where the cell says, as far as the depth itself tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lab_core.geometry import Plane
from lab_perception.errors import NoSupport
from lab_perception.frame import Float32Image, RgbdFrame, WorkArea
from lab_perception.support import SupportSettings, find_support
from lab_perception.view import View

# How many times too far everything is, and what makes it so.
_UNITS = {
    1000.0: "a thousand times too large, as millimetres taken for metres are",
    1e-3: "a thousand times too small, as metres taken for millimetres are",
    10.0: "ten times too large, as with a unit of 0.1 mm",
    4.0: "four times too large, as with a unit of 0.25 mm",
    0.25: "four times too small",
    0.1: "ten times too small",
}
# By which factor depth may differ from that of the table in such a unit, as parts are nearer. Nothing in a
# cell is a hundred times too near or too far: that is a unit whatever it looks like, whole millimetres too.
_ABOUT, _ROUGHLY, _BEYOND_DOUBT = 1.5, 3.0, 100.0
# How far off a support is searched for, metres and radians, near ones first: a floor beside the table may be
# larger than it. What lies lower than the last number is no table.
_FAR_OFF = ((0.15, 0.35), (0.5, 0.8), (2.0, 0.8))
_FLOOR = 0.3
# Degrees that are not worth a word.
_LEVEL = 2.0
# Share of what is seen that lies on a surface worth to be named.
_MOST = 0.12
_STRIDE = 6


def likely_cause(frame: RgbdFrame, view: View, area: WorkArea, settings: SupportSettings) -> str:
    """What would have to be otherwise for the support to be found, and the fix; empty where nothing is known.

    view: of the work area in the frame.
    """
    depth = view.crop(frame.depth)
    return (
        _unit(depth, view, area, settings)
        or _upside_down(frame.depth, view, area, settings)
        or _elsewhere(depth, view, area, settings)
    )


def _unit(depth: Float32Image, view: View, area: WorkArea, settings: SupportSettings) -> str:
    origin = view.base_from_camera[:3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.float32(area.support_height - origin[2]) / view.rays[..., 2]
    known = (depth > 0.0) & view.on_area
    if not known.any():
        return ""
    ratio = float(np.median(depth[known] / expected[known]))
    for factor, words in _UNITS.items():
        sure = max(factor, 1.0 / factor) > _BEYOND_DOUBT
        about = _ROUGHLY if sure else _ABOUT
        if not 1.0 / about < ratio / factor < about:
            continue
        if not sure and not _fits(depth / factor, view, area, settings):
            continue
        return f"the depth is {words}: check the unit of the depth image (16UC1 is millimetres, 32FC1 metres)"
    return ""


def _upside_down(depth: Float32Image, view: View, area: WorkArea, settings: SupportSettings) -> str:
    """depth: (H, W) of the whole frame."""
    if not _fits(view.crop(depth[::-1, ::-1]), view, area, settings):
        return ""
    return (
        "the image is upside down against the camera's pose in the cell's file:"
        " let the driver turn it, or correct the pose"
    )


def _elsewhere(depth: Float32Image, view: View, area: WorkArea, settings: SupportSettings) -> str:
    for distance, steepness in _FAR_OFF:
        wider = replace(settings, height_tolerance=distance, max_tilt=steepness, min_inlier_fraction=_MOST)
        plane = _plane(depth, view, area, wider)
        if plane is not None:
            break
    else:
        return ""
    above = -float(plane.signed_distance(area.centre) / plane.normal[2])
    tilt = float(np.degrees(np.arccos(np.clip(plane.normal[2], -1.0, 1.0))))
    where = f"a surface lies {abs(1e3 * above):.0f} mm {'above' if above > 0.0 else 'below'} it"
    if above < -_FLOOR:
        return f"{where}, as where the table is gone: put it back, or correct the camera's pose"
    if tilt < _LEVEL:
        return f"{where}: correct the table height in the cell's file or the camera's pose"
    return (
        f"{where}, tilted by {tilt:.0f}°: correct the table height in the cell's file or the camera's pose,"
        " or let the driver align depth to colour"
    )


def _fits(depth: Float32Image, view: View, area: WorkArea, settings: SupportSettings) -> bool:
    return _plane(depth, view, area, replace(settings, min_inlier_fraction=_MOST)) is not None


def _plane(depth: Float32Image, view: View, area: WorkArea, settings: SupportSettings) -> Plane | None:
    """The support in the pixels that show the area when it is empty, wherever their depth puts them."""
    sparse = depth[::_STRIDE, ::_STRIDE]
    known = (sparse > 0.0) & view.on_area[::_STRIDE, ::_STRIDE]
    origin = view.base_from_camera[:3, 3].astype(np.float32)
    points = view.rays[::_STRIDE, ::_STRIDE][known] * sparse[known][:, None].astype(np.float32) + origin
    try:
        return find_support(points, area.centre, settings)
    except NoSupport:
        return None
