"""What geometric planners share: the scene is labelled once, then part by part, the highest first."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from lab_core.geometry import FloatArray, rotate_vectors, transform_points
from lab_core.scene import Part, Scene
from lab_grasping.completion import Shape
from lab_grasping.errors import (
    NoGraspFound,
    NotGraspable,
    NothingToGrasp,
    PlanningCancelled,
    TooFewPoints,
    UnknownObject,
)
from lab_grasping.port import GraspPlan, PlannerSettings, never
from lab_grasping.scene import support_from_base, support_of
from lab_grasping.space import LabelledView, SpaceMaps, label_view, map_space

MIN_POINTS = 20
GOOD_SCORE, FEW_PARTS = 0.88, 2
FAIR_SCORE, ENOUGH_PARTS = 0.5, 12
"""Of all parts, planning ends after FEW_PARTS with a good grasp, and after ENOUGH_PARTS with a fair one."""
HAND_REACH = 0.13
"""How far the hand reaches sideways beyond the part, metres."""


class ScenePlanner(ABC):
    """A GraspPlanner but for what it does on one part. Plans may run side by side in several threads."""

    def __init__(self, settings: PlannerSettings) -> None:
        self._settings = settings
        self._last: tuple[Scene | None, LabelledView | None] = (None, None)

    @abstractmethod
    def plan_part(
        self,
        scene: Scene,
        view: LabelledView,
        index: int,
        among: int | None,
        cancelled: Callable[[], bool],
    ) -> GraspPlan:
        """Grasps on the part of an index. among: parts that share the time; None when only it is asked for.

        Raises NotGraspable, PlanningCancelled.
        """

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """See GraspPlanner."""
        if not scene.objects:
            raise NothingToGrasp
        known = [item.id for item in scene.objects]
        if object_id is not None and object_id not in known:
            raise UnknownObject(object_id, known)
        stop_if(cancelled)
        view = self._labelled(scene)
        if object_id is None:
            return self._plan_all(scene, view, cancelled)
        return self.plan_part(scene, view, known.index(object_id), None, cancelled)

    def _labelled(self, scene: Scene) -> LabelledView:
        """The view with labels, kept for the next part of the same scene."""
        seen, view = self._last
        if seen is not scene or view is None:
            view = label_view(scene)
            self._last = (scene, view)
        return view

    def _plan_all(self, scene: Scene, view: LabelledView, cancelled: Callable[[], bool]) -> GraspPlan:
        """The best grasps of all parts, the highest part first; ends when much better is not to be expected.

        Where the time that they share finds no fair one, each part is given what it has when it is asked for
        alone.
        """
        order = _highest_first(scene)
        plans, failures = self._plan_each(scene, view, order, len(order), cancelled)
        if _best_score(plans) < FAIR_SCORE:
            more, failures = self._plan_each(scene, view, order, None, cancelled)
            plans = more or plans
        if not plans:
            raise max(failures, key=lambda error: isinstance(error, NoGraspFound))
        grasps = sorted((grasp for plan in plans for grasp in plan.grasps), key=lambda grasp: -grasp.score)
        return GraspPlan(tuple(grasps[: self._settings.max_grasps]), sum(plan.candidates for plan in plans))

    def _plan_each(
        self,
        scene: Scene,
        view: LabelledView,
        order: list[int],
        among: int | None,
        cancelled: Callable[[], bool],
    ) -> tuple[list[GraspPlan], list[NotGraspable]]:
        """Plans of the parts of an order of indices, as far as need be, and why others have none."""
        plans: list[GraspPlan] = []
        failures: list[NotGraspable] = []
        for count, index in enumerate(order, start=1):
            try:
                plans.append(self.plan_part(scene, view, index, among, cancelled))
            except NotGraspable as error:
                failures.append(error)
            enough = FAIR_SCORE if count >= ENOUGH_PARTS else GOOD_SCORE
            if count >= FEW_PARTS and _best_score(plans) >= enough:
                break
        return plans, failures

    def space_around(self, view: LabelledView, shape: Shape, label: int) -> SpaceMaps:
        """Height maps as wide as the hand reaches around a part."""
        lower, upper = shape.points[:, :2].min(axis=0), shape.points[:, :2].max(axis=0)
        half_size = 0.5 * float((upper - lower).max()) + HAND_REACH
        settings = self._settings
        return map_space(view, label, 0.5 * (lower + upper), half_size, settings.clearance, settings.miss)


def _best_score(plans: list[GraspPlan]) -> float:
    return max((plan.grasps[0].score for plan in plans), default=0.0)


def usable_surface(item: Part, scene: Scene) -> tuple[FloatArray, FloatArray]:
    """Points and normals (N, 3) of a part in the support frame, without those that are not numbers.

    Raises TooFewPoints.
    """
    to_support = support_from_base(support_of(scene))
    points = transform_points(to_support, item.points)
    normals = rotate_vectors(to_support, item.normals)
    sound = np.isfinite(points).all(axis=1) & (np.abs(np.linalg.norm(normals, axis=1) - 1.0) < 0.1)
    if np.count_nonzero(sound) < MIN_POINTS:
        raise TooFewPoints(item.id, int(np.count_nonzero(sound)), MIN_POINTS)
    return points[sound], normals[sound]


def stop_if(cancelled: Callable[[], bool]) -> None:
    """Raises PlanningCancelled when the caller asked to stop."""
    if cancelled():
        raise PlanningCancelled


def _highest_first(scene: Scene) -> list[int]:
    """Indices of the objects, those that stick out first; what the image border cuts comes last."""
    support = support_of(scene)
    tops = [float(np.nanmax(support.signed_distance(item.points), initial=-1.0)) for item in scene.objects]
    return sorted(range(len(tops)), key=lambda k: (scene.objects[k].truncated, -tops[k]))
