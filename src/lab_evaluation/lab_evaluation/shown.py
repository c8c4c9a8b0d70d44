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

    The segment's points are told as if the camera were where the cell says; the rays go from where it is, and
    begin at its nearest depth, as its own housing is around it.
    """
    model, data, camera = simulation.model, simulation.data, simulation.cell.camera
    points = segment.points[np.isfinite(segment.points).all(axis=1)]
    points = points[:: max(1, len(points) // RAYS)]
    world_from_camera = simulation.world_from_camera()
    seen = transform_points(invert(camera.base_from_camera), points)
    rays = seen @ world_from_camera[:3, :3].T
    starts = world_from_camera[:3, 3] + rays * (camera.near / seen[:, 2:])
    found: Counter[str] = Counter()
    for start, ray in zip(starts, rays, strict=True):
        geom = np.array([-1], dtype=np.int32)
        mujoco.mj_ray(model, data, start, ray, None, True, -1, geom)
        if geom[0] >= 0:
            found[model.body(int(model.geom_bodyid[geom[0]])).name] += 1
    parts = {name: count for name, count in found.items() if name in simulation.parts}
    return max(sorted(parts), key=lambda name: parts[name], default="")
