"""Why the support is not where the cell says, as far as the depth itself tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lab_perception.errors import NoSupport
from lab_perception.frame import Float32Image, WorkArea
from lab_perception.support import SupportSettings, find_support
from lab_perception.view import View

# What depth is taken for, times this, would be metres.
_UNITS = {
    1e-3: "a thousand times too large, as millimetres taken for metres are",
    1e3: "a thousand times too small, as metres taken for millimetres are",
    0.1: "ten times too large, as with a unit of 0.1 mm",
    0.25: "four times too large, as with a unit of 0.25 mm",
    10.0: "ten times too small",
}
# How far off a support is searched for: metres and radians.
_FAR_OFF, _STEEP = 0.15, 0.35


def likely_cause(view: View, inverse_depth: Float32Image, area: WorkArea, settings: SupportSettings) -> str:
    """What would have to be otherwise for the support to be found, and the fix; empty where nothing is known.

    inverse_depth: (h, w) 1/m as it came, 0 where there is no data.
    """
    sparse = inverse_depth[::6, ::6]
    along = view.rays[::6, ::6][sparse > 0.0] / sparse[sparse > 0.0][:, None]
    origin = view.base_from_camera[:3, 3].astype(np.float32)

    def on_area(points: Float32Image) -> Float32Image:
        inside = (points[:, :2] > area.lower[:2]).all(1) & (points[:, :2] < area.upper[:2]).all(1)
        return points[inside]

    for factor, words in _UNITS.items():
        try:
            find_support(on_area(np.float32(factor) * along + origin), area.centre, settings)
        except NoSupport:
            continue
        return f"the depth is {words}: check the unit of the depth image (16UC1 is millimetres, 32FC1 metres)"
    try:
        anywhere = replace(settings, height_tolerance=_FAR_OFF, max_tilt=_STEEP)
        plane = find_support(on_area(along + origin), area.centre, anywhere)
    except NoSupport:
        return ""
    above = -1e3 * plane.signed_distance(area.centre) / plane.normal[2]
    tilt = np.degrees(np.arccos(np.clip(plane.normal[2], -1.0, 1.0)))
    where = f"{abs(above):.0f} mm {'above' if above > 0.0 else 'below'} it"
    tilted = f", tilted by {tilt:.0f}°" if tilt >= 1.0 else ""
    return f"a surface lies {where}{tilted}: correct the table height in the cell's file or the camera's pose"
