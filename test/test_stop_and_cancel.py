"""Stop and cancel in every phase of a job, in one cell: the arm stands, and what follows can rely on it."""

import os
import unittest
from pathlib import Path

import launch_testing
import pytest
from lab_interfaces.action import MoveTo, Pick, Place, PlanGrasps
from lab_interfaces.msg import Outcome
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest

from cell_client import CellClient, clearing
from cell_run import wall_wait
from lab_node.actions import wait_for

CELL = Path(__file__).parents[1] / "launch" / "cell.launch.py"
ARGUMENTS = {"look": "plain", "scene": "scattered", "parts": "6", "seed": "7", "speed": "1"}
# seconds of the cell's clock within which the arm stands, and the fingers, which may be opened to their goal
STOPS, CANCELS, FINGERS = 0.2, 0.5, 0.5
# metres above the table: a part about the tcp that is higher lies on nothing, neither table nor tray nor bin
HANGS = 0.09
# another machine is slower: of a wait that has to be over at some time
WAIT = 120.0
# of an action that may end by itself before it comes to the phase
TRIES = 3


@pytest.mark.launch_test
def generate_test_description():
    os.environ["ROS_DOMAIN_ID"] = "65"
    cell = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(CELL)), launch_arguments=ARGUMENTS.items()
    )
    return LaunchDescription([cell, ReadyToTest()])


class Interrupted(unittest.TestCase):
    """One cell for all. Each test begins where the one before was interrupted, and with what the cell says of
    its hand: what it holds is placed, or something is picked.
    """

    @classmethod
    def setUpClass(cls):
        cls.cell = CellClient().__enter__()
        cls.cell.until_active()

    @classmethod
    def tearDownClass(cls):
        cls.cell.__exit__()

    def holding(self):
        return self.cell.held.peek().object_id

    def hold_nothing(self):
        if self.holding():
            # a part may fall out when an arm brakes; then it is said to be lost, not placed
            kept_or_lost = (Outcome.SUCCESS, Outcome.OBJECT_LOST)
            self.assertIn(self.ask("/place", Place.Goal(destination="bin")), kept_or_lost, self.said)
        if self.ask("/move_to", MoveTo.Goal(configuration="home")) != Outcome.SUCCESS:
            self.fail(f"cannot go home: {self.said}")

    def hold_something(self):
        if self.holding():
            return
        for _ in range(4):
            self.hold_nothing()
            if self.ask("/pick", self.pick_goal()) == Outcome.SUCCESS:
                return
        self.fail("nothing could be picked")

    def pick_goal(self):
        """Grasps on a part; one is put on the table when none is left that can be grasped."""
        for place in (None, (0.5, 0.0), (0.45, 0.14), (0.58, -0.14)):
            if place is not None:
                self.cell.spawn("part://box?x=0.04&y=0.04&z=0.04", *place)
            now = self.cell.joints.peek().header.stamp
            planned = self.cell.ask("/plan_grasps", PlanGrasps.Goal(not_before=now, max_grasps=24))
            if planned.outcome.code == Outcome.SUCCESS:
                return Pick.Goal(grasps=planned.grasps)
        self.fail(planned.outcome.message)

    def ask(self, action, goal):
        outcome = self.cell.ask(action, goal, timeout=WAIT).outcome
        self.said = outcome.message
        return outcome.code

    def prepared(self, action):
        """The goal of an action, and the cell as the action needs it."""
        if action == "/place":
            self.hold_something()
            return Place.Goal(destination="tray")
        self.hold_nothing()
        if action in ("/pick", "/run_order"):
            goal = self.pick_goal()
            return goal if action == "/pick" else clearing(max_parts=1)
        return MoveTo.Goal(configuration="stow")

    def interrupt(self, action, phase, how):
        said = []
        for _ in range(TRIES):
            handle, ended = self.underway(action, phase)
            if ended.done() and phase not in self.cell.phases:
                said.append(ended.result().result.outcome.message)
                continue
            return self.interrupted(handle, ended, how)
        self.fail(f"{action} never came to {phase}: {said}")

    def underway(self, action, phase):
        """The goal in this phase, or ended before it: a part may slip from a hand that is sound."""
        goal, cell = self.prepared(action), self.cell
        handle = cell.send(action, goal)
        self.addCleanup(self.leave, handle)
        ended = handle.get_result_async()
        # an accepted goal is in its first phase, whose feedback may come before the client expects it
        if phase != "plan":
            cell.until(lambda: phase in cell.phases or ended.done(), WAIT, f"phase {phase} of {action}")
        return handle, ended

    def interrupted(self, handle, ended, how):
        cell, since = self.cell, self.cell.time()
        if how == "stop":
            cell.stop()
        else:
            wait_for(handle.cancel_goal_async(), WAIT, "cancel")
        outcome = wait_for(ended, WAIT, "result").result.outcome
        self.assertEqual(
            outcome.code, Outcome.STOPPED if how == "stop" else Outcome.CANCELLED, outcome.message
        )
        self.assertLessEqual(cell.seconds_until_still(since), STOPS if how == "stop" else CANCELS)
        self.assertLessEqual(cell.seconds_until_still(since, fingers=True), FINGERS)
        self.assert_hand_is_as_said()
        if how == "stop":
            self.assertEqual(self.ask("/move_to", MoveTo.Goal(configuration="home")), Outcome.STOPPED)
            cell.reset()

    def assert_hand_is_as_said(self):
        """By where the simulator has the parts; motion's word may still be on its way."""

        def agree():
            positions = self.cell.part_positions()
            parts = {name: positions[name][2] for name in self.cell.at_the_tcp(positions)}
            self.said = f"it says '{self.holding()}', and about the tcp are, by height, {parts}"
            return bool(parts) if self.holding() else not any(height > HANGS for height in parts.values())

        if not wall_wait(agree, 5.0):
            self.fail(self.said)

    def leave(self, handle):
        """Whatever happened: nothing goes on, nothing is stopped."""
        handle.cancel_goal_async()
        wait_for(handle.get_result_async(), WAIT, "result")
        self.cell.reset()


def interruption(action, phase, how):
    def test(self):
        self.interrupt(action, phase, how)

    return test


PHASES = {
    "/move_to": ["move"],
    "/pick": ["plan", "move", "approach", "close", "lift"],
    "/place": ["plan", "move", "lower", "open", "retreat"],
    "/run_order": ["first look", "plan grasps", "pick", "place", "look again", "home"],
}
STOPPED_TASK = ("pick", "place")


for _action, _phases in PHASES.items():
    for _phase in _phases:
        for _how in ("cancel", "stop"):
            if _how == "cancel" or _action != "/run_order" or _phase in STOPPED_TASK:
                _name = f"test_{_how}_of_{_action[1:]}_in_{_phase.replace(' ', '_')}"
                setattr(Interrupted, _name, interruption(_action, _phase, _how))


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    def test_every_node_ends_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
