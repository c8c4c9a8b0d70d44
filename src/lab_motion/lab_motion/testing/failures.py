"""What every motion planner says when there is no motion, and that it hears a cancel."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lab_core.geometry import FloatArray
from lab_description import Cell
from lab_motion.errors import (
    GoalInCollision,
    InvalidGoal,
    LimitsExceeded,
    NoPath,
    OutOfReach,
    PathNotStraight,
    PlanningCancelled,
)
from lab_motion.planning.port import MotionOptions, MotionPlanner, PlanningScene
from lab_motion.testing.checks import assert_trajectory, time_to_cancel
from lab_motion.testing.problems import above_workspace, grasped_box, moved, pointing_down, trapped

CANCEL_TIME = 0.2


class FailureContract:
    """Part of lab_motion.testing.planner_contract, with its fixtures."""

    def test_out_of_reach(self, planner: MotionPlanner, home: FloatArray, empty: PlanningScene) -> None:
        far = pointing_down(np.array([2.0, 0.0, 0.3]), 0.0)
        with pytest.raises(OutOfReach, match="no joint positions"):
            planner.inverse(far, home, MotionOptions())
        with pytest.raises(OutOfReach):
            planner.plan_pose(home, [far], MotionOptions())

    def test_the_first_pose_that_can_be_reached_is_taken(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        far = pointing_down(np.array([2.0, 0.0, 0.3]), 0.0)
        near = pointing_down(above_workspace(cell, 0.3), 0.0)
        assert planner.plan_pose(home, [far, near, near], MotionOptions())[0] == 1

    def test_a_goal_in_collision_names_what_is_there(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray
    ) -> None:
        scene, pose = grasped_box(cell)
        planner.update_scene(scene)
        with pytest.raises(GoalInCollision, match="box"):
            planner.plan_pose(home, [moved(pose, [0.0, 0.02, 0.0])], MotionOptions())

    def test_a_goal_outside_the_limits_names_the_joint(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        goal = home.copy()
        goal[2] = cell.robot.position_upper[2] + 0.1
        with pytest.raises(LimitsExceeded, match=cell.robot.joint_names[2]):
            planner.plan_joint(home, goal, MotionOptions())

    def test_goals_that_cannot_be_meant(
        self, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        for goal in (home[:-1], np.full_like(home, np.nan)):
            with pytest.raises(InvalidGoal):
                planner.plan_joint(home, goal, MotionOptions())
        with pytest.raises(InvalidGoal):
            planner.plan_straight(home, np.full((4, 4), np.nan), MotionOptions())
        with pytest.raises(InvalidGoal):
            planner.plan_pose(home, [], MotionOptions())

    def test_a_line_that_leaves_the_workspace_is_not_straight(
        self, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        with pytest.raises(PathNotStraight):
            planner.plan_straight(home, moved(planner.forward(home), [2.0, 0.0, 0.0]), MotionOptions())

    def test_a_goal_that_is_closed_off_has_no_path(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray
    ) -> None:
        scene, goal = trapped(cell, planner, home)
        planner.update_scene(scene)
        with pytest.raises(NoPath):
            planner.plan_joint(home, goal, MotionOptions())

    def test_cancel_is_heard_within_a_fifth_of_a_second(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray
    ) -> None:
        scene, goal = trapped(cell, planner, home)
        planner.update_scene(scene)
        times = [time_to_cancel(lambda o: planner.plan_joint(home, goal, o), 0.02 * n) for n in (1, 2, 4, 8)]
        # on a machine with more work than cores a thread gets its share, and may pause anywhere
        share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert min(times) < CANCEL_TIME * share, times
        assert float(np.median(times)) < 2.0 * CANCEL_TIME * share, times

    def test_a_cancelled_request_is_not_answered_and_the_next_one_is(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        above = moved(planner.forward(home), [0.0, 0.0, 0.05])
        goal = planner.inverse(above, home, MotionOptions())[0]
        cancelled = MotionOptions(cancelled=lambda: True)
        for plan in (
            lambda: planner.inverse(above, home, cancelled),
            lambda: planner.plan_joint(home, goal, cancelled),
            lambda: planner.plan_pose(home, [above], cancelled),
            lambda: planner.plan_straight(home, above, cancelled),
        ):
            with pytest.raises(PlanningCancelled):
                plan()
        assert_trajectory(planner.plan_straight(home, above, MotionOptions()), cell, home)
