"""Plans grasps on the newest scene. Topics, action and parameters: see README."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from lab_interfaces.action import PlanGrasps
from lab_interfaces.msg import GraspArray, Outcome, Scene
from rclpy.action.server import ServerGoalHandle
from rclpy.time import Time
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from lab_core.errors import LabError, StaleInputError
from lab_core.outcomes import OutcomeCode
from lab_description import Cell, load_cell
from lab_grasping.conversions import grasp_array, markers, scene_from_message
from lab_grasping.errors import PlanningCancelled
from lab_grasping.hand_model import hand_of
from lab_grasping.port import GraspPlan, PlannerSettings
from lab_grasping.registry import load_planner
from lab_grasping.scene import ObservedScene
from lab_grasping.warm_up import warm_up
from lab_node.actions import serve_action
from lab_node.freshness import Latest
from lab_node.lifecycle import LabNode, spin
from lab_node.outcomes import outcome_from, stage_time, success
from lab_node.parameters import parameter
from lab_node.qos import LATCHED, RELIABLE

WAIT_STEP = 0.05
"""Wall seconds after which a wait for a scene looks whether it was cancelled."""


@dataclass(frozen=True)
class GraspParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "name or path of the cell")
    planner: str = parameter(
        "auto", "grasp planner, by its entry point; auto: the one that the gripper's YAML names"
    )
    seed: int = parameter(0, "decides everything random", minimum=0)
    max_grasps: int = parameter(20, "grasps kept at most", minimum=1, maximum=200)
    tip_margin: float = parameter(
        0.003, "height of the finger tips above the support", unit="m", minimum=0.0, maximum=0.05
    )
    clearance: float = parameter(
        0.003, "distance of the hand from all but the part", unit="m", minimum=0.0, maximum=0.05
    )
    approach_distance: float = parameter(
        0.10, "straight way before the grasp that is checked", unit="m", minimum=0.01, maximum=0.3
    )
    max_scene_age: float = parameter(2.0, "scenes older than this are refused", unit="s", minimum=0.0)
    scene_timeout: float = parameter(
        5.0, "wall time to wait for a scene as new as the goal asks for", unit="s", minimum=0.0, maximum=60.0
    )

    def planner_for(self, cell: Cell) -> str:
        """Name of the grasp planner for the gripper of that cell."""
        return cell.end_effector.grasp_planner if self.planner == "auto" else self.planner


class UnusableScene(LabError):
    """Perception itself said that there is nothing to plan on."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.code = OutcomeCode(outcome.code)
        self.stage = outcome.stage


class GraspNode(LabNode):
    """Lifecycle node around one GraspPlanner."""

    Parameters = GraspParameters
    parameters: GraspParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("grasping", **arguments)
        self._active = False
        self._last: tuple[Scene | None, ObservedScene | None] = (None, None)

    def configure(self) -> None:
        """Load cell and planner, compile, open topics and action."""
        p = self.parameters
        cell = load_cell(p.cell)
        self.hardware_id = cell.end_effector.name
        self._hand = hand_of(cell.end_effector)
        settings = PlannerSettings(p.seed, p.max_grasps, p.tip_margin, p.clearance, p.approach_distance)
        self._planner = load_planner(p.planner_for(cell), self._hand, settings)
        warm_up(self._planner)
        self._scene: Latest[Scene] = Latest("scene on /scene/objects")
        self.create_subscription(Scene, "/scene/objects", self._scene.put, RELIABLE)
        self._grasps = self.create_publisher(GraspArray, "/grasps", LATCHED)
        self._markers = self.create_publisher(MarkerArray, "/grasps/markers", LATCHED)
        serve_action(self, PlanGrasps, "/plan_grasps", self._plan, accept=lambda goal: self._active)

    def activate(self) -> None:
        """Accept goals."""
        self._active = True

    def deactivate(self) -> None:
        """Refuse goals."""
        self._active = False

    def newest(self) -> Scene | None:
        """The scene that a goal would be planned on; None before the first."""
        return self._scene.peek()

    def _plan(self, goal: ServerGoalHandle) -> PlanGrasps.Result:
        began, started = self.get_clock().now(), time.perf_counter()
        result, header, plan = PlanGrasps.Result(outcome=success()), Header(), GraspPlan((), 0)
        try:
            message = self._newest(goal)
            header, started = message.header, time.perf_counter()
            if message.outcome.code != Outcome.SUCCESS and not message.objects:
                raise UnusableScene(message.outcome)
            plan = self._planner.plan(
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
        array = grasp_array(grasps, result.outcome, header)
        result.grasps = array.grasps
        self._grasps.publish(array)
        self._markers.publish(markers(grasps, self._hand, header))
        return result

    def _converted(self, message: Scene) -> ObservedScene:
        """The scene of a message; the same object for the same message, so that its view is labelled once."""
        known, scene = self._last
        if known is not message or scene is None:
            scene = scene_from_message(message)
            self._last = (message, scene)
        return scene

    def _newest(self, goal: ServerGoalHandle) -> Scene:
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
