"""Two planners to compare with: what chance reaches, and what a simple rule reaches.

Antipodal samples without a score, and the highest point taken from above: the simplest form of SHAF, D.
Fischinger et al., "Learning grasps with topographic features", 2015.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lab_core.geometry import (
    FloatArray,
    invert,
    make_transform,
    minimum_area_rectangle,
    rotate_vectors,
    transform_points,
)
from lab_core.grasp import Grasp
from lab_core.scene import Part, Scene
from lab_grasping.antipodal import find_pairs, hand_poses
from lab_grasping.completion import complete
from lab_grasping.errors import NoGraspFound, NothingToGrasp, UnknownObject
from lab_grasping.gripper import ParallelGripper
from lab_grasping.port import GraspPlan, PlannerSettings, never
from lab_grasping.scene import support_from_base, support_of
from lab_grasping.space import label_view

PAIRS = 200
FINGER_DEPTH = 0.03
"""Metres below the highest point at which the pads' middle goes, or halfway down a lower part."""
BELOW_TOP = 0.02
"""Metres below the highest point down to which surface counts as the top."""


class RandomAntipodal:
    """Any hand pose about an antipodal pair that keeps its tips above the support, each as likely."""

    def __init__(self, gripper: ParallelGripper, settings: PlannerSettings) -> None:
        self._gripper = gripper
        self._settings = settings

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """See GraspPlanner."""
        wanted = _wanted(scene, object_id)
        rng = np.random.default_rng([self._settings.seed, scene.stamp])
        to_support = support_from_base(support_of(scene))
        view = label_view(scene)
        grasps: list[Grasp] = []
        candidates = 0
        for item in wanted:
            points = transform_points(to_support, item.points)
            sound = np.isfinite(points).all(axis=1) & np.isfinite(item.normals).all(axis=1)
            if np.count_nonzero(sound) < 20:
                continue
            normals = rotate_vectors(to_support, item.normals)
            shape = complete(points[sound], normals[sound], view, scene.objects.index(item) + 1)
            poses = hand_poses(
                find_pairs(shape, self._gripper, rng, PAIRS), self._gripper, self._settings.tip_margin
            )
            candidates += len(poses)
            if len(poses):
                k = int(rng.integers(len(poses)))
                pose = invert(to_support) @ make_transform(poses.rotations[k], poses.positions[k])
                width = float(poses.widths[k])
                grasps.append(_grasp(scene, item.id, pose, width, self._gripper.max_opening, self._settings))
        if not grasps:
            raise NoGraspFound(wanted[0].id, candidates, "nothing antipodal")
        order = rng.permutation(len(grasps))[: self._settings.max_grasps]
        return GraspPlan(tuple(grasps[k] for k in order), max(candidates, 1))


class HighestPoint:
    """From above at the highest point, closing across the narrow side of what is at that height."""

    def __init__(self, gripper: ParallelGripper, settings: PlannerSettings) -> None:
        self._gripper = gripper
        self._settings = settings

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """See GraspPlanner."""
        to_support = support_from_base(support_of(scene))
        heights = []
        for item in _wanted(scene, object_id):
            points = transform_points(to_support, item.points)
            points = points[np.isfinite(points).all(axis=1)]
            if len(points):
                heights.append((float(points[:, 2].max()), item.id, points))
        if not heights:
            raise NothingToGrasp
        grasps = []
        for top, identity, points in sorted(heights, key=lambda entry: (-entry[0], entry[1])):
            cap = points[points[:, 2] > top - BELOW_TOP]
            centre, size, yaw = minimum_area_rectangle(cap[:, :2])
            # the rectangle's x axis is its longer side; the hand closes across
            closing = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
            approach = np.array([0.0, 0.0, -1.0])
            rotation = np.stack([np.cross(closing, approach), closing, approach], axis=1)
            width = float(min(size[1], self._gripper.max_opening))
            pads = self._gripper.pad_centre(self._gripper.max_opening)
            tips = float(pads) + 0.5 * self._gripper.pad_length
            lowest = self._settings.tip_margin + tips
            z = max(top - min(FINGER_DEPTH, 0.5 * top) + float(pads), lowest)
            pose = invert(to_support) @ make_transform(rotation, [*centre, z])
            grasps.append(_grasp(scene, identity, pose, width, self._gripper.max_opening, self._settings))
        return GraspPlan(tuple(grasps[: self._settings.max_grasps]), len(grasps))


def _wanted(scene: Scene, object_id: str | None) -> list[Part]:
    if not scene.objects:
        raise NothingToGrasp
    wanted = [item for item in scene.objects if object_id in (None, item.id)]
    if not wanted:
        raise UnknownObject(str(object_id), [item.id for item in scene.objects])
    return wanted


def _grasp(
    scene: Scene,
    identity: str,
    base_from_tcp: FloatArray,
    width: float,
    opening: float,
    settings: PlannerSettings,
) -> Grasp:
    distance = settings.approach_distance
    return Grasp(scene.stamp, scene.frame, identity, base_from_tcp, width, opening, distance, 0.5)
