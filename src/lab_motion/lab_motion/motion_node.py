"""Carries out pick, place and move. Topics, actions and parameters: see README."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from lab_interfaces.action import Jog, MoveTo, Pick, Place
from lab_interfaces.msg import GraspArray, HeldPart, Outcome
from rclpy.action.server import ServerGoalHandle
from std_msgs.msg import Header
from vision_msgs.msg import Detection3DArray

from lab_core.errors import LabError, StaleInputError, UnavailableError
from lab_core.outcomes import OutcomeCode
from lab_description import load_cell
from lab_motion.control.arm import ControlledArm
from lab_motion.control.confirmation import Confirmation
from lab_motion.control.dead_man import DeadMan
from lab_motion.control.end_effector import controlled_hand
from lab_motion.control.interruption import Interruption
from lab_motion.control.joint_states import JointStates
from lab_motion.control.ros_approval import RosApproval
from lab_motion.conversions import (
    grasp_to_carry_out,
    handled,
    ordered_positions,
    scene_to_plan_in,
    stage_times,
)
from lab_motion.errors import ExecutionError, InvalidGoal
from lab_motion.motion import Motion
from lab_motion.motion_parameters import MotionParameters, motion_settings, stoppable
from lab_motion.planning.port import PLANNERS, MotionPlanner
from lab_motion.scenes import Scenes
from lab_motion.skills.destinations import Destinations
from lab_motion.skills.grip.port import GRIP_SENSORS
from lab_motion.skills.manipulator import MotionSettings
from lab_motion.skills.pick import Picked
from lab_motion.skills.place import Placed
from lab_motion.skills.placed_file import PlacedFile
from lab_motion.skills.stages import Stages
from lab_node.actions import serve_action
from lab_node.conversions.outcomes import outcome_from, success
from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix
from lab_node.conversions.scene import detections_message
from lab_node.health import Condition
from lab_node.lifecycle import LabNode, spin
from lab_node.permit import Permit
from lab_node.qos import ALIVE, LATCHED

# Seconds of the cell's clock between two looks at a hand of which it is not known what it holds.
_LOOK_AT_HAND = 0.1


class MotionNode(LabNode):
    """Lifecycle node around one Manipulator. One action at a time."""

    Parameters = MotionParameters
    parameters: MotionParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("motion", **arguments)
        self._active = False
        self._busy = threading.Lock()
        self._doing = ""
        self._planner: MotionPlanner | None = None

    def configure(self) -> None:
        """Load cell and planner, compile, open topics and actions. When that fails, the planner is ended."""
        self._end_planner()
        try:
            self._configure()
        except BaseException:
            self._end_planner()
            raise

    def _configure(self) -> None:
        p = self.parameters
        self._cell = stoppable(load_cell(p.cell), p)
        self.hardware_id = self._cell.robot.name
        planner = self.make_plugin(PLANNERS, p.planner, self._cell)
        self._planner = planner
        sensor = self.make_plugin(GRIP_SENSORS, p.grip_sensor_for(self._cell), self._cell.end_effector)
        self._permit = Permit(self, p.max_stop_age)
        states = JointStates(self, p.max_state_age)
        self._arm = ControlledArm(
            self,
            self._cell,
            states,
            lambda: self._permit.speed * self._robot.slipping.pace,
            p.deceleration,
            p.stall_tolerance,
            p.stall_timeout,
            p.stamped_goals,
        )
        self._hand = controlled_hand(self, self._cell, states, p.max_state_age, p.gripper_timeout)
        self._motion = Motion(self._cell, p, self._arm, self._hand, planner, sensor)
        self._motion.warm_up()
        self._robot, self._settings = self._motion.robot, self._motion.settings
        self._scenes = Scenes(self, self._permit)
        self._confirmation = Confirmation(self, p.confirm_timeout)
        asks = RosApproval(self, self._cell.robot.base_link, p.approval_timeout, self._scenes.watch)
        self._robot.approval = asks if p.approval else None
        self._dead_man = DeadMan(self)
        self._placed_file = PlacedFile(p.placed_file)
        self._recalled = self._placed_file.load(self._motion.destinations)
        # goals of actions cannot be listened to; recorders take them from here
        self._offered = self.create_publisher(GraspArray, "motion/grasps", LATCHED)
        self._placed = self.create_publisher(Detection3DArray, "motion/placed", LATCHED)
        self._held = self.create_publisher(HeldPart, "motion/held", ALIVE)
        serve_action(self, Pick, "pick", lambda goal: self._one_at_a_time("pick", self._pick, goal))
        serve_action(self, Place, "place", lambda goal: self._one_at_a_time("place", self._place, goal))
        serve_action(self, MoveTo, "move_to", lambda goal: self._one_at_a_time("move", self._move_to, goal))
        serve_action(self, Jog, "jog", lambda goal: self._one_at_a_time("jog", self._jog, goal))
        self.get_logger().info(f"plans with {type(planner).__name__} for {self._cell.name}")

    def activate(self) -> None:
        """Every place of every destination counts as free, unless this process was started anew in a cell
        that is under way; the next action is the first one.
        """
        if self._recalled is None:
            self._motion.destinations = Destinations(self._cell.destinations)
        self._robot.placed = list(self._recalled or ())
        self._recalled = None
        self._first = self.parameters.confirm_first
        self._confirmation.revoke()
        self._tell_placed()
        self._taken_over = self._hand_read = False
        self._active = True
        self._tell_held()
        # the first reading comes once the executor has left this transition
        self._watch_hand = self.create_timer(_LOOK_AT_HAND, self._look_at_hand)

    def parameters_changed(self) -> None:
        """An action under way goes on as it began; the next one has the new settings."""
        self._settings = motion_settings(self.parameters, self._cell)

    def _settings_now(self) -> MotionSettings:
        """Of an action that begins now; the first one goes slowly."""
        if not self._first:
            return self._settings
        slow = min(self.parameters.first_speed, self._settings.speed)
        gentle = min(self.parameters.first_speed, self._settings.acceleration)
        return replace(self._settings, speed=slow, acceleration=gentle)

    def deactivate(self) -> None:
        """Refuse goals; the one under way is interrupted."""
        self._active = False
        self.destroy_timer(self._watch_hand)

    def cleanup(self) -> None:
        """End the planner; an arm that is still braking needs all that this node has."""
        if self._busy.locked():
            raise UnavailableError(f"the {self._doing} is not at its end yet: try again when the arm stands")
        self._end_planner()

    def _end_planner(self) -> None:
        """Before another is loaded: a process bears one MoveIt at a time."""
        if self._planner is not None:
            self._planner.close()
            self._planner = None

    def diagnose(self) -> Condition:
        """What it does, what the hand holds, and why nothing may move."""
        refusal, held = self._permit.refusal(), self._held_part()
        doing = self._doing if self._busy.locked() else "nothing"
        return Condition(str(refusal or ""), {"doing": doing, "holds": held.object_id or "nothing"})

    def end(self) -> None:
        """The arm comes to rest before the node lets go of it."""
        self._active = False
        if self._busy.acquire(timeout=2.0):
            self._busy.release()  # cleanup refuses while it is held
        super().end()

    def _one_at_a_time(
        self, name: str, work: Callable[[ServerGoalHandle, Interruption], Any], goal: ServerGoalHandle
    ) -> Any:
        if not self._active:
            raise UnavailableError(f"the node {self.get_name()} is not active: activate it before the {name}")
        interruption = Interruption(goal, self._permit, lambda: self._active)  # misses no stop from here on
        self._permit.require()
        if not self._busy.acquire(timeout=_LOOK_AT_HAND):  # a look at the hand is over by then
            raise UnavailableError(f"the arm is busy with a {self._doing}: wait for it or cancel it")
        try:
            self._doing = name
            settings, handling = self._settings_now(), getattr(goal.request, "handling", None)
            self._robot.settings = settings if handling is None else handled(settings, handling)
            self._robot.forget_approval()
            self._robot.slipping.done = ""
            self._take_over()
            if self._first:
                self._confirmation.wait(name, interruption)
            result = work(goal, interruption)
            if slowed := self._robot.slipping.done:
                said = result.outcome.message
                result.outcome.message = f"{said}; {slowed}" if said else slowed
            if self._first and result.outcome.code == Outcome.SUCCESS:
                self._first = False
                self.get_logger().info(f"the first {name} went well: from now on at the cell's speed")
            return result
        finally:
            self._tell_held()
            self._busy.release()

    def _take_over(self) -> None:
        """Before the first action: a node before this one may have died while something moved or was held."""
        if not self._taken_over:
            self._hand.take_over()
            self._arm.take_over()
            self._read_hand()
            self._taken_over = True

    def _read_hand(self) -> None:
        """Know what is in the hand: a node before this one may have died with a part in it, and a closing may
        have ended unseen.
        """
        if not self._hand_read:
            self._robot.find_held()
            self._hand_read = True
            if self._robot.grip is not None:
                self.get_logger().warning(
                    f"the hand holds a part that nobody has seen: {self._robot.grip.reason}"
                )
        self._robot.find_out()

    def _look_at_hand(self) -> None:
        if (self._hand_read and self._robot.doubt is None) or not self._busy.acquire(blocking=False):
            return
        try:
            self._read_hand()
        except StaleInputError:
            return
        finally:
            self._busy.release()
        self._tell_held()

    def _held_part(self) -> HeldPart:
        """What the hand holds, or may hold."""
        held, grip, doubt = self._robot.scene.held, self._robot.grip, self._robot.doubt
        message = HeldPart()
        message.header.stamp = self.get_clock().now().to_msg()
        if doubt is not None:
            message.object_id, message.width = doubt.object_id, doubt.width
        elif held is not None and grip is not None:
            message.object_id, message.width = held.id, grip.opening
        return message

    def _tell_held(self) -> None:
        self._held.publish(self._held_part())

    def _pick(self, goal: ServerGoalHandle, interrupted: Interruption) -> Pick.Result:
        picked, stages = Picked(), self._stages(goal, Pick)
        frame = self._cell.robot.base_link

        def work() -> None:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id=frame)
            self._offered.publish(GraspArray(header=header, grasps=goal.request.grasps))
            grasps = [grasp_to_carry_out(grasp, self._cell) for grasp in goal.request.grasps]
            scene = scene_to_plan_in(self._scenes.of(goal.request.grasps), frame)
            self._motion.pick(scene, grasps, stages, interrupted, picked, self._scenes.require_looking)

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
            request = goal.request
            allowed = list(request.handling.places)
            self._motion.place(request.destination, stages, interrupted, placed, allowed)

        result = Place.Result(outcome=_outcome(work, interrupted), stages=stage_times(stages.done))
        self._tell_placed()
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
                self._motion.move_to_joints(positions, stages, interrupted)
            elif request.joints.name:
                try:
                    positions = ordered_positions(request.joints, robot.joint_names)
                except StaleInputError as error:
                    raise InvalidGoal(
                        f"the goal names other joints than {', '.join(robot.joint_names)}"
                    ) from error
                self._motion.move_to_joints(positions, stages, interrupted)
            else:
                if request.pose.header.frame_id != robot.base_link:
                    raise InvalidGoal(
                        f"the pose is in frame '{request.pose.header.frame_id}', expected '{robot.base_link}'"
                    )
                self._motion.move_to_pose(matrix_from_pose(request.pose.pose), stages, interrupted)

        outcome = _outcome(work, interrupted)
        return MoveTo.Result(outcome=outcome, stages=stage_times(stages.done))

    def _jog(self, goal: ServerGoalHandle, interrupted: Interruption) -> Jog.Result:
        stages, request, since = self._stages(goal, Jog), goal.request, time.monotonic()
        interrupted.also = lambda: self._dead_man.released(request.key, since)

        def work() -> None:
            self._look_after_stop(interrupted)
            if (seen := self._scenes.newest()) is not None:
                self._motion.see(scene_to_plan_in(seen, self._cell.robot.base_link))
            offset = np.array([request.offset.x, request.offset.y, request.offset.z])
            held = partial(self._dead_man.require, request.key)
            self._motion.jog(offset, request.turn, stages, interrupted, held)

        outcome = _outcome(work, interrupted)
        return Jog.Result(outcome=outcome, stages=stage_times(stages.done))

    def _tell_placed(self) -> None:
        """What was put down where the camera does not see, and planning keeps clear of."""
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._cell.robot.base_link)
        self._placed.publish(detections_message(self._robot.placed, header))
        try:
            self._placed_file.save(self._motion.destinations, self._robot.placed)
        except OSError as error:
            self.get_logger().warning(
                f"what was placed cannot be kept for a new start of this node: {error}",
                throttle_duration_sec=60.0,
            )

    def _look_after_stop(self, interrupted: Interruption) -> None:
        seen = self._scenes.since_stop(interrupted)
        if seen is not None:
            self._motion.see(scene_to_plan_in(seen, self._cell.robot.base_link))

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
        if isinstance(error, ExecutionError) and interrupted():
            cause = interrupted.error  # the stop node was first to cancel at the controller
        outcome = outcome_from(cause or error)
        outcome.stage = error.stage
        return outcome
    return success()


def main() -> None:
    """Entry point."""
    spin(MotionNode)
