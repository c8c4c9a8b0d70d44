"""The default GraspPlanner: complete the part, pair contacts, place hands, close them, check clearance,
rank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import invert, make_transform
from lab_core.grasp import Grasp
from lab_core.parameters import parameter
from lab_core.scene import Scene
from lab_grasping.antipodal import find_pairs, hand_poses
from lab_grasping.completion import complete
from lab_grasping.errors import NoGraspFound, ObjectTooWide
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_surface import HandSurface
from lab_grasping.port import GraspPlan, PlannerSettings
from lab_grasping.ranking import WEIGHTS
from lab_grasping.scene import support_from_base, support_of
from lab_grasping.scene_planner import ScenePlanner, stop_if, usable_surface
from lab_grasping.search import Blocked, Search
from lab_grasping.space import LabelledView


@dataclass(frozen=True)
class AntipodalParameters:
    """How much the planner tries: more pairs find rarer grasps, and take longer."""

    max_pairs: int = parameter(
        110,
        "The number of contact pairs that are tried on a part, when one part is asked for.",
        minimum=1,
        maximum=5000,
    )
    total_pairs: int = parameter(
        240, "The number of contact pairs that are tried on all parts together.", minimum=1, maximum=20000
    )
    min_pairs: int = parameter(
        20, "The least number of contact pairs that are tried on each of all parts.", minimum=1, maximum=5000
    )


DEFAULTS = AntipodalParameters()


class AntipodalPlanner(ScenePlanner):
    """Geometric planner on observed points for a parallel gripper."""

    Parameters = AntipodalParameters
    gripper = ParallelGripper
    deterministic = True
    accurate_on_blocks = True

    def __init__(
        self,
        gripper: ParallelGripper,
        settings: PlannerSettings,
        parameters: AntipodalParameters = DEFAULTS,
    ) -> None:
        super().__init__(settings)
        self._parameters = parameters
        self._gripper = gripper
        self._hand = HandSurface.of(gripper, settings.miss)

    def plan_part(
        self,
        scene: Scene,
        view: LabelledView,
        index: int,
        among: int | None,
        cancelled: Callable[[], bool],
    ) -> GraspPlan:
        """See ScenePlanner."""
        item, label = scene.objects[index], index + 1
        to_support = support_from_base(support_of(scene))
        points, normals = usable_surface(item, scene)
        shape = complete(points, normals, view, label)
        stop_if(cancelled)
        p = self._parameters
        max_pairs = p.max_pairs if among is None else max(p.min_pairs, p.total_pairs // among)
        pairs = find_pairs(
            shape, self._gripper, np.random.default_rng([self._settings.seed, index]), max_pairs
        )
        candidates = hand_poses(pairs, self._gripper, self._settings.tip_margin, self._settings.miss)
        search = Search(
            self._gripper, self._hand, self._settings, shape, self.space_around(view, shape, label)
        )
        try:
            poses, closings = search.held(candidates)
            stop_if(cancelled)
            rated = search.opened(*search.standing(poses, closings))
            stop_if(cancelled)
            chosen, clear = search.approached(rated, self._settings.max_grasps)
        except Blocked as blocked:
            if shape.breadth > self._gripper.max_opening:
                raise ObjectTooWide(item.id, shape.breadth, self._gripper.max_opening) from blocked
            raise NoGraspFound(item.id, len(candidates), str(blocked)) from blocked
        base_from_support = invert(to_support)
        grasps = tuple(
            Grasp(
                scene_stamp=scene.stamp,
                frame=scene.frame,
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
