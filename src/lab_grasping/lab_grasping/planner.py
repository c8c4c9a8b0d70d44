"""The default GraspPlanner: complete the part, pair contacts, place hands, close them, check clearance,
rank.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lab_geometry import FloatArray, invert, make_transform, rotate_vectors, transform_points
from lab_grasping.antipodal import find_pairs, hand_poses
from lab_grasping.completion import Shape, complete
from lab_grasping.errors import (
    NoGraspFound,
    NotGraspable,
    NothingToGrasp,
    ObjectTooWide,
    PlanningCancelled,
    TooFewPoints,
    UnknownObject,
)
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_surface import HandSurface
from lab_grasping.port import Grasp, GraspPlan, PlannerSettings, never
from lab_grasping.ranking import WEIGHTS
from lab_grasping.scene import ObservedObject, ObservedScene, support_from_base
from lab_grasping.search import Blocked, Search
from lab_grasping.space import LabelledView, SpaceMaps, label_view, map_space

MIN_POINTS = 20
MAX_PAIRS, MIN_PAIRS, ALL_PAIRS = 110, 20, 240
"""Contact pairs that get hands: of one part when it is asked for, and at least and together when all parts
are."""
GOOD_SCORE, FEW_PARTS, ENOUGH_PARTS = 0.88, 2, 12
"""Of all parts, planning ends after FEW_PARTS with a grasp this good, and after ENOUGH_PARTS with any."""
HAND_REACH = 0.13
"""How far the hand reaches sideways beyond the part, metres."""


class AntipodalPlanner:
    """Geometric planner on observed points. Plans may run side by side in several threads."""

    def __init__(self, gripper: ParallelGripper, settings: PlannerSettings) -> None:
        self._gripper = gripper
        self._settings = settings
        self._hand = HandSurface.of(gripper)
        self._last: tuple[ObservedScene | None, LabelledView | None] = (None, None)

    def plan(
        self, scene: ObservedScene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """See GraspPlanner."""
        if not scene.objects:
            raise NothingToGrasp
        known = [item.id for item in scene.objects]
        if object_id is not None and object_id not in known:
            raise UnknownObject(object_id, known)
        _stop_if(cancelled)
        view = self._labelled(scene)
        if object_id is None:
            return self._plan_all(scene, view, cancelled)
        return self._plan_one(scene, view, known.index(object_id), MAX_PAIRS, cancelled)

    def _labelled(self, scene: ObservedScene) -> LabelledView:
        """The view with labels, kept for the next part of the same scene."""
        seen, view = self._last
        if seen is not scene or view is None:
            view = label_view(scene)
            self._last = (scene, view)
        return view

    def _plan_all(self, scene: ObservedScene, view: LabelledView, cancelled: Callable[[], bool]) -> GraspPlan:
        """The best grasps of all parts, the highest part first; ends when much better is not to be
        expected.
        """
        plans: list[GraspPlan] = []
        failures: list[NotGraspable] = []
        pairs = max(MIN_PAIRS, ALL_PAIRS // len(scene.objects))
        for count, index in enumerate(_highest_first(scene), start=1):
            try:
                plans.append(self._plan_one(scene, view, index, pairs, cancelled))
            except NotGraspable as error:
                failures.append(error)
            best = max((plan.grasps[0].score for plan in plans), default=0.0)
            if (best > 0.0 and count >= ENOUGH_PARTS) or (best >= GOOD_SCORE and count >= FEW_PARTS):
                break
        if not plans:
            raise max(failures, key=lambda error: isinstance(error, NoGraspFound))
        grasps = sorted((grasp for plan in plans for grasp in plan.grasps), key=lambda grasp: -grasp.score)
        return GraspPlan(tuple(grasps[: self._settings.max_grasps]), sum(plan.candidates for plan in plans))

    def _plan_one(
        self,
        scene: ObservedScene,
        view: LabelledView,
        index: int,
        max_pairs: int,
        cancelled: Callable[[], bool],
    ) -> GraspPlan:
        item, label = scene.objects[index], index + 1
        to_support = support_from_base(scene.support)
        points, normals = _usable(item, to_support)
        if len(points) < MIN_POINTS:
            raise TooFewPoints(item.id, len(points), MIN_POINTS)
        shape = complete(points, normals, view, label)
        _stop_if(cancelled)
        pairs = find_pairs(
            shape, self._gripper, np.random.default_rng([self._settings.seed, index]), max_pairs
        )
        candidates = hand_poses(pairs, self._gripper, self._settings.tip_margin)
        search = Search(self._gripper, self._hand, self._settings, shape, self._map(view, shape, label))
        try:
            poses, closings = search.held(candidates)
            _stop_if(cancelled)
            rated = search.opened(*search.standing(poses, closings))
            _stop_if(cancelled)
            chosen, clear = search.approached(rated, self._settings.max_grasps)
        except Blocked as blocked:
            if shape.breadth > self._gripper.max_opening:
                raise ObjectTooWide(item.id, shape.breadth, self._gripper.max_opening) from blocked
            raise NoGraspFound(item.id, len(candidates), str(blocked)) from blocked
        base_from_support = invert(to_support)
        grasps = tuple(
            Grasp(
                object_id=item.id,
                base_from_tcp=base_from_support
                @ make_transform(rated.poses.rotations[k], rated.poses.positions[k]),
                width=float(rated.closings.widths[k]),
                opening=float(rated.openings[k]),
                approach_distance=float(way),
                score=float(rated.score[k]),
                terms=dict(zip(WEIGHTS, rated.terms[k].tolist(), strict=True)),
            )
            for k, way in zip(chosen, clear, strict=True)
        )
        return GraspPlan(grasps, len(candidates))

    def _map(self, view: LabelledView, shape: Shape, label: int) -> SpaceMaps:
        lower, upper = shape.points[:, :2].min(axis=0), shape.points[:, :2].max(axis=0)
        half_size = 0.5 * float((upper - lower).max()) + HAND_REACH
        return map_space(view, label, 0.5 * (lower + upper), half_size, self._settings.clearance)


def _highest_first(scene: ObservedScene) -> list[int]:
    """Indices of the objects, those that stick out first; what the image border cuts comes last."""
    tops = [
        float(np.nanmax(scene.support.signed_distance(item.points), initial=-1.0)) for item in scene.objects
    ]
    return sorted(range(len(tops)), key=lambda k: (scene.objects[k].truncated, -tops[k]))


def _usable(item: ObservedObject, to_support: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points and normals (N, 3) in the support frame, without those that are not numbers."""
    points = transform_points(to_support, item.points)
    normals = rotate_vectors(to_support, item.normals)
    sound = np.isfinite(points).all(axis=1) & (np.abs(np.linalg.norm(normals, axis=1) - 1.0) < 0.1)
    return points[sound], normals[sound]


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise PlanningCancelled
