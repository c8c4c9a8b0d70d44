"""The true parts of a scene, to judge grasps that were planned on an image of it. No ROS, no dynamics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, quaternion_from_matrix, transform_points
from lab_core.grasp import Grasp
from lab_grasping.gripper import ParallelGripper
from lab_simulation.mujoco.world import add_parts, add_table, apply_settings
from lab_simulation.scenes.drawing import Scene
from lab_simulation.scenes.settling import set_pose

PROBE = "probe"
TOUCH = 0.0005
"""Metres that a box of the hand may lie in something: they enclose the hand with a margin of their own."""
APPROACH_STEP = 0.01
RAY_STEP = 0.002
PATCH = 0.001
"""Rays that end within this of the first contact end on the same patch, metres."""


@dataclass(frozen=True)
class Verdict:
    """What the grasp would have met.

    collides: what the hand meets on its way in: "", "table" or the name of a part. part: what both pads
    close on, None when nothing or two different parts. slip: the greater angle between contact normal and
    closing axis, radians. width: between the contacts, metres.
    """

    collides: str
    part: str | None
    slip: float
    width: float

    def sound(self, friction: float) -> bool:
        """Free of collision, on one part, inside both friction cones."""
        return not self.collides and self.part is not None and self.slip < np.arctan(friction)


class TrueScene:
    """Parts at rest on a table and the boxes of a hand that can be put anywhere among them."""

    def __init__(self, scene: Scene, table_height: float, gripper: ParallelGripper) -> None:
        self._gripper = gripper
        spec = mujoco.MjSpec()
        apply_settings(spec)
        add_table(spec, table_height)
        add_parts(spec, scene.parts)
        probe = spec.worldbody.add_body(name=PROBE, mocap=True)
        for lower, upper in gripper.boxes[0]:
            probe.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=0.5 * (upper - lower),
                pos=0.5 * (lower + upper),
                contype=0,
                conaffinity=0,
            )
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        for part, pose in zip(scene.parts, scene.poses, strict=True):
            set_pose(self._data, part.name, pose)
        self._probe = self._model.body(PROBE).id
        self._geoms = np.flatnonzero(self._model.geom_bodyid == self._probe)
        self._solid = np.flatnonzero(
            (self._model.geom_contype > 0) & (self._model.geom_bodyid != self._probe)
        )
        mujoco.mj_forward(self._model, self._data)

    def judge(self, grasp: Grasp) -> Verdict:
        """Drive the hand in, then close its pads along rays."""
        collides = next((name for pose in _way_in(grasp) if (name := self._meets(pose, grasp.opening))), "")
        return Verdict(collides, *self._close(grasp))

    def _meets(self, base_from_tcp: FloatArray, opening: float) -> str:
        boxes = self._gripper.boxes[self._gripper.opening_index(opening)]
        half = 0.5 * (boxes[:, 1] - boxes[:, 0])
        model, data = self._model, self._data
        model.geom_pos[self._geoms] = 0.5 * (boxes[:, 0] + boxes[:, 1])
        model.geom_size[self._geoms] = half
        model.geom_rbound[self._geoms] = np.linalg.norm(half, axis=1)
        x, y, z, w = quaternion_from_matrix(base_from_tcp[:3, :3])
        data.mocap_pos[0], data.mocap_quat[0] = base_from_tcp[:3, 3], [w, x, y, z]
        mujoco.mj_kinematics(model, data)
        hand = set(self._geoms.tolist())
        for contact in _touching(model, data, self._geoms, self._solid):
            other = contact[1] if contact[0] in hand else contact[0]
            return str(model.body(model.geom_bodyid[other]).name).replace("world", "table")
        return ""

    def _close(self, grasp: Grasp) -> tuple[str | None, float, float]:
        g = self._gripper
        centre = float(g.pad_centre(grasp.width))
        x, z = np.meshgrid(
            np.arange(-0.5 * g.pad_width, 0.5 * g.pad_width + 1e-9, RAY_STEP),
            centre + np.arange(-0.5 * g.pad_length, 0.5 * g.pad_length + 1e-9, RAY_STEP),
        )
        names, angles, reaches = [], [], []
        for side in (-1.0, 1.0):
            start = np.stack([x.ravel(), np.full(x.size, side * 0.5 * grasp.opening), z.ravel()], axis=1)
            ray = -side * grasp.base_from_tcp[:3, 1]
            hits = [self._ray(origin, ray) for origin in transform_points(grasp.base_from_tcp, start)]
            distance = np.array([hit[0] for hit in hits])
            first = int(np.argmin(distance))
            if not distance[first] < grasp.opening:
                return None, float("inf"), 0.0
            patch = distance < distance[first] + PATCH
            normal = np.mean([hit[2] for hit, near in zip(hits, patch, strict=True) if near], axis=0)
            normal /= np.linalg.norm(normal) + 1e-12
            names.append(hits[first][1])
            angles.append(float(np.arccos(np.clip(-normal @ ray, -1.0, 1.0))))
            reaches.append(distance[first])
        part = names[0] if names[0] == names[1] else None
        return part, max(angles), float(grasp.opening - sum(reaches))

    def _ray(self, origin: FloatArray, ray: FloatArray) -> tuple[float, str, FloatArray]:
        geom, normal = np.zeros(1, dtype=np.int32), np.zeros(3)
        distance = mujoco.mj_ray(self._model, self._data, origin, ray, None, 1, self._probe, geom, normal)
        if distance < 0.0:
            return float("inf"), "", normal
        return distance, str(self._model.body(self._model.geom_bodyid[geom[0]]).name), normal


def _way_in(grasp: Grasp) -> Iterator[FloatArray]:
    steps = max(1, int(np.ceil(grasp.approach_distance / APPROACH_STEP)))
    for step in range(steps + 1):
        pose = grasp.base_from_tcp.copy()
        pose[:3, 3] -= pose[:3, 2] * grasp.approach_distance * step / steps
        yield pose


def _touching(
    model: mujoco.MjModel, data: mujoco.MjData, hand: FloatArray, solid: FloatArray
) -> Iterator[tuple[int, int]]:
    """Pairs of geoms of the hand and of the scene that overlap; spheres around them say which to look at."""
    centres, radii = data.geom_xpos, model.geom_rbound
    planes = model.geom_type[solid] == mujoco.mjtGeom.mjGEOM_PLANE
    gap = np.linalg.norm(centres[hand][:, None] - centres[solid][None], axis=2)
    near = (gap < radii[hand][:, None] + radii[solid][None]) | planes[None]
    for i, j in np.argwhere(near):
        if mujoco.mj_geomDistance(model, data, hand[i], solid[j], 0.01, None) < -TOUCH:
            yield int(hand[i]), int(solid[j])
