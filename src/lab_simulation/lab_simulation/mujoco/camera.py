"""The RGB-D camera: colour and depth of one instant, by OpenGL or, without it, by ray casting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera
from lab_simulation.mujoco.rendering import Renderer
from lab_simulation.mujoco.world import HIDDEN_GROUP

ColourImage = npt.NDArray[np.uint8]
DepthImage = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """Colour (H, W, 3) RGB and depth (H, W) along the optical axis, metres, NaN = no data."""

    colour: ColourImage
    depth: DepthImage


class DepthCamera(Protocol):
    """A renderer bound to one model; lives in the thread that made it."""

    def render(self, data: mujoco.MjData) -> Frame:
        """Image of the present state."""

    def close(self) -> None:
        """Give back what the renderer holds."""


def open_camera(
    renderer: Renderer, model: mujoco.MjModel, name: str, pinhole: PinholeCamera, near: float, far: float
) -> DepthCamera:
    """A camera on the MuJoCo camera `name`; depth outside near..far, metres, is no data."""
    if renderer == "raycast":
        return RayCamera(model, name, pinhole, near, far)
    return GlCamera(renderer, model, name, pinhole, near, far)


class GlCamera:
    """Colour and depth from one OpenGL pass: mujoco.Renderer would draw the scene once for each."""

    def __init__(
        self,
        platform: str,
        model: mujoco.MjModel,
        name: str,
        pinhole: PinholeCamera,
        near: float,
        far: float,
    ) -> None:
        if platform == "egl":
            from mujoco.egl import GLContext
        else:
            from mujoco.osmesa import GLContext
        self._model = model
        self._limits = (near, far)
        self._gl = GLContext(pinhole.width, pinhole.height)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._rectangle = mujoco.MjrRect(0, 0, pinhole.width, pinhole.height)
        self._scene = mujoco.MjvScene(model, maxgeom=2 * model.ngeom + 100)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[flag] = 0
        self._option = visual_options()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = model.camera(name).id
        self._perturbation = mujoco.MjvPerturb()
        self._colour = np.empty((pinhole.height, pinhole.width, 3), dtype=np.uint8)
        self._depth = np.empty((pinhole.height, pinhole.width), dtype=np.float32)
        self._near = model.vis.map.znear * model.stat.extent
        self._far = model.vis.map.zfar * model.stat.extent
        self._groups = model.geom_group.copy()
        self._view = ViewPlanes(pinhole)

    def render(self, data: mujoco.MjData) -> Frame:
        # MuJoCo draws what is out of view too, which is most of the arm's 150 000 triangles most of the time.
        world_from_camera = data.cam_xmat[self._camera.fixedcamid].reshape(3, 3)
        centres = (data.geom_xpos - data.cam_xpos[self._camera.fixedcamid]) @ world_from_camera
        visible = self._view.touch(centres, self._model.geom_rbound)
        self._model.geom_group[:] = np.where(visible, self._groups, HIDDEN_GROUP)
        mujoco.mjv_updateScene(
            self._model,
            data,
            self._option,
            self._perturbation,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        self._model.geom_group[:] = self._groups
        mujoco.mjr_render(self._rectangle, self._scene, self._context)
        mujoco.mjr_readPixels(self._colour, self._depth, self._rectangle, self._context)
        near, far = self._near, self._far
        depth = np.float32(near * far) / (np.float32(near) + self._depth[::-1] * np.float32(far - near))
        depth[(depth < self._limits[0]) | (depth > self._limits[1])] = np.nan
        return Frame(np.ascontiguousarray(self._colour[::-1]), depth)

    def close(self) -> None:
        self._context.free()
        self._gl.free()


class ViewPlanes:
    """The four sides of what the camera sees, in its own axes (x right, y up, looking along -z)."""

    def __init__(self, pinhole: PinholeCamera) -> None:
        left, right = pinhole.cx + 0.5, pinhole.width - 0.5 - pinhole.cx
        top, bottom = pinhole.cy + 0.5, pinhole.height - 0.5 - pinhole.cy
        inwards = np.array(
            [
                [pinhole.fx, 0.0, -left],
                [-pinhole.fx, 0.0, -right],
                [0.0, -pinhole.fy, -top],
                [0.0, pinhole.fy, -bottom],
            ]
        )
        self._inwards = inwards / np.linalg.norm(inwards, axis=1, keepdims=True)

    def touch(self, centres: FloatArray, radii: FloatArray) -> npt.NDArray[np.bool_]:
        """Which spheres, centres (N, 3) and radii (N,), are in view at least partly; radius 0 is endless."""
        result: npt.NDArray[np.bool_] = (centres @ self._inwards.T >= -radii[:, None]).all(axis=1) | (
            radii == 0.0
        )
        return result


class RayCamera:
    """One ray for each pixel. Slow (about 150 ms a frame), but needs nothing outside MuJoCo."""

    def __init__(
        self, model: mujoco.MjModel, name: str, pinhole: PinholeCamera, near: float, far: float
    ) -> None:
        self._model = model
        self._id = model.camera(name).id
        self._limits = (near, far)
        v, u = np.mgrid[0 : pinhole.height, 0 : pinhole.width]
        rays = np.stack(
            [(u - pinhole.cx) / pinhole.fx, (v - pinhole.cy) / pinhole.fy, np.ones_like(u, dtype=float)],
            axis=-1,
        )
        self._shape = u.shape
        self._lengths = np.linalg.norm(rays, axis=-1)
        # MuJoCo's camera looks along -z with y up.
        self._directions = (rays / self._lengths[..., None]).reshape(-1, 3) * np.array([1.0, -1.0, -1.0])
        self._groups = np.array(visual_options().geomgroup, dtype=np.uint8)
        count = len(self._directions)
        self._geoms = np.empty(count, dtype=np.int32)
        self._distances = np.empty(count)
        self._normals = np.empty(3 * count)

    def render(self, data: mujoco.MjData) -> Frame:
        model = self._model
        world_from_camera = data.cam_xmat[self._id].reshape(3, 3)
        directions = self._directions @ world_from_camera.T
        mujoco.mj_multiRay(
            model, data, data.cam_xpos[self._id], directions.ravel(), self._groups, True, -1,
            self._geoms, self._distances, self._normals, len(directions), mujoco.mjMAXVAL,
        )  # fmt: skip
        hit = self._geoms >= 0
        depth = np.where(hit, self._distances / self._lengths.ravel(), np.nan).astype(np.float32)
        with np.errstate(invalid="ignore"):
            depth[(depth < self._limits[0]) | (depth > self._limits[1])] = np.nan
        colour = self._shade(directions, hit)
        return Frame(colour.reshape(*self._shape, 3), depth.reshape(self._shape))

    def _shade(self, directions: npt.NDArray[np.float64], hit: npt.NDArray[np.bool_]) -> ColourImage:
        """Lambert shading with the light at the camera (MuJoCo's head light), without textures."""
        model = self._model
        materials = model.geom_matid
        rgba = np.where((materials >= 0)[:, None], model.mat_rgba[materials], model.geom_rgba)
        facing = np.abs(np.einsum("ij,ij->i", self._normals.reshape(-1, 3), directions))
        light = 0.35 + 0.65 * facing
        shaded = rgba[self._geoms, :3] * light[:, None]
        shaded[~hit] = (0.75, 0.80, 0.85)
        result: ColourImage = (np.clip(shaded, 0.0, 1.0) * 255.0).astype(np.uint8)
        return result

    def close(self) -> None:
        """Nothing is held."""


def visual_options() -> mujoco.MjvOption:
    """What images show: all geoms but those that are there for contact only."""
    option = mujoco.MjvOption()
    option.geomgroup[:] = 1
    option.geomgroup[HIDDEN_GROUP] = 0
    option.sitegroup[:] = 0
    return option
