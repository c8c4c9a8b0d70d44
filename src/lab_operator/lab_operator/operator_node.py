"""The console as a node of the cell: what it hears becomes the state, what persons ask becomes messages."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
from action_msgs.srv import CancelGoal
from geometry_msgs.msg import Vector3
from lab_interfaces.action import Jog, RunOrder
from lab_interfaces.msg import Attempt, GraspArray, HeldPart, Outcome, Proposal, Scene, StopState, TaskStatus
from lab_interfaces.srv import Approve
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection3DArray

from lab_core.errors import InvalidRequestError
from lab_description import load_cell
from lab_node.collected import CollectedSubscription
from lab_node.conversions.images import rgb
from lab_node.conversions.outcomes import name_of
from lab_node.conversions.poses import matrix_from_pose
from lab_node.conversions.scene import scene_from_message
from lab_node.lifecycle import LabNode
from lab_node.permit import STOP_STATE
from lab_node.qos import HISTORY, LATCHED, RELIABLE, SENSOR
from lab_node.rclpy_overrides import ActionClient
from lab_operator.action_log import ActionLog
from lab_operator.conversions import attempt_from, boxes_from, joints_from, proposal_from, task_from
from lab_operator.desk import Desk, Step
from lab_operator.parameters import ConsoleParameters
from lab_operator.server import Server
from lab_operator.state import CellState, Stop
from lab_tasks.conversions import line_message
from lab_tasks.orders.order import Order, understood
from lab_tasks.orders.sources import read_order

# Seconds of the wall without a word from the stop node after which no cell is heard.
SILENCE = 1.0
# Attempts that are kept, the newest.
KEPT = 200
# Seconds of the wall between two looks at streams of which only the newest matters, and at an unheard stop.
_LOOK, _AGAIN = 0.08, 0.1
# Seconds for which a picture is worth its work after the last page has asked for one.
_WATCHED = 2.0
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 80]


class OperatorNode(LabNode):
    """Listens to the cell and serves the page. It also is the `Cell` that the desk asks."""

    Parameters = ConsoleParameters
    parameters: ConsoleParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("operator", **arguments)
        self._server: Server | None = None

    def configure(self) -> None:
        """Open all topics; nothing is served yet. Raises ConfigurationError."""
        p = self.parameters
        self.cell = load_cell(p.cell)
        self._lock = threading.Lock()
        self._known = CellState()
        self._stop_heard = 0.0
        self._picture: tuple[float, bytes] | None = None
        self._asked_for_picture = 0.0
        self._unheard = False
        self._stop_publisher = self.create_publisher(Bool, "cell/stop", RELIABLE)
        self._reset_client = self.create_client(Trigger, "cell/reset")
        self._approve_client = self.create_client(Approve, "motion/approve")
        self._understand(p.order)
        self._task_client: ActionClient = ActionClient(self, RunOrder, "run_order")
        self._cancel_client = self.create_client(CancelGoal, "run_order/_action/cancel_goal")
        self._jog_client: ActionClient = ActionClient(self, Jog, "jog")
        self._key_publisher = self.create_publisher(String, "motion/jog_key", RELIABLE)
        self._step: tuple[str, Any] = ("", None)
        self.create_subscription(StopState, STOP_STATE, self._take_stop, LATCHED)
        self.create_subscription(
            TaskStatus, "task/status", lambda message: self._change(task=task_from(message)), LATCHED
        )
        self.create_subscription(Attempt, "task/attempts", self._take_attempt, HISTORY)
        self.create_subscription(
            Proposal,
            "motion/proposal",
            lambda message: self._change(proposal=proposal_from(message)),
            LATCHED,
        )
        self.create_subscription(
            HeldPart, "motion/held", lambda message: self._change(held=message.object_id), LATCHED
        )
        self.create_subscription(
            Detection3DArray,
            "motion/placed",
            lambda message: self._change(placed=boxes_from(message)),
            LATCHED,
        )
        self.create_subscription(Scene, "scene/objects", self._take_scene, RELIABLE)
        self.create_subscription(GraspArray, "grasps", self._take_grasps, LATCHED)
        self._joints = CollectedSubscription(self, JointState, "joint_states", SENSOR)
        self._images = CollectedSubscription(self, Image, "camera/color/image_raw", SENSOR)
        self._server = Server(self, Desk(self, self._log()))

    def activate(self) -> None:
        """Serve the page. Raises ConfigurationError when no port is free."""
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_LOOK, self._look, clock=steady)
        self.create_timer(_AGAIN, self._stop_again, clock=steady)
        assert self._server is not None
        address = self._server.start(self.parameters)
        self.get_logger().info(f"the console is at {address}")

    def deactivate(self) -> None:
        """Close all pages."""
        if self._server is not None:
            self._server.stop()

    @property
    def state(self) -> CellState:
        """What is known now; from any thread."""
        heard = time.monotonic() - self._stop_heard < SILENCE
        return replace(self._known, heard=heard)

    def picture(self) -> tuple[float, bytes] | None:
        """The newest camera picture, JPEG, and time.monotonic() of when it came; asked for by pages."""
        self._asked_for_picture = time.monotonic()
        return self._picture

    def stop(self) -> bool:
        """See lab_operator.desk.Cell."""
        heard = bool(self._stop_publisher.get_subscription_count())
        self._unheard = not heard
        self._stop_publisher.publish(Bool(data=True))
        return heard

    def reset(self) -> Future[str]:
        """See lab_operator.desk.Cell."""
        return self._ask(self._reset_client, Trigger.Request())

    def answer(self, digest: str, approved: bool, person: str) -> Future[str]:
        """See lab_operator.desk.Cell."""
        return self._ask(
            self._approve_client, Approve.Request(digest=digest, approved=approved, person=person)
        )

    def read_back(self, order: str) -> str:
        """See lab_operator.desk.Cell."""
        return str(self._understand(order))

    def start(self, order: str) -> Future[str]:
        """See lab_operator.desk.Cell."""
        goal = RunOrder.Goal(lines=[line_message(line.given) for line in self._understand(order).lines])
        refused: Future[str] = Future()
        if not self._task_client.server_is_ready():
            refused.set_result("no_server")
            return refused
        sent = self._task_client.send_goal_async(goal)
        sent.add_done_callback(lambda answer: _settle(refused, "" if answer.result().accepted else "busy"))
        return refused

    def take_over(self) -> Future[str]:
        """See lab_operator.desk.Cell."""
        return self._ask(self._cancel_client, CancelGoal.Request(), lambda answer: "")  # of nobody: of all

    def jog(self, key: str, step: Step) -> Future[str]:
        """See lab_operator.desk.Cell."""
        goal = Jog.Goal(key=key, offset=Vector3(x=step[0], y=step[1], z=step[2]), turn=step[3])
        refused: Future[str] = Future()
        if not self._jog_client.server_is_ready():
            refused.set_result("no_server")
            return refused

        def begun(answer: Any) -> None:
            handle = answer.result()
            if not handle.accepted:
                _settle(refused, "busy")
                return
            self._step = (key, handle)
            handle.get_result_async().add_done_callback(ended)

        def ended(answer: Any) -> None:
            outcome = answer.result().result.outcome
            _settle(refused, "" if outcome.code == Outcome.SUCCESS else outcome.message or name_of(outcome))

        self._jog_client.send_goal_async(goal).add_done_callback(begun)
        return refused

    def hold(self, key: str) -> None:
        """See lab_operator.desk.Cell."""
        self._key_publisher.publish(String(data=key))

    def release(self, key: str) -> None:
        """See lab_operator.desk.Cell. Sooner than the motion node finds out by itself."""
        of, handle = self._step
        if of == key and handle is not None:
            handle.cancel_goal_async()

    def _understand(self, order: str) -> Order:
        """Raises LabError."""
        destinations = list(self.cell.destinations)
        return understood(read_order(order, destinations), destinations)

    def _ask(
        self, client: Any, request: Any, why: Callable[[Any], str] = lambda answer: _refusal(answer)
    ) -> Future[str]:
        """why: the reason in an answer why something was refused; empty when it was not."""
        refused: Future[str] = Future()
        if not client.service_is_ready():
            refused.set_result("no_answer")
            return refused

        client.call_async(request).add_done_callback(lambda answer: _settle(refused, why(answer.result())))
        return refused

    def _log(self) -> ActionLog:
        return ActionLog(Path(self.parameters.runs) / "console.jsonl", self.get_logger().warning)

    def _change(self, **fields: Any) -> None:
        with self._lock:
            self._known = replace(self._known, **fields)

    def _take_stop(self, message: StopState) -> None:
        self._stop_heard = time.monotonic()
        stop = Stop(message.stopped, message.reason, float(message.speed), int(message.stops))
        if stop != self._known.stop:
            self._change(stop=stop)

    def _take_attempt(self, message: Attempt) -> None:
        self._change(attempts=(*self._known.attempts[-KEPT + 1 :], attempt_from(message)))

    def _take_scene(self, message: Scene) -> None:
        if message.header.frame_id != self.cell.robot.base_link:
            raise InvalidRequestError(
                f"the scene is in frame '{message.header.frame_id}', expected '{self.cell.robot.base_link}'"
            )
        self._change(scene=scene_from_message(message))

    def _take_grasps(self, message: GraspArray) -> None:
        best = next(iter(message.grasps), None)
        self._change(grasp=None if best is None else matrix_from_pose(best.pose))

    def _look(self) -> None:
        if (joints := _newest(self._joints)) is not None:
            self._change(joints=joints_from(joints))
        if time.monotonic() - self._asked_for_picture > _WATCHED:
            return
        if (image := _newest(self._images)) is not None:
            done, encoded = cv2.imencode(".jpg", rgb(image)[..., ::-1], _JPEG)
            if done:
                self._picture = (time.monotonic(), encoded.tobytes())

    def _stop_again(self) -> None:
        if self._unheard and self._stop_publisher.get_subscription_count():
            self.stop()


def _newest(subscription: CollectedSubscription) -> Any:
    return next(iter(deque(subscription.take(), maxlen=1)), None)


def _refusal(response: Any) -> str:
    """Of a service that says whether it did what it was asked."""
    return "" if response.success else response.message or "no_answer"


def _settle(future: Future[str], refused: str) -> None:
    """Give an answer to who may have stopped waiting for it."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(refused)
