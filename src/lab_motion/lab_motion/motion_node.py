"""Carries out pick, place and move. Topics, actions and parameters: see README."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lab_node.actions import serve_action
from lab_node.codes import OutcomeCode
from lab_node.errors import LabError, StaleInputError, UnavailableError
from lab_node.freshness import Latest
from lab_node.lifecycle import LabNode, spin
from lab_node.outcomes import outcome_from, success
from lab_node.permit import Permit
from lab_node.poses import matrix_from_pose, pose_from_matrix
from lab_node.qos import HISTORY, LATCHED, RELIABLE
from rclpy.action.server import ServerGoalHandle
from rclpy.time import Time
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection3DArray

from lab_description import load_cell
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Attempt, GraspArray, HeldPart, Outcome, Scene
from lab_motion.conversions import (
    bodies_message,
    grasp_goal,
    ordered_positions,
    planned_on,
    scene_from_message,
    stage_times,
)
from lab_motion.destinations import Destinations
from lab_motion.errors import InvalidGoal, PlanningCancelled
from lab_motion.manipulator import Manipulator
from lab_motion.motion_parameters import MotionParameters, contact_limits, motion_settings, stoppable
from lab_motion.move_to import move_to_joints, move_to_pose
from lab_motion.pick import Picked, pick
from lab_motion.place import Placed, place
from lab_motion.planner import load_planner
from lab_motion.ros_controllers import ControlledArm, ControlledHand, JointStates
from lab_motion.ros_interruption import Interruption
from lab_motion.stages import Stages
from lab_motion.warm_up import warm_up

# Scenes kept, so that a grasp is carried out in the scene that it was planned on.
_SCENES = 30
# Wall seconds of one wait, between looks at whether it was interrupted.
_LOOK = 0.02


class MotionNode(LabNode):
    """Lifecycle node around one Manipulator. One action at a time."""

    Parameters = MotionParameters
    parameters: MotionParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("motion", **arguments)
        self._active = False
        self._busy = threading.Lock()
        self._doing = ""
        self._confirmed = threading.Event()

    def configure(self) -> None:
        """Load cell and planner, compile, open topics and actions."""
        p = self.parameters
        self._cell = stoppable(load_cell(p.cell), p)
        self.hardware_id = self._cell.robot.name
        planner = load_planner(p.planner, self._cell, self.get_logger().info)
        self._planner = planner
        warm_up(planner, self._cell.robot.configuration("home"))
        self._permit = Permit(self, p.max_stop_age)
        states = JointStates(self, p.max_state_age)
        self._settings = motion_settings(p, self._cell)
        self._robot = Manipulator(
            cell=self._cell,
            planner=planner,
            arm=ControlledArm(
                self,
                self._cell,
                states,
                lambda: self._permit.speed,
                p.deceleration,
                p.stall_tolerance,
                p.patience,
            ),
            hand=ControlledHand(self, self._cell, states, p.max_state_age, p.gripper_timeout),
            settings=self._settings,
            contact=contact_limits(p),
        )
        self._destinations = Destinations(self._cell.destinations)
        self._scenes: OrderedDict[int, Scene] = OrderedDict()
        self._newest: Latest[Scene] = Latest("scene on /scene/objects")
        # goals of actions cannot be listened to; recorders take them from here
        self._offered = self.create_publisher(GraspArray, "/motion/grasps", LATCHED)
        self._placed = self.create_publisher(Detection3DArray, "/motion/placed", LATCHED)
        self._looked = self.get_clock().now()
        self._held = self.create_publisher(HeldPart, "/motion/held", LATCHED)
        self.create_subscription(Scene, "/scene/objects", self._keep, RELIABLE)
        self.create_service(Trigger, "~/confirm", self._confirm)
        self._filled: list[tuple[Time, str]] = []
        self._begun: Time | None = None
        self.create_subscription(Attempt, "/task/attempts", self._note_filled, HISTORY)
        serve_action(self, Pick, "/pick", lambda goal: self._one_at_a_time("pick", self._pick, goal))
        serve_action(self, Place, "/place", lambda goal: self._one_at_a_time("place", self._place, goal))
        serve_action(self, MoveTo, "/move_to", lambda goal: self._one_at_a_time("move", self._move_to, goal))
        self.get_logger().info(f"plans with {type(planner).__name__} for {self._cell.name}")

    def activate(self) -> None:
        """Every place of every destination counts as free; the next action is the first one."""
        self._destinations = Destinations(self._cell.destinations)
        self._robot.placed.clear()
        self._first = self.parameters.confirm_first
        self._confirmed.clear()
        if self._first:
            slow = min(self.parameters.first_speed, self._settings.speed)
            gentle = min(self.parameters.first_speed, self._settings.acceleration)
            self._robot.settings = replace(self._settings, speed=slow, acceleration=gentle)
        if self._begun is not None:  # somebody activates it anew, and has emptied them
            self._filled.clear()
        self._begun = None
        self._publish_placed()
        self._active = True
        self._tell_held()
        # the first reading comes once the executor has left this transition
        self._first_reading = self.create_timer(0.1, self._find_held)

    def deactivate(self) -> None:
        """Refuse goals; the one under way is interrupted."""
        self._active = False
        self.destroy_timer(self._first_reading)

    def cleanup(self) -> None:
        """End the planner."""
        self._planner.close()

    def end(self) -> None:
        """The arm comes to rest before the node lets go of it."""
        self._active = False
        self._busy.acquire(timeout=2.0)
        super().end()

    def _keep(self, message: Scene) -> None:
        self._newest.put(message)
        self._scenes[Time.from_msg(message.header.stamp).nanoseconds] = message
        while len(self._scenes) > _SCENES:
            self._scenes.popitem(last=False)

    def _one_at_a_time(
        self, name: str, work: Callable[[ServerGoalHandle, Interruption], Any], goal: ServerGoalHandle
    ) -> Any:
        if not self._active:
            raise UnavailableError(f"the node {self.get_name()} is not active: activate it before the {name}")
        self._permit.require()
        if not self._busy.acquire(blocking=False):
            raise UnavailableError(f"the arm is busy with a {self._doing}: wait for it or cancel it")
        try:
            self._doing = name
            self._begin()
            interruption = Interruption(goal, self._permit, lambda: self._active)
            if self._first:
                self._wait_for_confirmation(name, interruption)
            result = work(goal, interruption)
            if self._first and result.outcome.code == Outcome.SUCCESS:
                self._first = False
                self._robot.settings = self._settings
                self.get_logger().info(f"the first {name} went well: from now on at the cell's speed")
            return result
        finally:
            self._tell_held()
            self._busy.release()

    def _wait_for_confirmation(self, name: str, interruption: Interruption) -> None:
        """Raises what interrupts it, or UnavailableError when nobody confirms."""
        if self._confirmed.is_set():
            return
        self.get_logger().warning(
            f"the first {name} of this arm waits: look that the cell is clear and a hand is at the stop, then"
            f" call  ros2 service call /{self.get_name()}/confirm std_srvs/srv/Trigger"
        )
        deadline = time.monotonic() + self.parameters.confirm_timeout
        while not self._confirmed.wait(0.05):
            if interruption() and interruption.error is not None:
                raise interruption.error
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"nobody has confirmed the first {name} within {self.parameters.confirm_timeout:.0f} s:"
                    f" call /{self.get_name()}/confirm when the cell is clear"
                )

    def _confirm(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._active
        if self._active:
            self._confirmed.set()
        response.message = "the arm may move" if self._active else "the node is not active: activate it first"
        return response

    def _find_held(self) -> None:
        """Once, when the hand can be read: a node before this one may have died with a part in it."""
        try:
            self._robot.find_held()
        except StaleInputError:
            return
        self.destroy_timer(self._first_reading)
        if self._robot.grip is not None:
            self.get_logger().warning(
                f"the hand holds a part that nobody has seen: {self._robot.grip.reason}"
            )
        self._tell_held()

    def _note_filled(self, attempt: Attempt) -> None:
        if attempt.destination:
            self._filled.append((Time.from_msg(attempt.header.stamp), attempt.destination))

    def _begin(self) -> None:
        """At the first goal: where exactly parts were put before is not known to this node."""
        if self._begun is None:
            self._begun = self.get_clock().now()
            for stamp, destination in self._filled:
                if stamp < self._begun:
                    self._destinations.distrust(destination)

    def _tell_held(self) -> None:
        held, grip = self._robot.scene.held, self._robot.grip
        message = HeldPart()
        message.header.stamp = self.get_clock().now().to_msg()
        if held is not None and grip is not None:
            message.object_id, message.width = held.name, grip.opening
        self._held.publish(message)

    def _pick(self, goal: ServerGoalHandle, interrupted: Interruption) -> Pick.Result:
        picked, stages = Picked(), self._stages(goal, Pick)
        frame = self._cell.robot.base_link

        def work() -> None:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id=frame)
            self._offered.publish(GraspArray(header=header, grasps=goal.request.grasps))
            grasps = [grasp_goal(grasp, frame) for grasp in goal.request.grasps]
            opening = self._robot.hand.reading().opening
            message = self._scene_of(goal.request)
            scene = scene_from_message(message, frame, opening)
            cleared = planned_on(goal.request.grasps, message)
            pick(self._robot, scene, grasps, stages, interrupted, picked, cleared)

        result = Pick.Result(outcome=_outcome(work, interrupted))
        result.grasp_index = picked.grasp
        result.stages = stage_times(stages.done)
        if picked.reading is not None:
            result.held_width = picked.reading.opening
            result.held_force = picked.reading.force
        return result

    def _place(self, goal: ServerGoalHandle, interrupted: Interruption) -> Place.Result:
        placed, stages = Placed(), self._stages(goal, Place)

        def work() -> None:
            self._look_after_stop(interrupted)
            place(self._robot, self._destinations, goal.request.destination, stages, interrupted, placed)

        result = Place.Result(outcome=_outcome(work, interrupted), stages=stage_times(stages.done))
        self._publish_placed()
        if placed.base_from_tcp is not None:
            result.pose.header.frame_id = self._cell.robot.base_link
            result.pose.header.stamp = self.get_clock().now().to_msg()
            result.pose.pose = pose_from_matrix(placed.base_from_tcp)
        return result

    def _move_to(self, goal: ServerGoalHandle, interrupted: Interruption) -> MoveTo.Result:
        stages = self._stages(goal, MoveTo)

        def work() -> None:
            request = goal.request
            given = [
                bool(request.configuration),
                bool(request.joints.name),
                bool(request.pose.header.frame_id),
            ]
            if sum(given) != 1:
                raise InvalidGoal(
                    "expected exactly one of configuration, joints (with names) and pose (with frame)"
                )
            self._look_after_stop(interrupted)
            robot = self._cell.robot
            if request.configuration:
                try:
                    positions = robot.configuration(request.configuration)
                except KeyError as error:
                    raise InvalidGoal(str(error.args[0])) from error
                move_to_joints(self._robot, positions, stages, interrupted)
            elif request.joints.name:
                try:
                    positions = ordered_positions(request.joints, robot.joint_names)
                except StaleInputError as error:
                    raise InvalidGoal(
                        f"the goal names other joints than {', '.join(robot.joint_names)}"
                    ) from error
                move_to_joints(self._robot, positions, stages, interrupted)
            else:
                if request.pose.header.frame_id != robot.base_link:
                    raise InvalidGoal(
                        f"the pose is in frame '{request.pose.header.frame_id}', expected '{robot.base_link}'"
                    )
                move_to_pose(self._robot, matrix_from_pose(request.pose.pose), stages, interrupted)

        outcome = _outcome(work, interrupted)
        return MoveTo.Result(outcome=outcome, stages=stage_times(stages.done))

    def _publish_placed(self) -> None:
        """What was put down where the camera does not see, and planning keeps clear of."""
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._cell.robot.base_link)
        self._placed.publish(bodies_message(self._robot.placed, header))

    def _scene_of(self, request: Pick.Goal) -> Scene:
        """The scene that the grasps were planned on, else the newest."""
        if not self._scenes:
            raise StaleInputError("no scene has come on /scene/objects yet: is perception active?")
        stamp = Time.from_msg(request.grasps[0].header.stamp).nanoseconds if request.grasps else -1
        message = self._scenes.get(stamp) or next(reversed(self._scenes.values()))
        age = (self.get_clock().now() - Time.from_msg(message.header.stamp)).nanoseconds * 1e-9
        if age > self.parameters.max_scene_age:
            raise StaleInputError(
                f"the scene of the grasps is {age:.1f} s old,"
                f" the limit is {self.parameters.max_scene_age:.1f} s"
            )
        if Time.from_msg(message.header.stamp) < self._permit.freed:
            raise StaleInputError("the grasps were planned before the cell was stopped: look again")
        self._looked = self.get_clock().now()
        return message

    def _look_after_stop(self, interrupted: Interruption) -> None:
        """After a stop the world may be another: wait for a scene that was seen since, and take it."""
        freed = self._permit.freed
        if self._looked >= freed:
            return
        begin, wall, limit = self.get_clock().now(), time.monotonic(), self.parameters.look_timeout
        while (seen := self._newest.wait_for_newer(freed, _LOOK)) is None:
            waited = (self.get_clock().now() - begin).nanoseconds * 1e-9
            if waited > limit or time.monotonic() - wall > 10.0 * limit:
                raise StaleInputError(
                    f"no scene has come on /scene/objects since the stop was reset, in {limit:.1f} s:"
                    " is perception active?"
                )
            if interrupted():
                raise PlanningCancelled
        opening = self._robot.hand.reading().opening
        self._robot.see(scene_from_message(seen, self._cell.robot.base_link, opening))
        self._looked = self.get_clock().now()

    def _stages(self, goal: ServerGoalHandle, kind: Any) -> Stages:
        clock = self.get_clock()

        def announce(phase: str) -> None:
            if goal.is_active:
                goal.publish_feedback(kind.Feedback(phase=phase))

        return Stages(lambda: clock.now().nanoseconds * 1e-9, announce)


def _outcome(work: Callable[[], None], interrupted: Interruption) -> Any:
    """Outcome of what raises its failures; what was ended from outside says by what."""
    try:
        work()
    except LabError as error:
        cause = interrupted.error if error.code == OutcomeCode.CANCELLED else None
        outcome = outcome_from(cause or error)
        outcome.stage = error.stage
        return outcome
    return success()


def main() -> None:
    """Entry point."""
    spin(MotionNode)
