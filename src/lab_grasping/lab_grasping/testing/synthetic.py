"""Scenes of boxes, cylinders and spheres whose depth image is computed exactly: for tests and warming up.

No renderer, no ROS; a 320 x 240 view takes some milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lab_core.geometry import (
    FloatArray,
    OrientedBox,
    PinholeCamera,
    Plane,
    invert,
    make_transform,
    rotation_about,
    transform_points,
)
from lab_core.scene import DepthView, Part, Scene
from lab_grasping.gripper import ParallelGripper
from lab_grasping.suction_gripper import SuctionGripper

CAMERA = PinholeCamera(320, 240, 312.5, 312.5, 159.5, 119.5)
CENTRE = (0.5, 0.0, 0.0)
"""Where the camera looks at, metres."""


@dataclass(frozen=True, slots=True)
class Solid:
    """kind and size: box (x, y, z), cylinder (radius, height along z), sphere (radius,). Metres.

    base_from_solid: (4, 4), origin in the middle.
    """

    kind: Literal["box", "cylinder", "sphere"]
    size: tuple[float, ...]
    base_from_solid: FloatArray

    @property
    def extent(self) -> FloatArray:
        """(3,) edges of the box around it in its own frame, metres."""
        if self.kind == "box":
            return np.array(self.size)
        if self.kind == "cylinder":
            return np.array([2.0 * self.size[0], 2.0 * self.size[0], self.size[1]])
        return np.full(3, 2.0 * self.size[0])

    def hit(self, origin: FloatArray, rays: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Multiples (N,) of rays (N, 3) at which they meet it, infinite for a miss, and normals (N, 3)."""
        solid_from_base = invert(self.base_from_solid)
        o, d = transform_points(solid_from_base, origin), rays @ solid_from_base[:3, :3].T
        meet = {"box": self._box, "cylinder": self._cylinder, "sphere": self._sphere}[self.kind]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance, normals = meet(o, d)
        return distance, normals @ self.base_from_solid[:3, :3].T

    def _box(self, o: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
        half, row = 0.5 * np.array(self.size), np.arange(len(d))
        a, b = (-half - o) / d, (half - o) / d
        near, far = np.minimum(a, b), np.maximum(a, b)
        axis = np.argmax(near, axis=1)
        distance = near[row, axis]
        normals = np.zeros_like(d)
        normals[row, axis] = -np.sign(d[row, axis])
        return np.where((distance > 0.0) & (distance <= far.min(axis=1)), distance, np.inf), normals

    def _sphere(self, o: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
        square, along = np.sum(d * d, axis=1), d @ o
        root = along**2 - square * (o @ o - self.size[0] ** 2)
        distance = (-along - np.sqrt(np.maximum(root, 0.0))) / square
        distance = np.where((root > 0.0) & (distance > 0.0), distance, np.inf)
        return distance, (o + np.where(np.isfinite(distance), distance, 0.0)[:, None] * d) / self.size[0]

    def _cylinder(self, o: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
        radius, height = self.size
        square, along = np.sum(d[:, :2] ** 2, axis=1), d[:, :2] @ o[:2]
        root = along**2 - square * (o[:2] @ o[:2] - radius**2)
        side = np.where(root > 0.0, (-along - np.sqrt(np.maximum(root, 0.0))) / square, np.inf)
        side = np.where((side > 0.0) & (np.abs(o[2] + side * d[:, 2]) <= 0.5 * height), side, np.inf)
        cap = (np.copysign(0.5 * height, -d[:, 2]) - o[2]) / d[:, 2]
        on_cap = np.sum((o[:2] + cap[:, None] * d[:, :2]) ** 2, axis=1) <= radius**2
        cap = np.where((cap > 0.0) & on_cap, cap, np.inf)
        distance = np.minimum(side, cap)
        point = o + np.where(np.isfinite(distance), distance, 0.0)[:, None] * d
        round_normal = np.column_stack([point[:, :2] / radius, np.zeros(len(d))])
        flat_normal = np.column_stack([np.zeros((len(d), 2)), np.copysign(1.0, -d[:, 2])])
        return distance, np.where((cap < side)[:, None], flat_normal, round_normal)


def at(x: float, y: float, z: float, yaw: float = 0.0, *, lying: bool = False) -> FloatArray:
    """(4, 4) pose of a solid's middle; lying turns its z axis level. Metres, radians."""
    rotation = rotation_about([0.0, 0.0, 1.0], yaw)
    if lying:
        rotation = rotation @ rotation_about([0.0, 1.0, 0.0], 0.5 * np.pi)
    return make_transform(rotation, [x, y, z])


def camera_pose(
    elevation: float = np.deg2rad(60.0), distance: float = 0.8, azimuth: float = 0.0
) -> FloatArray:
    """(4, 4) base from a camera that looks at CENTRE from above the horizon, image upright. Radians,
    metres.
    """
    out = np.array(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)]
    )
    x = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    return make_transform(np.stack([x, np.cross(-out, x), -out], axis=1), np.array(CENTRE) + distance * out)


def observe(
    solids: Sequence[Solid], base_from_camera: FloatArray | None = None, noise: float = 0.0, seed: int = 0
) -> Scene:
    """The scene of solids on the plane z = 0 as a camera sees it, objects named part_1, part_2, ... in their
    order.

    noise: standard deviation of the depth, metres.
    """
    pose = camera_pose() if base_from_camera is None else base_from_camera
    x, y = CAMERA.rays()
    grid = np.stack([*np.meshgrid(x, y), np.ones((CAMERA.height, CAMERA.width))], axis=-1).astype(np.float64)
    rays, eye = grid.reshape(-1, 3) @ pose[:3, :3].T, pose[:3, 3]
    with np.errstate(divide="ignore"):
        depth = np.where(rays[:, 2] < 0.0, -eye[2] / rays[:, 2], np.nan)
    label = np.zeros(len(rays), dtype=np.int64)
    normals = np.tile([0.0, 0.0, 1.0], (len(rays), 1))
    for index, solid in enumerate(solids, start=1):
        distance, facing = solid.hit(eye, rays)
        nearer = distance < depth
        depth[nearer], label[nearer], normals[nearer] = distance[nearer], index, facing[nearer]
    depth += np.random.default_rng(seed).normal(0.0, noise, len(depth))
    points = eye + depth[:, None] * rays
    objects = tuple(
        Part(
            id=f"part_{index}",
            points=points[label == index],
            normals=normals[label == index],
            box=_standing_box(solid),
        )
        for index, solid in enumerate(solids, start=1)
        if np.any(label == index)
    )
    image = depth.reshape(CAMERA.height, CAMERA.width).astype(np.float32)
    support = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
    return Scene(0, "base_link", support, objects, DepthView(pose, CAMERA, image, "camera"))


def denser(part: Part, count: int) -> Part:
    """The part with at least so many points, as a camera of more pixels would see it."""
    often = -(-count // len(part.points))
    jitter = np.random.default_rng(0).normal(0.0, 2e-4, (often * len(part.points), 3))
    points = np.tile(part.points, (often, 1)) + jitter
    return replace(part, points=points, normals=np.tile(part.normals, (often, 1)))


def straight_gripper(max_opening: float = 0.085, friction: float = 0.6) -> ParallelGripper:
    """A hand whose fingers move straight: 12 mm thick, 22 mm wide, 60 mm long, on a palm."""

    def boxes(opening: float) -> list[tuple[list[float], list[float]]]:
        near, far = 0.5 * opening, 0.5 * opening + 0.012
        return [
            ([-0.011, near, -0.042], [0.011, far, 0.0185]),
            ([-0.011, -far, -0.042], [0.011, -near, 0.0185]),
            ([-0.035, -0.07, -0.13], [0.035, 0.07, -0.042]),
        ]

    return ParallelGripper.sampled(
        "straight",
        min_opening=0.0,
        max_opening=max_opening,
        pad_width=0.022,
        pad_length=0.037,
        friction=friction,
        boxes_at=boxes,
        pad_centre_at=lambda _: 0.0,
    )


def suction_cup() -> SuctionGripper:
    """A cup with a lip of 20 mm, 20 mm long, on a tube of 16 mm and a body of 64 mm."""
    boxes = np.array(
        [
            [[-0.0105, -0.0105, -0.02], [0.0105, 0.0105, 0.0]],
            [[-0.008, -0.008, -0.11], [0.008, 0.008, -0.02]],
            [[-0.032, -0.032, -0.18], [0.032, 0.032, -0.11]],
        ]
    )
    return SuctionGripper("cup", lip_radius=0.01, lip_give=0.0025, stroke=0.006, boxes=boxes)


def _standing_box(solid: Solid) -> OrientedBox:
    corners = OrientedBox(solid.base_from_solid, solid.extent).corners()
    lower, upper = corners.min(axis=0), corners.max(axis=0)
    return OrientedBox(make_transform(np.eye(3), 0.5 * (lower + upper)), upper - lower)
