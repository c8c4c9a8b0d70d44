"""The stage: a scene in, ranked grasps out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene
from lab_description import Cell
from lab_grasping.errors import GraspingError, UnusableScene
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_model import hand_of
from lab_grasping.port import GRASP_PLANNERS, GraspPlan, GraspPlanner, never
from lab_grasping.suction_gripper import SuctionGripper
from lab_grasping.testing.synthetic import Solid, at, observe


class GraspPlanning:
    """Plans grasps for the hand of a cell."""

    def __init__(self, hand: ParallelGripper | SuctionGripper, planner: GraspPlanner) -> None:
        self.hand = hand
        self.planner = planner

    @classmethod
    def of(
        cls, cell: Cell, parameters: GraspParameters, planner: GraspPlanner | None = None
    ) -> GraspPlanning:
        """The stage of a cell. planner: else the one that the parameters name.

        Raises ConfigurationError when none for this hand has that name.
        """
        hand = hand_of(cell.end_effector)
        if planner is None:
            name, given = parameters.planner_for(cell), parameters.plugins
            made = GRASP_PLANNERS.make(name, hand, parameters.settings(cell), given=given, node="grasping")
            planner = made.plugin
        return cls(hand, planner)

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """Grasps on one part of the scene, or the best of all parts; see GraspPlanner.

        Raises UnusableScene when perception itself said that there is nothing to plan on, and what the
        planner raises.
        """
        if scene.code != OutcomeCode.SUCCESS and not scene.objects:
            raise UnusableScene(scene)
        return self.planner.plan(scene, object_id, cancelled=cancelled)

    def warm_up(self) -> None:
        """Compile and touch everything once, by planning on a block that nobody will ever see: so the first
        real plan costs what all others cost.
        """
        scene = observe([Solid("box", (0.03, 0.04, 0.04), at(0.5, 0.0, 0.02, 0.3))])
        with contextlib.suppress(GraspingError):
            self.planner.plan(scene)
