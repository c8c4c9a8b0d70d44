"""The launch file that users run, in simulation: two parts from the table into the tray."""

import os
import unittest
from pathlib import Path

import launch_testing
import pytest
from action_msgs.msg import GoalStatus
from lab_interfaces.action import ClearTable, MoveTo
from lab_interfaces.msg import Outcome
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest

from cell_client import CellClient
from lab_node.actions import wait_for

CELL = Path(__file__).parents[1] / "launch" / "cell.launch.py"
ARGUMENTS = {"look": "plain", "scene": "scattered", "parts": "2", "seed": "7", "speed": "0", "record": "none"}


@pytest.mark.launch_test
def generate_test_description():
    os.environ["ROS_DOMAIN_ID"] = "60"
    cell = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(CELL)), launch_arguments=ARGUMENTS.items()
    )
    return LaunchDescription([cell, ReadyToTest()])


class TestCell(unittest.TestCase):
    """One cell for all; the tests run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.cell = CellClient().__enter__()
        cls.cell.until_active()

    @classmethod
    def tearDownClass(cls):
        cls.cell.__exit__()

    def test_1_the_camera_sees_both_parts(self):
        scene = self.cell.until(
            lambda: (s := self.cell.scene.peek()) and len(s.objects) == 2 and s, 30.0, "scene of two parts"
        )
        assert scene.header.frame_id == "base_link"
        true = self.cell.part_positions()
        for seen in scene.objects:
            centre = seen.box.center.position
            distances = [abs(centre.x - x) + abs(centre.y - y) for x, y, _ in true.values()]
            assert min(distances) < 0.02, f"{seen.id} is {min(distances):.3f} m from any part"

    def test_2_a_cancelled_motion_ends_still_and_says_so(self):
        goal = MoveTo.Goal(configuration="stow")
        handle = self.cell.send("/move_to", goal)
        start = self.cell.joints.peek()
        self.cell.until(lambda: moved(start, self.cell.joints.peek()) > 0.05, 60.0, "motion")
        wait_for(handle.cancel_goal_async(), 60.0, "cancel")
        answer = wait_for(handle.get_result_async(), 60.0, "result")
        assert answer.status == GoalStatus.STATUS_CANCELED
        assert answer.result.outcome.code == Outcome.CANCELLED
        still = self.cell.joints.peek()
        later = self.cell.until(
            lambda: (s := self.cell.joints.peek()).header.stamp.sec > still.header.stamp.sec and s,
            60.0,
            "time",
        )
        assert moved(still, later) < 0.01
        assert self.cell.ask("/move_to", MoveTo.Goal(configuration="home")).outcome.code == Outcome.SUCCESS

    def test_3_parts_are_placed_and_the_simulator_agrees(self):
        """How many of many is the benchmark's question; here every claim has to be true."""
        result = self.cell.ask("/clear_table", ClearTable.Goal())
        assert result.outcome.code in (Outcome.SUCCESS, Outcome.OBJECTS_LEFT), result.outcome.message
        assert result.presented >= 2 and result.placed >= 1
        in_tray = [
            name
            for name, (x, y, _) in self.cell.part_positions().items()
            if abs(x - 0.05) < 0.21 and abs(y - 0.50) < 0.16
        ]
        assert len(in_tray) >= result.placed
        placed = [attempt for attempt in self.cell.attempts if attempt.outcome.code == Outcome.SUCCESS]
        assert len(placed) == result.placed
        for attempt in placed:
            assert attempt.held_width > 0.002 and attempt.held_force > 1.0
            assert {"move", "approach", "close", "lift"} <= {stage.stage for stage in attempt.stages}

    def test_4_a_table_is_looked_at_again(self):
        result = self.cell.ask("/clear_table", ClearTable.Goal())
        assert result.outcome.code in (Outcome.NO_OBJECT, Outcome.SUCCESS, Outcome.OBJECTS_LEFT)
        assert result.placed + len(result.left) <= result.presented

    def test_5_an_impossible_goal_is_refused_with_a_sentence(self):
        result = self.cell.ask("/move_to", MoveTo.Goal(configuration="upside_down"))
        assert result.outcome.code == Outcome.INVALID_REQUEST
        assert "upside_down" in result.outcome.message and "home" in result.outcome.message


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    def test_every_node_ends_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)


def moved(before, after):
    """Largest joint motion between two states, radians."""
    return max(abs(a - b) for a, b in zip(before.position, after.position, strict=True))
