"""What is where in an image: geom and depth of each pixel in one OpenGL pass, for any camera.

Colour is not drawn here. MuJoCo's segmentation pass needs neither light nor texture, so it costs less than
its colour pass, and whatever shades its pixels knows what each of them is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera
from lab_simulation.mujoco.camera import ViewPlanes, visual_options
from lab_simulation.mujoco.rendering import Renderer
from lab_simulation.mujoco.world import HIDDEN_GROUP

IdImage = npt.NDArray[np.int32]
DepthImage = npt.NDArray[np.float32]

NOTHING = -1
"""Geom of a pixel that shows none."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """geoms: (H, W) geom of each pixel, NOTHING where there is none. depth: (H, W) along the optical axis,
    metres, 0 where there is nothing.
    """

    geoms: IdImage
    depth: DepthImage


class GeometryPass(Protocol):
    """A renderer of geometry bound to one model; lives in the thread that made it."""

    def view(self, data: mujoco.MjData, world_from_optical: FloatArray, pinhole: PinholeCamera) -> Geometry:
        """What a camera at a pose (4, 4) of its optical frame would see."""

    def close(self) -> None:
        """Give back what the renderer holds."""


def open_geometry(renderer: Renderer, model: mujoco.MjModel, width: int, height: int) -> GeometryPass:
    """A geometry pass for images of at most this size, pixels."""
    if renderer == "raycast":
        return RayGeometry(model)
    return GlGeometry(renderer, model, width, height)


class GlGeometry:
    """By OpenGL, in one pass."""

    def __init__(self, platform: str, model: mujoco.MjModel, width: int, height: int) -> None:
        if platform == "egl":
            from mujoco.egl import GLContext
        else:
            from mujoco.osmesa import GLContext
        self._model = model
        self._gl = GLContext(width, height)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = mujoco.MjvScene(model, maxgeom=2 * model.ngeom + 100)
        self._scene.flags[:] = 0
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = 1
        self._scene.flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = 1
        self._option = visual_options()
        self._camera = mujoco.MjvCamera()
        self._perturbation = mujoco.MjvPerturb()
        self._groups = model.geom_group.copy()
        self._near = model.vis.map.znear * model.stat.extent
        self._far = model.vis.map.zfar * model.stat.extent

    def view(self, data: mujoco.MjData, world_from_optical: FloatArray, pinhole: PinholeCamera) -> Geometry:
        rotation, origin = world_from_optical[:3, :3], world_from_optical[:3, 3]
        # ViewPlanes look along -z with y up.
        centres = (data.geom_xpos - origin) @ rotation * np.array([1.0, -1.0, -1.0])
        visible = ViewPlanes(pinhole).touch(centres, self._model.geom_rbound)
        geoms = self._update(data, visible)
        near = self._near
        for camera in self._scene.camera:
            camera.pos[:], camera.forward[:], camera.up[:] = origin, rotation[:, 2], -rotation[:, 1]
            camera.frustum_near, camera.frustum_far = near, self._far
            camera.frustum_top = near * (pinhole.cy + 0.5) / pinhole.fy
            camera.frustum_bottom = -near * (pinhole.height - 0.5 - pinhole.cy) / pinhole.fy
            camera.frustum_center = near * (pinhole.width / 2.0 - 0.5 - pinhole.cx) / pinhole.fx
            camera.frustum_width = near * pinhole.width / 2.0 / pinhole.fx
        colour, raw = self._draw(pinhole.width, pinhole.height)
        index = colour[::-1, :, 0].astype(np.int32)
        index += colour[::-1, :, 1].astype(np.int32) << 8
        far = self._far
        depth = np.float32(near * far) / (np.float32(near) + raw[::-1] * np.float32(far - near))
        depth[index == 0] = 0.0
        return Geometry(geoms[index], depth)

    def close(self) -> None:
        self._context.free()
        self._gl.free()

    def _update(self, data: mujoco.MjData, visible: npt.NDArray[np.bool_]) -> IdImage:
        """Put what may be seen into the scene; the geom of each colour that is drawn, NOTHING first."""
        model = self._model
        model.geom_group[:] = np.where(visible, self._groups, HIDDEN_GROUP)
        mujoco.mjv_updateScene(
            model,
            data,
            self._option,
            self._perturbation,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        model.geom_group[:] = self._groups
        geoms = np.full(self._scene.ngeom + 1, NOTHING, dtype=np.int32)
        geom_type = int(mujoco.mjtObj.mjOBJ_GEOM)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.objtype == geom_type:
                geoms[geom.segid + 1] = geom.objid
        return geoms

    def _draw(self, width: int, height: int) -> tuple[npt.NDArray[np.uint8], DepthImage]:
        rectangle = mujoco.MjrRect(0, 0, width, height)
        colour = np.empty((height, width, 3), dtype=np.uint8)
        depth = np.empty((height, width), dtype=np.float32)
        mujoco.mjr_render(rectangle, self._scene, self._context)
        mujoco.mjr_readPixels(colour, depth, rectangle, self._context)
        return colour, depth


class RayGeometry:
    """One ray for each pixel: slow, but needs nothing outside MuJoCo."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._groups = np.array(visual_options().geomgroup, dtype=np.uint8)

    def view(self, data: mujoco.MjData, world_from_optical: FloatArray, pinhole: PinholeCamera) -> Geometry:
        v, u = np.mgrid[0 : pinhole.height, 0 : pinhole.width]
        rays = np.stack(
            [(u - pinhole.cx) / pinhole.fx, (v - pinhole.cy) / pinhole.fy, np.ones_like(u, dtype=float)],
            axis=-1,
        ).reshape(-1, 3)
        lengths = np.linalg.norm(rays, axis=1)
        directions = (rays / lengths[:, None]) @ world_from_optical[:3, :3].T
        geoms = np.empty(len(rays), dtype=np.int32)
        distances = np.empty(len(rays))
        mujoco.mj_multiRay(
            self._model, data, world_from_optical[:3, 3], directions.ravel(), self._groups, True, -1,
            geoms, distances, None, len(rays), mujoco.mjMAXVAL,
        )  # fmt: skip
        depth = np.where(geoms >= 0, distances / lengths, 0.0).astype(np.float32)
        return Geometry(geoms.reshape(u.shape), depth.reshape(u.shape))

    def close(self) -> None:
        """Nothing is held."""
