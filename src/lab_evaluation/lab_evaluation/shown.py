"""Which part of the simulator a segment of the image shows, wherever the cell thinks that its camera is."""

from __future__ import annotations

from collections import Counter

import mujoco
import numpy as np

from lab_core.geometry import invert, transform_points
from lab_core.scene import Part
from lab_simulation.mujoco.simulation import Simulation

RAYS = 60


def shown_part(simulation: Simulation, segment: Part) -> str:
    """Name of the part that most of the segment's points fall on, now; empty where they fall on none.

    The segment's points are where the cell's camera was told to be; the rays begin where it is.
    """
    model, data = simulation.model, simulation.data
    points = segment.points[np.isfinite(segment.points).all(axis=1)]
    points = points[:: max(1, len(points) // RAYS)]
    world_from_camera = simulation.world_from_camera()
    seen = transform_points(invert(simulation.cell.camera.base_from_camera), points)
    eye = np.ascontiguousarray(world_from_camera[:3, 3])
    found: Counter[str] = Counter()
    for ray in seen @ world_from_camera[:3, :3].T:
        geom = np.array([-1], dtype=np.int32)
        mujoco.mj_ray(model, data, eye, ray, None, 1, -1, geom)
        if geom[0] >= 0:
            found[model.body(int(model.geom_bodyid[geom[0]])).name] += 1
    parts = {name: count for name, count in found.items() if name in simulation.parts}
    return max(sorted(parts), key=lambda name: parts[name], default="")
