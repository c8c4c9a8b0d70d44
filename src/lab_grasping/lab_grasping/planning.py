"""The stage: a scene in, ranked grasps out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene
from lab_description import Cell
from lab_grasping.errors import GraspingError, NotGraspable, UnsafeByCamera, UnusableScene
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_model import hand_of
from lab_grasping.port import GRASP_PLANNERS, GraspPlan, GraspPlanner, never
from lab_grasping.suction_gripper import SuctionGripper
from lab_grasping.testing.synthetic import Solid, at, observe


class GraspPlanning:
    """Plans grasps for the hand of a cell, under the error that is stated for its camera."""

    def __init__(
        self,
        hand: ParallelGripper | SuctionGripper,
        planner: GraspPlanner,
        miss: float = 0.0,
        exact: GraspPlanner | None = None,
    ) -> None:
        """miss: how far the hand may miss what the camera sees, metres. exact: a planner as if it never did,
        which tells whether a part is refused for that reason.
        """
        self.hand = hand
        self.planner = planner
        self._miss = miss
        self._exact = exact

    @classmethod
    def of(
        cls, cell: Cell, parameters: GraspParameters, planner: GraspPlanner | None = None
    ) -> GraspPlanning:
        """The stage of a cell. planner: else the one that the parameters name.

        Raises ConfigurationError when none for this hand has that name.
        """
        hand = hand_of(cell.end_effector)
        if planner is not None:
            return cls(hand, planner)

        def make(miss: float) -> GraspPlanner:
            name = parameters.planner_for(cell)
            settings = replace(parameters.settings(miss), table_height=cell.table_height)
            return GRASP_PLANNERS.make(name, hand, settings, given=parameters.plugins, node="grasping").plugin

        miss = cell.camera.stated_error
        return cls(hand, make(miss), miss, make(0.0) if miss > 0.0 else None)

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """Grasps on one part of the scene, or the best of all parts; see GraspPlanner.

        Raises UnusableScene when perception itself said that there is nothing to plan on, UnsafeByCamera when
        only the error that is stated for the camera forbids all grasps, and what the planner raises.
        """
        if scene.code != OutcomeCode.SUCCESS and not scene.objects:
            raise UnusableScene(scene)
        try:
            return self.planner.plan(scene, object_id, cancelled=cancelled)
        except NotGraspable as error:
            if self._exact is None:
                raise
            with contextlib.suppress(NotGraspable):
                possible = self._exact.plan(scene, object_id, cancelled=cancelled).grasps[0]
                raise UnsafeByCamera(possible.object_id, self._miss) from error
            raise

    def warm_up(self) -> None:
        """Compile and touch everything once, by planning on a block that nobody will ever see: so the first
        real plan costs what all others cost.
        """
        scene = observe([Solid("box", (0.03, 0.04, 0.04), at(0.5, 0.0, 0.02, 0.3))])
        with contextlib.suppress(GraspingError):
            self.planner.plan(scene)
