"""RGB-D images of parts on a table, with ground truth, rendered by MuJoCo for the tests of this package.

The table's top is z = 0 of the base frame. Depth carries the noise of a stereo camera unless told otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

os.environ.setdefault("MUJOCO_GL", "egl")

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, PinholeCamera, make_transform

FOVY = np.deg2rad(42.0)
STEREO_BASELINE = 0.05
SUBPIXEL_NOISE = 0.08


@dataclass(frozen=True)
class Part:
    """A part of one or more MuJoCo primitives.

    geoms: (type, size, offset) each, in metres and the part's own frame.
    position: (3,) in the base frame. yaw: radians about z; tilt: radians about the part's x axis before that.
    """

    geoms: Sequence[tuple[str, Sequence[float], Sequence[float]]]
    position: Sequence[float]
    yaw: float = 0.0
    tilt: float = 0.0
    rgb: Sequence[float] = (0.8, 0.2, 0.2)


def box(size: Sequence[float], x: float, y: float, z: float = 0.0, **more: object) -> Part:
    """A box with edges `size` that stands at height z."""
    half = [0.5 * edge for edge in size]
    return Part([("box", half, (0, 0, 0))], (x, y, z + half[2]), **more)  # type: ignore[arg-type]


def cylinder(radius: float, height: float, x: float, y: float, z: float = 0.0, **more: object) -> Part:
    """A standing cylinder."""
    return Part([("cylinder", (radius, height / 2), (0, 0, 0))], (x, y, z + height / 2), **more)  # type: ignore[arg-type]


def lying_cylinder(radius: float, length: float, x: float, y: float, z: float = 0.0, **more: object) -> Part:
    return Part([("cylinder", (radius, length / 2), (0, 0, 0))], (x, y, z + radius), tilt=np.pi / 2, **more)  # type: ignore[arg-type]


def sphere(radius: float, x: float, y: float, z: float = 0.0, **more: object) -> Part:
    return Part([("sphere", (radius,), (0, 0, 0))], (x, y, z + radius), **more)  # type: ignore[arg-type]


def l_piece(arm: float, width: float, height: float, x: float, y: float, **more: object) -> Part:
    """A flat L of two bars that lies on the table."""
    w, h = width / 2, height / 2
    return Part(
        [
            ("box", (arm / 2, w, h), (0, 0, 0)),
            ("box", (w, (arm - width) / 2, h), (-(arm / 2 - w), arm / 2, 0)),
        ],
        (x, y, h),
        **more,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class RenderedScene:
    """color (H, W, 3) uint8, depth (H, W) float32 metres with NaN, truth (H, W) int32: index of the part or
    -1.
    """

    camera: PinholeCamera
    base_from_camera: FloatArray
    color: np.ndarray
    depth: np.ndarray
    clean_depth: np.ndarray
    truth: np.ndarray
    parts: Sequence[Part] = field(default_factory=tuple)


def look_at(eye: Sequence[float], target: Sequence[float]) -> FloatArray:
    """base_from_camera of an optical frame at `eye`, the target in its centre, z of the base upwards."""
    forward = np.subtract(target, eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right = right / np.linalg.norm(right)
    return make_transform(np.column_stack([right, np.cross(forward, right), forward]), eye)


DEFAULT_VIEW = look_at((0.93, 0.0, 0.69), (0.525, 0.0, 0.0))


def render(
    parts: Sequence[Part],
    base_from_camera: FloatArray = DEFAULT_VIEW,
    seed: int | None = 0,
    table: bool = True,
    table_rgb: Sequence[float] = (0.55, 0.55, 0.52),
) -> RenderedScene:
    """Renders parts; seed None leaves the depth without noise."""
    model = _model(parts, base_from_camera, table, table_rgb)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    camera = PinholeCamera(640, 480, 240 / np.tan(FOVY / 2), 240 / np.tan(FOVY / 2), 319.5, 239.5)
    renderer = mujoco.Renderer(model, 480, 640)
    try:
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        renderer.update_scene(data, "camera")
        color = renderer.render().copy()
        renderer.enable_depth_rendering()
        renderer.update_scene(data, "camera")
        clean = renderer.render().astype(np.float32)
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        renderer.update_scene(data, "camera")
        geoms = renderer.render()[..., 0].astype(np.int32)
    finally:
        renderer.close()
    part_of_geom = np.append([model.geom_bodyid[i] - 1 for i in range(model.ngeom)], -1)
    clean[geoms < 0] = np.nan
    depth = clean if seed is None else stereo_noise(clean, camera, np.random.default_rng(seed))
    return RenderedScene(camera, base_from_camera, color, depth, clean, part_of_geom[geoms], tuple(parts))


def stereo_noise(depth: np.ndarray, camera: PinholeCamera, rng: np.random.Generator) -> np.ndarray:
    """Noise of an active stereo camera: constant in disparity, quantised, blind beside occluders."""
    baseline_px = camera.fx * STEREO_BASELINE
    disparity = baseline_px / depth + rng.normal(0.0, SUBPIXEL_NOISE, depth.shape)
    noisy = (baseline_px / (np.round(disparity * 32) / 32)).astype(np.float32)
    true_disparity = np.nan_to_num(baseline_px / depth)
    # A point is seen by the second eye unless something to its right reaches over it.
    columns = np.arange(depth.shape[1])[None, :] - true_disparity
    nearest_to_the_right = np.minimum.accumulate(columns[:, ::-1], axis=1)[:, ::-1]
    noisy[columns > nearest_to_the_right + 1.0] = np.nan
    points = camera.deproject(depth)
    normals = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    cosine = np.abs((normals * points).sum(-1)) / (
        np.linalg.norm(normals, axis=-1) * np.linalg.norm(points, axis=-1)
    )
    noisy[~(cosine > 0.12)] = np.nan
    return np.round(noisy, 3)


def _model(
    parts: Sequence[Part], base_from_camera: FloatArray, table: bool, table_rgb: Sequence[float]
) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 640, 480
    spec.visual.quality.offsamples = 0
    spec.stat.extent = 1.0
    spec.visual.map.znear, spec.visual.map.zfar = 0.05, 5.0
    spec.visual.headlight.active = 0
    world = spec.worldbody
    world.add_light(
        pos=[0.3, -0.6, 1.5], dir=[0.15, 0.4, -1.0], ambient=[0.35] * 3, diffuse=[0.6] * 3, specular=[0.1] * 3
    )
    gl_from_optical = np.diag([1.0, -1.0, -1.0])
    rotation = base_from_camera[:3, :3] @ gl_from_optical
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, rotation.ravel())
    world.add_camera(name="camera", pos=base_from_camera[:3, 3], quat=quaternion, fovy=np.rad2deg(FOVY))
    if table:
        world.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[0.4, 0.6, 0.02],
            pos=[0.55, 0, -0.02],
            rgba=[*table_rgb, 1.0],
        )
    for part in parts:
        cy, sy, ct, st = np.cos(part.yaw), np.sin(part.yaw), np.cos(part.tilt), np.sin(part.tilt)
        turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ np.array(
            [[1, 0, 0], [0, ct, -st], [0, st, ct]]
        )
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, turn.ravel())
        body = world.add_body(pos=list(part.position), quat=quaternion)
        for kind, size, offset in part.geoms:
            padded = [*size, 0.0, 0.0, 0.0][:3]
            body.add_geom(
                type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}"),
                size=padded,
                pos=list(offset),
                rgba=[*part.rgb, 1.0],
            )
    return spec.compile()
