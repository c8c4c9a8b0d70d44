"""Whether MuJoCo takes a mesh: it refuses some that are closed and have a volume."""

from __future__ import annotations

import mujoco

from lab_simulation.scenes.solids import Solid


def simulated(solid: Solid) -> bool:
    """Whether a world with a body of this mesh can be compiled."""
    spec = mujoco.MjSpec()
    spec.add_mesh(
        name="mesh", uservert=solid.vertices.ravel().tolist(), userface=solid.faces.ravel().tolist()
    )
    body = spec.worldbody.add_body()
    body.add_freejoint()
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="mesh", mass=0.1)
    try:
        spec.compile()
    except (ValueError, mujoco.FatalError):
        return False
    return True
