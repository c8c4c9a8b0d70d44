"""What the task hears of a place: whether the part was released, however the place ended."""

from __future__ import annotations

import threading
import time

import pytest
import rclpy
from lab_interfaces.action import Place
from lab_interfaces.msg import HeldPart, Outcome
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

from lab_motion.motion_parameters import MotionParameters
from lab_node.actions import serve_action
from lab_node.conversions.outcomes import success
from lab_node.qos import LATCHED
from lab_node.rclpy_overrides import destroy_actions
from lab_tasks.ros_skills import MOTION_TIMEOUT, RosSkills

WAIT = 60.0


class Motion:
    """A task's skills, and a motion node that does what the test says."""

    def __init__(self):
        self.node, self.motion = Node("tasks"), Node("motion")
        self.word = self.motion.create_publisher(HeldPart, "/motion/held", LATCHED)
        self.skills = RosSkills(self.node)
        self.result, self.phases = Place.Result(outcome=success()), []
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.server = serve_action(self.motion, Place, "/place", self._place)
        self.heard, self.client = [], self.skills._place
        self.send, self.client.send_goal_async = self.client.send_goal_async, self._send
        self.executor = MultiThreadedExecutor(4)
        for node in (self.node, self.motion):
            self.executor.add_node(node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def _send(self, goal, feedback_callback):
        def hear(message):
            feedback_callback(message)
            self.heard.append(message)

        return self.send(goal, feedback_callback=hear)

    def _place(self, goal):
        self.until(lambda: len(self.client._goal_handles), "client that knows of its goal")
        for phase in self.phases:
            goal.publish_feedback(Place.Feedback(phase=phase))
        self.reached.set()
        self.until(lambda: goal.is_cancel_requested or self.go_on.is_set(), "told how to go on")
        return self.result

    def until(self, condition, what):
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            pause.wait(0.005)

    def say(self, object_id):
        message = HeldPart(object_id=object_id)
        message.header.stamp = self.motion.get_clock().now().to_msg()
        self.word.publish(message)

    def die(self):
        """And be there again, as a node that knows of no goal."""
        assert self.reached.wait(WAIT)
        self.until(lambda: len(self.heard) == len(self.phases), "feedback")
        self.server.destroy()
        self.server = serve_action(self.motion, Place, "/place", self._place)

    def close(self):
        self.go_on.set()
        self.until(lambda: not any(thread.name == "/place" for thread in threading.enumerate()), "ended")
        self.executor.shutdown()
        self.thread.join()
        for node in (self.node, self.motion):
            destroy_actions(node)
            node.destroy_node()


@pytest.fixture
def motion(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "44")
    rclpy.init()
    motion = Motion()
    yield motion
    motion.close()
    rclpy.shutdown()


def ended(code, released):
    result = Place.Result(outcome=Outcome(code=code, message="as told"))
    result.pose.header.frame_id = "base_link" if released else ""
    return result


@pytest.mark.parametrize("code", [Outcome.NO_PATH, Outcome.STOPPED, Outcome.STALE_INPUT])
@pytest.mark.parametrize("released", [True, False])
def test_motion_says_whether_it_let_go(motion, code, released):
    motion.result = ended(code, released)
    motion.go_on.set()
    placed = motion.skills.place("tray", lambda: False)
    assert (placed.released, placed.error.code) == (released, code)


@pytest.mark.parametrize("released", [True, False])
def test_a_cancelled_place_says_it_too(motion, released):
    motion.result = ended(Outcome.CANCELLED, released)
    placed = motion.skills.place("tray", motion.reached.is_set)
    assert (placed.released, placed.error.code) == (released, Outcome.CANCELLED)


@pytest.mark.parametrize(
    ("phases", "feels", "released"),
    [
        (["plan", "move", "lower"], "", False),
        (["plan", "move", "lower", "open"], "", True),
        (["plan", "move", "lower", "open"], "unknown_part", False),
        (["plan", "move", "lower", "open", "plan", "retreat"], "", True),
    ],
)
def test_a_motion_node_that_died_had_let_go_when_its_last_phase_says_so(motion, phases, feels, released):
    motion.phases = phases

    def die():
        motion.die()
        motion.say("")  # what it says as it begins
        motion.say(feels)

    killer = threading.Thread(target=die)
    killer.start()
    placed = motion.skills.place("tray", lambda: False)
    killer.join()
    assert (placed.released, placed.error.code) == (released, Outcome.UNAVAILABLE)


def test_a_task_waits_as_long_as_the_first_motion_waits_for_a_person():
    assert MotionParameters().confirm_timeout + 300.0 <= MOTION_TIMEOUT
