"""The motion node with controllers without dynamics, and a caller; for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from kinematic_cell import KinematicCell
from lab_interfaces.action import Jog, MoveTo, Pick, Place
from lab_interfaces.msg import Grasp, Part, Scene
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter

from lab_core.geometry import make_transform, rotation_about
from lab_description import load_cell
from lab_motion.motion_node import MotionNode
from lab_node.conversions.poses import pose_from_matrix
from lab_node.qos import RELIABLE
from lab_node.rclpy_overrides import destroy_actions

CELL = load_cell("ur5e_table")
PART = "part_1"
WIDTH = 0.04
HOME = CELL.robot.configuration("home")
WAIT = 60.0
# a machine that pauses must not look like a cell that is silent
PATIENT = {"max_state_age": 8.0, "max_stop_age": 8.0, "max_view_age": 60.0, "stall_timeout": 8.0}
# the same planner wherever the tests run
PLANNER = {"planner": "embedded"}


class Caller(Node):
    """Sends goals and scenes, and waits for what comes back."""

    def __init__(self) -> None:
        super().__init__("caller")
        self.clients_of = {
            k: ActionClient(self, k, n)
            for k, n in ((Pick, "/pick"), (Place, "/place"), (MoveTo, "/move_to"), (Jog, "/jog"))
        }
        self.scenes = self.create_publisher(Scene, "/scene/objects", RELIABLE)
        self.phases: list[str] = []

    def send(self, kind, goal):
        client = self.clients_of[kind]
        assert client.wait_for_server(timeout_sec=WAIT)
        handle = self.wait(client.send_goal_async(goal, feedback_callback=self._feedback))
        assert handle.accepted
        return handle

    def run(self, kind, goal):
        self.phases.clear()
        return self.wait(self.send(kind, goal).get_result_async()).result

    def wait(self, future):
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        assert done.wait(WAIT), "no answer"
        return future.result()

    def until(self, condition, what):
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            pause.wait(0.005)

    def _feedback(self, message) -> None:
        self.phases.append(message.feedback.phase)


def observed(name, x, y, size) -> Part:
    item = Part(id=name)
    item.box.center = pose_from_matrix(make_transform(np.eye(3), [x, y, 0.5 * size[2]]))
    item.box.size.x, item.box.size.y, item.box.size.z = size
    return item


class Graph:
    """Node, controllers and caller, spun by one executor."""

    def __init__(self, shown=CELL, **parameters) -> None:
        overrides = [Parameter(name, value=value) for name, value in (PATIENT | PLANNER | parameters).items()]
        self.node = MotionNode(parameter_overrides=overrides)
        self.cell = KinematicCell(shown)
        self.caller = Caller()
        self._executor = SingleThreadedExecutor()
        self._nodes = [self.node, self.cell, self.caller]
        for node in self._nodes:
            self._executor.add_node(node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.node.end()
        self._executor.shutdown()
        self._thread.join(5.0)
        for node in self._nodes:
            destroy_actions(node)
            node.destroy_node()

    def show(self, x=0.5, y=0.05, size=(0.05, WIDTH, 0.04), name=PART, beside=None) -> Grasp:
        """Publish a scene with one part; a grasp on it from above. beside: y of a second part."""
        scene = Scene()
        scene.header.stamp = self.node.get_clock().now().to_msg()
        scene.header.frame_id = "base_link"
        scene.support.coef = [0.0, 0.0, 1.0, 0.0]
        scene.objects = [observed(name, x, y, size)]
        if beside is not None:
            scene.objects.append(observed("neighbour", x, beside, size))
        self.caller.until(lambda: self.caller.scenes.get_subscription_count() > 0, "nobody wants scenes")
        self.caller.scenes.publish(scene)
        stamp = scene.header.stamp.sec * 10**9 + scene.header.stamp.nanosec
        self.caller.until(lambda: stamp in self.node._scenes._kept, "the scene did not come")
        grasp = Grasp(
            header=scene.header, object_id=name, width=WIDTH, opening=0.06, approach_distance=0.1, score=1.0
        )
        down = rotation_about([1.0, 0.0, 0.0], np.pi)
        grasp.pose = pose_from_matrix(make_transform(down, [x, y, 0.025]))
        return grasp


def started(graph: Graph) -> Iterator[Graph]:
    """For fixtures: the graph with its node active, closed in the end."""
    try:
        assert graph.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert graph.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        # a goal that is sent before is refused, and on a busy machine it may be the first to come
        graph.caller.until(lambda: graph.node._permit.stops is not None, "nothing came of the stop node")
        yield graph
    finally:
        graph.close()


running = contextmanager(started)
