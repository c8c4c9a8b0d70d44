"""What a parallel light meets first, by a rasteriser of our own.

A second OpenGL pass would cost 4 to 8 ms where OpenGL is software, however few triangles it has; this takes
1, and knows no OpenGL. Only solids throw shadows: what collides and what stands in the world, an arm by its
shapes for contact. Of each solid the side that the light does not reach counts, so that no surface shades
itself (Y. Wang, S. Molnar, "Second-depth shadow mapping", 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled_for_images
from lab_core.geometry import FloatArray, invert, make_transform
from lab_simulation.scenes.parts import Piece
from lab_simulation.scenes.solids import hull

LightMap = npt.NDArray[np.float32]

_F = np.float32


@dataclass(frozen=True, slots=True)
class LightFrustum:
    """A parallel light over a square.

    world_from_light: (4, 4), z along the light, the origin in the middle of the nearest face. half: half the
    edge of the square, metres. length: metres along the light. pixels: of the map's edge.
    """

    world_from_light: FloatArray
    half: float
    length: float
    pixels: int

    @staticmethod
    def towards(direction: FloatArray, middle: FloatArray, radius: float, pixels: int) -> LightFrustum:
        """The frustum of a light along `direction` (3,) that holds a ball, metres in the world."""
        z = np.asarray(direction) / np.linalg.norm(direction)
        x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
        x /= np.linalg.norm(x)
        rotation = np.column_stack([x, np.cross(z, x), z])
        return LightFrustum(make_transform(rotation, middle - radius * z), radius, 2.0 * radius, pixels)


class ShadowCasters:
    """The solids of one model as triangles."""

    def __init__(self, model: mujoco.MjModel) -> None:
        solid = (model.geom_contype | model.geom_conaffinity).astype(bool) | (model.geom_bodyid == 0)
        corners: list[FloatArray] = [np.zeros((0, 3, 3))]
        owners: list[npt.NDArray[np.int32]] = [np.zeros(0, dtype=np.int32)]
        for geom in np.flatnonzero(solid):
            triangles = _triangles(model, int(geom))
            corners.append(triangles)
            owners.append(np.full(len(triangles), geom, dtype=np.int32))
        self._corners = np.vstack(corners).astype(np.float32)
        self._owners = np.concatenate(owners)

    def cast(self, data: mujoco.MjData, frustum: LightFrustum) -> LightMap:
        """(N, N) metres along the light to where it would leave the first solid; `length` where none is.

        Row and column grow along y and x of the light's frame.
        """
        light_from_world = invert(frustum.world_from_light)
        rotations = light_from_world[:3, :3] @ data.geom_xmat.reshape(-1, 3, 3)
        shifts = data.geom_xpos @ light_from_world[:3, :3].T + light_from_world[:3, 3]
        result = np.full((frustum.pixels, frustum.pixels), frustum.length, dtype=np.float32)
        _rasterise(
            self._corners, self._owners, rotations.astype(np.float32), shifts.astype(np.float32),
            _F(frustum.half), result,
        )  # fmt: skip
        return result


def _triangles(model: mujoco.MjModel, geom: int) -> FloatArray:
    """(T, 3, 3) corners in the geom's frame, counter-clockwise from outside; none of what has no back."""
    kind, size = model.geom_type[geom], model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        vertices = model.mesh_vert[model.mesh_vertadr[mesh] :][: model.mesh_vertnum[mesh]]
        faces = model.mesh_face[model.mesh_faceadr[mesh] :][: model.mesh_facenum[mesh]]
        return np.asarray(vertices[faces], dtype=np.float64)
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        points = Piece("box", tuple(size)).outline()
    elif kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        points = Piece("cylinder", (size[0], size[1], 0.0)).outline()
    elif kind in (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CAPSULE):
        points = Piece("sphere", (size[0], 0.0, 0.0)).outline()
        if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
            points = points + np.sign(points[:, 2:]) * np.array([0.0, 0.0, size[1]])
    else:
        return np.zeros((0, 3, 3))
    solid = hull(points)
    return solid.vertices[solid.faces]


@compiled_for_images
def _rasterise(corners: Any, owners: Any, rotations: Any, shifts: Any, half: Any, result: Any) -> None:
    """Keep at each pixel the least depth of the triangles that face along the light."""
    pixels = result.shape[0]
    to_pixel = _F(pixels) / (_F(2.0) * half)
    a, b, c = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
    for t in range(corners.shape[0]):
        geom = owners[t]
        for k in range(3):
            x, y, z = corners[t, k, 0], corners[t, k, 1], corners[t, k, 2]
            r = rotations[geom]
            a[k] = (r[0, 0] * x + r[0, 1] * y + r[0, 2] * z + shifts[geom, 0] + half) * to_pixel - _F(0.5)
            b[k] = (r[1, 0] * x + r[1, 1] * y + r[1, 2] * z + shifts[geom, 1] + half) * to_pixel - _F(0.5)
            c[k] = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z + shifts[geom, 2]
        area = (a[1] - a[0]) * (b[2] - b[0]) - (a[2] - a[0]) * (b[1] - b[0])
        if area <= _F(1e-6):  # faces the light, or is seen from its edge
            continue
        left, right = (
            max(0, int(np.ceil(min(a[0], a[1], a[2])))),
            min(pixels - 1, int(np.floor(max(a[0], a[1], a[2])))),
        )
        top, bottom = (
            max(0, int(np.ceil(min(b[0], b[1], b[2])))),
            min(pixels - 1, int(np.floor(max(b[0], b[1], b[2])))),
        )
        inverse = _F(1.0) / area
        for v in range(top, bottom + 1):
            for u in range(left, right + 1):
                pa, pb = _F(u), _F(v)
                w0 = (a[1] - pa) * (b[2] - pb) - (a[2] - pa) * (b[1] - pb)
                w1 = (a[2] - pa) * (b[0] - pb) - (a[0] - pa) * (b[2] - pb)
                w2 = area - w0 - w1
                if w0 < _F(0.0) or w1 < _F(0.0) or w2 < _F(0.0):
                    continue
                depth = (w0 * c[0] + w1 * c[1] + w2 * c[2]) * inverse
                if _F(0.0) < depth < result[v, u]:
                    result[v, u] = depth
