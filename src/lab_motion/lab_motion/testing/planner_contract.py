"""What every motion planner has to fulfil, ours and a stranger's; collected by pytest.

    from lab_motion.testing.planner_contract import MotionPlannerContract

    @pytest.fixture(scope="module")
    def cell(): return load_cell("ur5e_table")

    @pytest.fixture(scope="module")
    def planner(cell): return MyPlanner(cell)

    class TestMine(MotionPlannerContract):
        pass

Collisions are judged by lab_motion.testing.world. The number of random problems is LAB_CONTRACT_PROBLEMS,
6 by default.
"""

from __future__ import annotations

import contextlib
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from lab_core.geometry import FloatArray, OrientedBox, make_transform
from lab_core.plugins import promises
from lab_core.scene import Part
from lab_description import Cell, load_cell
from lab_motion.errors import GoalInCollision, InvalidGoal, NoPath, OutOfReach, PathNotStraight, PlanningError
from lab_motion.planning.port import Contacts, MotionOptions, MotionPlanner, PlanningScene
from lab_motion.testing.checks import TINY, assert_at, assert_straight, assert_trajectory
from lab_motion.testing.failures import FailureContract
from lab_motion.testing.problems import above_workspace, grasped_box, moved, pointing_down, problem
from lab_motion.testing.starts import StartContract
from lab_motion.testing.world import ContractWorld

PROBLEMS = int(os.environ.get("LAB_CONTRACT_PROBLEMS", "6"))
# Share of random problems that must be solved: a few have no solution.
SOLVED = 0.8


@lru_cache(maxsize=4)
def _contract_world(cell: Path) -> ContractWorld:
    return ContractWorld(load_cell(cell))


class MotionPlannerContract(StartContract, FailureContract):
    """The tests. Subclasses give the fixtures `cell` and `planner`."""

    @pytest.fixture
    def world(self, cell: Cell) -> ContractWorld:
        return _contract_world(cell.files["cell"])

    @pytest.fixture
    def home(self, cell: Cell) -> FloatArray:
        return cell.robot.configuration("home")

    @pytest.fixture
    def empty(self, cell: Cell, planner: MotionPlanner) -> PlanningScene:
        scene = PlanningScene(opening=cell.end_effector.maximum_opening)
        planner.update_scene(scene)
        return scene

    def test_joints_are_the_cells(self, cell: Cell, planner: MotionPlanner) -> None:
        assert planner.joint_names == cell.robot.joint_names

    def test_forward_kinematics_are_the_urdfs(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld
    ) -> None:
        random = np.random.default_rng(0)
        for positions in random.uniform(
            cell.robot.position_lower, cell.robot.position_upper, (20, len(cell.robot.joint_names))
        ):
            assert np.abs(planner.forward(positions) - world.forward(positions)).max() < 1e-6

    def test_solutions_reach_the_pose_and_touch_nothing(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray
    ) -> None:
        solved = 0
        for seed in range(PROBLEMS):
            scene, pose, _ = problem(cell, seed)
            planner.update_scene(scene)
            world.set_scene(scene, Contacts())
            try:
                solutions = planner.inverse(pose, home, MotionOptions(seed=seed))
            except (GoalInCollision, OutOfReach):
                continue
            solved += 1
            assert solutions.ndim == 2
            assert len(solutions) >= 1
            for positions in solutions:
                assert_at(world.forward(positions), pose)
                assert np.all(positions >= cell.robot.position_lower - TINY)
                assert np.all(positions <= cell.robot.position_upper + TINY)
                assert world.distance(positions)[0] > 0.0, world.distance(positions)[1]
        assert solved >= SOLVED * PROBLEMS

    def test_what_the_arm_can_show_can_be_reached(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray, empty: PlanningScene
    ) -> None:
        """Any pose of a free configuration is found again."""
        random = np.random.default_rng(1)
        world.set_scene(empty, Contacts())
        found = tried = 0
        for positions in random.uniform(
            cell.robot.position_lower, cell.robot.position_upper, (5 * PROBLEMS, len(home))
        ):
            if world.distance(positions)[0] < 0.005:
                continue
            tried += 1
            with contextlib.suppress(PlanningError):
                found += len(planner.inverse(world.forward(positions), home, MotionOptions())) > 0
        assert tried > PROBLEMS
        assert found >= 0.95 * tried, f"{found} of {tried}"

    def test_free_motions_touch_nothing_and_keep_the_limits(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray
    ) -> None:
        solved = 0
        for seed in range(PROBLEMS):
            scene, *poses = problem(cell, seed)
            planner.update_scene(scene)
            world.set_scene(scene, Contacts())
            start = home
            for pose in poses:
                try:
                    index, trajectory = planner.plan_pose(start, [pose], MotionOptions(seed=seed))
                except (GoalInCollision, OutOfReach, NoPath):
                    continue
                solved += 1
                assert index == 0
                assert_trajectory(trajectory, cell, start)
                assert_at(world.forward(trajectory.positions[-1]), pose)
                assert not world.overlap(trajectory), f"seed {seed}"
                start = trajectory.positions[-1]
        assert solved >= SOLVED * 2 * PROBLEMS

    def test_a_wall_is_gone_around(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, empty: PlanningScene, home: FloatArray
    ) -> None:
        centre = make_transform(np.eye(3), above_workspace(cell, 0.16))
        wall = Part("wall", OrientedBox(centre, np.array([0.3, 0.02, 0.32])))
        scene = PlanningScene((wall,), None, cell.end_effector.maximum_opening)
        planner.update_scene(scene)
        left, right = (
            planner.inverse(pointing_down(above_workspace(cell, 0.15, y=y), 0.0), home, MotionOptions())[0]
            for y in (0.18, -0.18)
        )
        world.set_scene(scene, Contacts())
        straight = [world.distance(left + share * (right - left))[0] for share in np.linspace(0.0, 1.0, 30)]
        assert min(straight) < 0.0, "the wall is not in the way: the test proves nothing"
        trajectory = planner.plan_joint(left, right, MotionOptions())
        assert_trajectory(trajectory, cell, left)
        assert not world.overlap(trajectory)

    @pytest.mark.parametrize("share", [1.0, 0.3])
    def test_shares_of_the_limits_are_kept(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, empty: PlanningScene, share: float
    ) -> None:
        goal = planner.inverse(pointing_down(above_workspace(cell, 0.2), 0.5), home, MotionOptions())[0]
        options = MotionOptions(speed=share, acceleration=share)
        assert_trajectory(planner.plan_joint(home, goal, options), cell, home, share, share)

    def test_the_speed_of_the_tool_is_kept(
        self, planner: MotionPlanner, home: FloatArray, empty: PlanningScene
    ) -> None:
        pose = planner.forward(home)
        goal = moved(pose, [0.0, 0.15, 0.0])
        trajectory = planner.plan_straight(home, goal, MotionOptions(tcp_speed=0.1, contacts=Contacts()))
        tips = planner.forward(trajectory.positions)[:, :3, 3]
        speeds = np.linalg.norm(np.diff(tips, axis=0), axis=1) / np.diff(trajectory.time)
        assert speeds.max() <= 0.1 * 1.02
        assert trajectory.duration < 2.5

    def test_straight_motions_are_straight(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray
    ) -> None:
        solved = 0
        for seed in range(PROBLEMS):
            scene, pose, _ = problem(cell, seed)
            planner.update_scene(scene)
            world.set_scene(scene, Contacts())
            close = MotionOptions(seed=seed, contacts=Contacts())
            # 8 cm along the tool's approach, as before a grasp
            goal = moved(pose, -0.08 * pose[:3, 2])
            try:
                start = planner.inverse(pose, home, close)[0]
                trajectory = planner.plan_straight(start, goal, close)
            except (GoalInCollision, OutOfReach, PathNotStraight):
                continue
            solved += 1
            assert_trajectory(trajectory, cell, start)
            assert_straight(world, trajectory, pose, goal)
            assert not world.overlap(trajectory)
        assert solved >= SOLVED * PROBLEMS

    def test_what_is_named_may_be_touched_and_nothing_else(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray
    ) -> None:
        scene, pose = grasped_box(cell)
        planner.update_scene(scene)
        with pytest.raises(GoalInCollision, match="box"):
            planner.inverse(moved(pose, [0.0, 0.02, 0.0]), home, MotionOptions(contacts=Contacts()))
        allowed = MotionOptions(contacts=Contacts(hand=frozenset(["box"])))
        positions = planner.inverse(moved(pose, [0.0, 0.02, 0.0]), home, allowed)[0]
        trajectory = planner.plan_straight(positions, moved(pose, [0.0, 0.02, 0.1]), allowed)
        world.set_scene(scene, allowed.contacts or Contacts())
        assert not world.overlap(trajectory)
        beside = planner.inverse(moved(pose, [0.0, 0.0, 0.1]), home, MotionOptions(contacts=Contacts()))[0]
        with pytest.raises(PathNotStraight, match="box"):
            planner.plan_straight(beside, moved(pose, [0.0, 0.02, 0.0]), MotionOptions(contacts=Contacts()))

    def test_a_held_part_is_part_of_the_arm(
        self, cell: Cell, planner: MotionPlanner, world: ContractWorld, home: FloatArray
    ) -> None:
        """A long part that hangs down cannot go where the empty hand can."""
        above = pointing_down(above_workspace(cell, 0.12, y=0.1), 0.0)
        stick = OrientedBox(make_transform(np.eye(3), [0.0, 0.0, 0.09]), np.array([0.02, 0.02, 0.2]))
        empty = PlanningScene((), None, 0.03)
        holding = PlanningScene((), Part("stick", stick), 0.03)
        planner.update_scene(empty)
        planner.plan_pose(home, [above], MotionOptions())
        planner.update_scene(holding)
        with pytest.raises(GoalInCollision, match="stick"):
            planner.plan_pose(home, [above], MotionOptions())
        _, trajectory = planner.plan_pose(home, [moved(above, [0.0, 0.0, 0.12])], MotionOptions())
        world.set_scene(holding, Contacts())
        assert not world.overlap(trajectory)
        planner.update_scene(empty)
        planner.plan_pose(home, [above], MotionOptions())

    def test_what_was_let_go_is_in_the_way_again(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray
    ) -> None:
        scene, pose = grasped_box(cell)
        there = moved(pose, [0.0, -0.1, 0.0])
        planner.update_scene(scene.attach("box", pose).detach(there))
        planner.plan_pose(home, [pose], MotionOptions())
        with pytest.raises(GoalInCollision, match="box"):
            planner.plan_pose(home, [moved(there, [0.0, 0.02, 0.0])], MotionOptions())

    def test_taking_and_letting_go_move_the_part(self, cell: Cell) -> None:
        scene, pose = grasped_box(cell)
        held = scene.attach("box", pose)
        assert [body.id for body in held.objects] == []
        there = moved(pose, [0.1, 0.0, 0.0])
        back = held.detach(there)
        assert back.held is None
        shift = back.objects[0].box.centre - scene.objects[0].box.centre
        assert np.abs(shift - [0.1, 0.0, 0.0]).max() < 1e-9
        with pytest.raises(InvalidGoal, match="'box'"):
            scene.attach("other", pose)
        with pytest.raises(InvalidGoal, match="holds 'box'"):
            held.attach("box", pose)

    @pytest.mark.parametrize("seed", [0, 7])
    def test_the_same_seed_gives_the_same_plan(
        self, cell: Cell, planner: MotionPlanner, home: FloatArray, seed: int
    ) -> None:
        if not promises(planner, "deterministic"):
            pytest.skip("this planner does not promise the same plan for the same seed")
        scene, first, second = problem(cell, seed)
        start = home
        planner.update_scene(scene)
        plans = []
        for _ in range(3):
            planner.update_scene(scene)
            _, trajectory = planner.plan_pose(start, [first, second], MotionOptions(seed=seed))
            plans.append(trajectory)
        for other in plans[1:]:
            assert np.array_equal(plans[0].time, other.time)
            assert np.array_equal(plans[0].positions, other.positions)
