"""What every motion planner does with the place where the arm stands."""

from __future__ import annotations

import numpy as np
import pytest

from lab_core.geometry import FloatArray, OrientedBox, make_transform, rotation_about
from lab_core.scene import Part
from lab_description import Cell
from lab_motion.errors import LimitsExceeded, StartInCollision
from lab_motion.planning.port import Contacts, MotionOptions, MotionPlanner, PlanningScene
from lab_motion.testing.checks import TINY, assert_trajectory
from lab_motion.testing.problems import moved, walls_beside
from lab_motion.testing.world import ContractWorld


class StartContract:
    """Part of lab_motion.testing.planner_contract, with its fixtures."""

    def test_a_start_close_to_an_object_can_be_left(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray
    ) -> None:
        """The hand a few millimetres inside the box that perception drew around a part."""
        tip = planner.forward(home)
        box = OrientedBox(
            make_transform(np.eye(3), tip[:3, 3] + [0.0, 0.0, -0.025]), np.array([0.03, 0.03, 0.05])
        )
        planner.update_scene(PlanningScene((Part("drawn too large", box),), None, 0.03))
        goal = planner.inverse(moved(tip, [0.0, 0.0, 0.1]), home, MotionOptions())[0]
        assert_trajectory(planner.plan_joint(home, goal, MotionOptions()), cell, home)

    def test_a_start_between_two_parts_can_be_left(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray
    ) -> None:
        """With less room than any turn of a joint needs: first straight out, then on."""
        planner.update_scene(walls_beside(cell, world, home, 0.007))
        tip = planner.forward(home)
        turned = make_transform(tip[:3, :3] @ rotation_about([0.0, 0.0, 1.0], 1.0), tip[:3, 3] + [0, 0, 0.1])
        goal = planner.inverse(turned, home, MotionOptions())[0]
        assert_trajectory(planner.plan_joint(home, goal, MotionOptions()), cell, home)

    @pytest.mark.parametrize("away", [0.0, 1e-6, 1e-4])
    def test_an_arm_that_is_there_already_is_not_told_otherwise(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene, away: float
    ) -> None:
        trajectory = planner.plan_joint(home, home + away, MotionOptions())
        assert_trajectory(trajectory, cell, home)
        assert np.abs(trajectory.positions[-1] - home).max() < 2.0 * away + 1e-6

    def test_a_start_deep_inside_is_refused(self, planner: MotionPlanner, home: FloatArray) -> None:
        tip = planner.forward(home)
        box = OrientedBox(make_transform(np.eye(3), tip[:3, 3]), np.array([0.3, 0.3, 0.2]))
        planner.update_scene(PlanningScene((Part("block", box),), None, 0.03))
        with pytest.raises(StartInCollision, match="block"):
            planner.plan_joint(home, home + 0.2, MotionOptions())

    def test_a_start_inside_furniture_is_refused(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray, empty: PlanningScene
    ) -> None:
        world.set_scene(empty, Contacts())
        start = home.copy()
        start[1] = cell.robot.position_upper[1]  # leaned forwards as far as it goes
        assert world.distance(start)[0] < -0.005
        with pytest.raises(StartInCollision):
            planner.plan_joint(start, home, MotionOptions())

    def test_a_start_a_hair_beyond_a_limit_can_be_left(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        """Encoders say so of a joint that rests at the end of its range."""
        start = home.copy()
        start[-1] = cell.robot.position_upper[-1] + 0.5 * TINY
        assert_trajectory(planner.plan_joint(start, home, MotionOptions()), cell, start)

    def test_a_start_outside_the_limits_names_the_joint(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        start = home.copy()
        start[-1] = cell.robot.position_upper[-1] + 0.1
        above = moved(planner.forward(home), [0.0, 0.0, 0.02])
        for plan in (
            lambda: planner.plan_joint(start, home, MotionOptions()),
            lambda: planner.plan_pose(start, [above], MotionOptions()),
            lambda: planner.plan_straight(start, above, MotionOptions()),
        ):
            with pytest.raises(LimitsExceeded, match=cell.robot.joint_names[-1]):
                plan()
