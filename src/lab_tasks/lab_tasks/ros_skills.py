"""The cell's skills over its actions and topics; all calls are made in the task's worker thread."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from action_msgs.msg import GoalStatus
from lab_interfaces.action import MoveTo, Pick, Place, PlanGrasps
from lab_interfaces.msg import HeldPart, Outcome
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.lifecycle import LifecycleNode
from rclpy.time import Time
from sensor_msgs.msg import Image

from lab_core.errors import CancelledError, DeadlineError, LabError, StaleInputError, UnavailableError
from lab_core.grasp import Grasp
from lab_core.scene import Part, Scene
from lab_node.actions import result_of, wait_for
from lab_node.conversions.grasp import grasp_messages, grasps_from_messages
from lab_node.conversions.images import rgb
from lab_node.conversions.scene import scene_from_message
from lab_node.freshness import Latest
from lab_node.qos import LATCHED, RELIABLE, SENSOR
from lab_node.rclpy_overrides import ActionClient
from lab_tasks.conversions import ReportedError, handling_message, stages_from, time_message
from lab_tasks.orders.order import AS_THE_CELL, Handling
from lab_tasks.skills import Cancelled, Picked, Placed, Stage

# limits of the wall: they only end what hangs; limits that mean something are in time of the cell's clock
SERVER_TIMEOUT, ANSWER_TIMEOUT, HELD_TIMEOUT, RESTART_TIMEOUT = 10.0, 10.0, 1.0, 60.0
PLANNING_TIMEOUT = 60.0
MOTION_TIMEOUT = 900.0
"""A motion's 300 s, and the 600 s for which the first one of a real arm waits until somebody confirms it."""
POLL = 0.02
FELT = 1.0
"""Seconds of the cell's clock after which a motion node that was started anew has felt its hand."""
IMAGES = 40
"""That are kept: a look takes some seconds at most."""
RESTLESS = 6
"""Images after which a look takes the last one, even if no two showed the same parts."""


class RosSkills:
    """Skills of lab_tasks.skills, asked of the nodes of the cell."""

    def __init__(self, node: LifecycleNode, images: bool = False) -> None:
        """images: whether somebody asks for the images of scenes."""
        self._node = node
        self._images: OrderedDict[int, Image] = OrderedDict()
        if images:
            node.create_subscription(Image, "camera/color/image_raw", self._keep_image, SENSOR)
        self._scene = Latest[SceneMessage]("scene on /scene/objects")
        node.create_subscription(SceneMessage, "scene/objects", self._scene.put, RELIABLE)
        self._held = Latest[HeldPart]("word on /motion/held")
        node.create_subscription(HeldPart, "motion/held", self._held.put, LATCHED)
        self._plan_grasps = ActionClient(node, PlanGrasps, "plan_grasps")
        self._pick = ActionClient(node, Pick, "pick")
        self._place = ActionClient(node, Place, "place")
        self._move_to = ActionClient(node, MoveTo, "move_to")

    def look(self, not_before: int | None, timeout: float, cancelled: Cancelled) -> Scene:
        """What lies in the work area: the first image that shows the same parts as the one before it.

        A single image may show a part in two, or a piece of the arm that leaves; it must not enter the books.
        Raises ReportedError when camera or image are at fault, StaleInputError when nothing came in time.
        """
        start = self.now()
        wanted = Time(nanoseconds=start if not_before is None else not_before)
        scenes: list[Scene] = []
        while True:
            message = self._scene.wait_for_newer(wanted, wall_timeout=POLL)
            if cancelled():
                raise CancelledError("looking was cancelled")
            if message is not None and message.outcome.code in (Outcome.SUCCESS, Outcome.NO_OBJECT):
                scenes.append(scene_from_message(message))
                if len(scenes) == RESTLESS or _alike(scenes[-2:]):
                    return scenes[-1]
                wanted = Time(nanoseconds=scenes[-1].stamp + 1)
            elif self.now() - max(start, wanted.nanoseconds) > timeout * 1e9:
                if message is not None:
                    raise ReportedError(message.outcome)
                raise StaleInputError(
                    f"no scene on /scene/objects for {timeout:.1f} s: is perception active?"
                )

    def image_of(self, scene: Scene) -> npt.NDArray[np.uint8] | None:
        """The image (H, W, 3) RGB that a scene was made of; None where it is not known any more."""
        message = self._images.get(scene.stamp)
        return None if message is None else rgb(message)

    def _keep_image(self, message: Image) -> None:
        self._images[Time.from_msg(message.header.stamp).nanoseconds] = message
        while len(self._images) > IMAGES:
            self._images.popitem(last=False)

    def plan_grasps(
        self, target: Part, scene: Scene, limit: int, cancelled: Cancelled
    ) -> tuple[list[Grasp], Sequence[Stage]]:
        """Ranked grasps on a part of the scene.

        Raises ReportedError with the planner's outcome.
        """
        goal = PlanGrasps.Goal(object_id=target.id, not_before=time_message(scene.stamp), max_grasps=limit)
        result = self._ask(self._plan_grasps, goal, "plan_grasps", PLANNING_TIMEOUT, cancelled)
        if result.outcome.code != Outcome.SUCCESS:
            raise ReportedError(result.outcome)
        return grasps_from_messages(result.grasps), stages_from([result.stage])

    def pick(self, grasps: Sequence[Grasp], cancelled: Cancelled, handling: Handling = AS_THE_CELL) -> Picked:
        """Take the part by the first grasp that can be reached."""
        goal = Pick.Goal(grasps=grasp_messages(grasps), handling=handling_message(handling))
        result = self._ask(self._pick, goal, "pick", MOTION_TIMEOUT, cancelled)
        failed = result.outcome.code != Outcome.SUCCESS
        return Picked(
            grasp_index=result.grasp_index if 0 <= result.grasp_index < len(grasps) else None,
            held_width=result.held_width,
            held_force=result.held_force,
            stages=stages_from(result.stages),
            error=ReportedError(result.outcome) if failed else None,
        )

    def place(self, destination: str, cancelled: Cancelled, handling: Handling = AS_THE_CELL) -> Placed:
        """Put the held part down."""
        goal = Place.Goal(destination=destination, handling=handling_message(handling))
        begun = self._node.get_clock().now()
        phases: list[str] = []
        try:
            result = self._ask(
                self._place,
                goal,
                "place",
                MOTION_TIMEOUT,
                cancelled,
                lambda message: phases.append(message.feedback.phase),
            )
        except LabError as error:
            return Placed(self._let_go(phases, begun, cancelled), [], error)
        failed = result.outcome.code != Outcome.SUCCESS
        if failed:  # what is in the hand is told at the end of the action, and may come after its result
            self._held.wait_for_newer(begun, wall_timeout=HELD_TIMEOUT)
        return Placed(
            released=bool(result.pose.header.frame_id),
            stages=stages_from(result.stages),
            error=ReportedError(result.outcome) if failed else None,
        )

    def held(self) -> str:
        """What is in the hand; empty when nothing is."""
        held = self._held.peek()
        return "" if held is None else str(held.object_id)

    def move_to(self, configuration: str, cancelled: Cancelled) -> None:
        """Move the arm to a named configuration.

        Raises ReportedError with the outcome of the motion.
        """
        goal = MoveTo.Goal(configuration=configuration)
        result = self._ask(self._move_to, goal, "move_to", MOTION_TIMEOUT, cancelled)
        if result.outcome.code != Outcome.SUCCESS:
            raise ReportedError(result.outcome)

    def wait(self, seconds: float, cancelled: Cancelled) -> None:
        """Let time of the cell's clock go by; bounded by the wall, should the clock stand."""
        until = self.now() + round(seconds * 1e9)
        give_up = time.monotonic() + 10.0 * seconds + 10.0
        while self.now() < until:
            if cancelled():
                raise CancelledError("waiting was cancelled")
            if time.monotonic() > give_up:
                raise DeadlineError("the clock on /clock stands still: is the simulator running?")
            time.sleep(0.005)  # rclpy's own sleep_for needs a callback thread a call

    def now(self) -> int:
        """The cell's clock, nanoseconds."""
        return int(self._node.get_clock().now().nanoseconds)

    def _let_go(self, phases: Sequence[str], begun: Time, cancelled: Cancelled) -> bool:
        """Whether a place that gave no result, as its node died, came to the release: by its last phase."""
        if "open" not in phases or phases[-1] != "open":
            return "open" in phases
        give_up = time.monotonic() + RESTART_TIMEOUT
        while self._held.wait_for_newer(begun, POLL) is None:
            if cancelled() or time.monotonic() > give_up:
                return False
        with contextlib.suppress(LabError):  # started anew, it says first that it knows of nothing
            self.wait(FELT, cancelled)
        return not self.held()

    def _ask(
        self,
        client: ActionClient,
        goal: Any,
        name: str,
        wall_timeout: float,
        cancelled: Cancelled,
        hear: Callable[[Any], None] = lambda feedback: None,
    ) -> Any:
        """Result of the action, also when it was cancelled. hear: called with its feedback."""
        name = self._node.resolve_service_name(name)
        if cancelled():
            raise CancelledError(f"{name} was cancelled before it was asked for")
        if not client.wait_for_server(SERVER_TIMEOUT):
            raise UnavailableError(f"no server for {name}: is its node active?")
        handle = wait_for(client.send_goal_async(goal, feedback_callback=hear), ANSWER_TIMEOUT, name)
        if not handle.accepted:
            raise UnavailableError(f"{name} refused the goal: it is busy or not active")
        try:
            return result_of(handle, cancelled, wall_timeout, name).result
        except CancelledError:
            answer = wait_for(handle.get_result_async(), ANSWER_TIMEOUT, name)
            if answer.status == GoalStatus.STATUS_UNKNOWN:
                raise
            return answer.result


def _alike(scenes: Sequence[Scene]) -> bool:
    """Whether two images show the same parts."""
    parts = [set(scene.ids) for scene in scenes]
    return len(parts) == 2 and parts[0] == parts[1]
