"""Plans grasps on the newest scene. Topics, action and parameters: see README."""

from __future__ import annotations

import time
from typing import Any

from lab_interfaces.action import PlanGrasps
from lab_interfaces.msg import GraspArray
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.action.server import ServerGoalHandle
from rclpy.time import Time
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from lab_core.errors import LabError, StaleInputError
from lab_core.scene import Scene
from lab_description import load_cell
from lab_grasping.errors import PlanningCancelled
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.hand_model import hand_of
from lab_grasping.planning import GraspPlanning
from lab_grasping.port import GRASP_PLANNERS, GraspPlan
from lab_grasping.ros_markers import markers
from lab_node.actions import serve_action
from lab_node.conversions.grasp import grasp_messages
from lab_node.conversions.outcomes import outcome_from, stage_time, success
from lab_node.conversions.scene import scene_from_message
from lab_node.freshness import Latest
from lab_node.lifecycle import LabNode, spin
from lab_node.qos import LATCHED, RELIABLE

WAIT_STEP = 0.05
"""Wall seconds after which a wait for a scene looks whether it was cancelled."""


class GraspNode(LabNode):
    """Lifecycle node around one GraspPlanner."""

    Parameters = GraspParameters
    parameters: GraspParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("grasping", **arguments)
        self._active = False
        self._last: tuple[SceneMessage | None, Scene | None] = (None, None)

    def configure(self) -> None:
        """Load cell and planner, compile, open topics and action."""
        p = self.parameters
        cell = load_cell(p.cell)
        self.hardware_id = cell.end_effector.name
        hand = hand_of(cell.end_effector)
        miss, exact = cell.camera.stated_error, None
        planner = self.make_plugin(GRASP_PLANNERS, p.planner, hand, p.settings(miss))
        if miss > 0.0:
            exact = GRASP_PLANNERS.make(
                p.planner, hand, p.settings(), given=p.plugins, node=self.get_name()
            ).plugin
        self._planning = GraspPlanning(hand, planner, miss, exact)
        self._planning.warm_up()
        self._scene: Latest[SceneMessage] = Latest("scene on /scene/objects")
        self.create_subscription(SceneMessage, "scene/objects", self._scene.put, RELIABLE)
        self._grasps = self.create_publisher(GraspArray, "grasps", LATCHED)
        self._markers = self.create_publisher(MarkerArray, "grasps/markers", LATCHED)
        serve_action(self, PlanGrasps, "plan_grasps", self._plan, accept=lambda goal: self._active)

    def activate(self) -> None:
        """Accept goals."""
        self._active = True

    def deactivate(self) -> None:
        """Refuse goals."""
        self._active = False

    def newest(self) -> SceneMessage | None:
        """The scene that a goal would be planned on; None before the first."""
        return self._scene.peek()

    def _plan(self, goal: ServerGoalHandle) -> PlanGrasps.Result:
        began, started = self.get_clock().now(), time.perf_counter()
        result, header, plan = PlanGrasps.Result(outcome=success()), Header(), GraspPlan((), 0)
        try:
            message = self._newest(goal)
            header, started = message.header, time.perf_counter()
            plan = self._planning.plan(
                self._converted(message),
                goal.request.object_id or None,
                cancelled=lambda: goal.is_cancel_requested,
            )
        except LabError as error:
            result.outcome = outcome_from(error)
            result.outcome.stage = result.outcome.stage or "grasping"
        grasps = plan.grasps[: goal.request.max_grasps or len(plan.grasps)]
        result.candidates = plan.candidates
        result.stage = stage_time(
            "grasp", (self.get_clock().now() - began).nanoseconds * 1e-9, time.perf_counter() - started
        )
        result.grasps = grasp_messages(grasps)
        self._grasps.publish(GraspArray(header=header, outcome=result.outcome, grasps=result.grasps))
        self._markers.publish(markers(grasps, self._planning.hand, header))
        return result

    def _converted(self, message: SceneMessage) -> Scene:
        """The scene of a message; the same object for the same message, so that its view is labelled once."""
        known, scene = self._last
        if known is not message or scene is None:
            scene = scene_from_message(message)
            self._last = (message, scene)
        return scene

    def _newest(self, goal: ServerGoalHandle) -> SceneMessage:
        """The newest scene, waited for when the goal asks for a newer one than there is."""
        not_before = Time.from_msg(goal.request.not_before)
        deadline = time.monotonic() + self.parameters.scene_timeout
        while self._scene.wait_for_newer(not_before, WAIT_STEP) is None:
            if goal.is_cancel_requested:
                raise PlanningCancelled
            if time.monotonic() > deadline:
                raise StaleInputError(
                    f"no scene on /scene/objects as new as {not_before.nanoseconds * 1e-9:.3f} s came within"
                    f" {self.parameters.scene_timeout:.1f} s: is perception running?"
                )
        return self._scene.fresh(self.get_clock().now(), self.parameters.max_scene_age)


def main() -> None:
    """Executable grasp_node."""
    spin(GraspNode)
