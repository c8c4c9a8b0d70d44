"""Carries out pick, place and move. Topics, actions and parameters: see README."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab_grasping.contact import ContactLimits
from lab_node.actions import serve_action
from lab_node.codes import OutcomeCode
from lab_node.errors import CancelledError, LabError, StaleInputError, UnavailableError
from lab_node.lifecycle import LabNode, spin
from lab_node.outcomes import outcome_from, success
from lab_node.parameters import parameter
from lab_node.permit import Permit
from lab_node.poses import matrix_from_pose, pose_from_matrix
from lab_node.qos import HISTORY, LATCHED, RELIABLE
from rclpy.action.server import ServerGoalHandle
from rclpy.time import Time

from lab_description import load_cell
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Attempt, HeldPart, Scene
from lab_motion.conversions import grasp_goal, ordered_positions, scene_from_message, stage_times
from lab_motion.destinations import Destinations
from lab_motion.errors import InvalidGoal, PlanningCancelled
from lab_motion.manipulator import Manipulator, MotionSettings
from lab_motion.move_to import move_to_joints, move_to_pose
from lab_motion.pick import Picked, pick
from lab_motion.place import Placed, place
from lab_motion.planner import load_planner
from lab_motion.ros_controllers import ControlledArm, ControlledHand, JointStates
from lab_motion.stages import Stages
from lab_motion.warm_up import warm_up

# Scenes kept, so that a grasp is carried out in the scene that it was planned on.
_SCENES = 30


@dataclass(frozen=True)
class MotionParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "name or path of the cell")
    planner: str = parameter(
        "roboplan", "motion planner by its entry point; auto takes MoveIt where it is installed"
    )
    seed: int = parameter(0, "decides everything random", minimum=0)
    speed: float = parameter(1.0, "share of the robot's velocity limits", minimum=0.01, maximum=1.0)
    acceleration: float = parameter(
        1.0, "share of the robot's acceleration limits", minimum=0.01, maximum=1.0
    )
    held_acceleration: float = parameter(
        1.0, "share of `acceleration` while a part is held", minimum=0.01, maximum=1.0
    )
    straight_speed: float = parameter(
        0.5, "of the tool on straight ways among parts", unit="m/s", minimum=0.005, maximum=2.0
    )
    approach_distance: float = parameter(
        0.08, "straight way before closing, at most", unit="m", minimum=0.01, maximum=0.3
    )
    lift_height: float = parameter(0.10, "straight way up after closing", unit="m", minimum=0.01, maximum=0.4)
    retreat_distance: float = parameter(
        0.08, "straight way after opening", unit="m", minimum=0.01, maximum=0.3
    )
    lower_distance: float = parameter(
        0.06, "straight way down before opening", unit="m", minimum=0.01, maximum=0.3
    )
    force: float = parameter(30.0, "grip force", unit="N", minimum=1.0, maximum=300.0)
    release_room: float = parameter(
        0.012, "how much wider than the part the fingers open to let go", unit="m", minimum=0.002, maximum=0.1
    )
    drop_height: float = parameter(0.02, "above the rim of a bin", unit="m", minimum=0.0, maximum=0.3)
    put_height: float = parameter(0.005, "above the floor of a tray", unit="m", minimum=0.0, maximum=0.1)
    start_tolerance: float = parameter(
        0.03,
        "distance from the last goal that still counts as being there",
        unit="rad",
        minimum=0.0,
        maximum=0.5,
    )
    min_force: float = parameter(
        1.5, "on each pad that counts as holding", unit="N", minimum=0.05, maximum=50.0
    )
    meeting: float = parameter(
        0.0015, "openings below this are pads that touch each other", unit="m", minimum=0.0, maximum=0.1
    )
    wider: float = parameter(
        0.025, "than planned, by which the fingers may stand on a part", unit="m", minimum=0.0, maximum=0.2
    )
    slip: float = parameter(
        0.010, "by which fingers may close further while they hold", unit="m", minimum=0.0005, maximum=0.05
    )
    max_scene_age: float = parameter(30.0, "grasps on older scenes are refused", unit="s", minimum=0.0)
    max_state_age: float = parameter(
        0.5, "older joint states and wrenches are refused", unit="s", minimum=0.01
    )
    max_stop_age: float = parameter(
        1.0,
        "silence of the stop node, of the wall, beyond which nothing moves",
        unit="s",
        minimum=0.1,
        maximum=10.0,
    )
    deceleration: float = parameter(
        4.0,
        "at most while braking, as a multiple of the robot's acceleration limits",
        minimum=0.1,
        maximum=20.0,
    )
    look_timeout: float = parameter(
        5.0, "for a scene that is newer than the last stop", unit="s", minimum=0.1, maximum=60.0
    )
    stall_tolerance: float = parameter(
        0.15, "distance from the trajectory that counts as lagging", unit="rad", minimum=0.005, maximum=3.0
    )
    patience: float = parameter(
        2.0, "time that an arm may lag without moving", unit="s", minimum=0.1, maximum=60.0
    )
    gripper_timeout: float = parameter(
        4.0, "for one motion of the fingers", unit="s", minimum=0.1, maximum=60.0
    )


class Interruption:
    """What ends the work on one goal from outside. The first cause stays, also when it goes away again."""

    def __init__(self, goal: ServerGoalHandle, permit: Permit, active: Callable[[], bool]) -> None:
        self._goal, self._permit, self._active = goal, permit, active
        self.error: LabError | None = None

    def __call__(self) -> bool:
        """Whether the work has to end; asked often."""
        if self.error is None:
            self.error = self._cause()
        return self.error is not None

    def _cause(self) -> LabError | None:
        if (refusal := self._permit.refusal()) is not None:
            return refusal
        if self._goal.is_cancel_requested:
            return CancelledError("the caller cancelled; the arm holds where it is")
        if not self._active():
            return UnavailableError("the motion node was deactivated; the arm holds where it is")
        return None


class MotionNode(LabNode):
    """Lifecycle node around one Manipulator. One action at a time."""

    Parameters = MotionParameters
    parameters: MotionParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("motion", **arguments)
        self._active = False
        self._busy = threading.Lock()
        self._doing = ""

    def configure(self) -> None:
        """Load cell and planner, compile, open topics and actions."""
        p = self.parameters
        self._cell = load_cell(p.cell)
        planner = load_planner(p.planner, self._cell, self.get_logger().info)
        self._planner = planner
        warm_up(planner, self._cell.robot.configuration("home"))
        self._permit = Permit(self, p.max_stop_age)
        states = JointStates(self, p.max_state_age)
        settings = MotionSettings(
            seed=p.seed,
            speed=p.speed,
            acceleration=p.acceleration,
            held_acceleration=p.held_acceleration,
            straight_speed=p.straight_speed,
            approach_distance=p.approach_distance,
            lift_height=p.lift_height,
            retreat_distance=p.retreat_distance,
            lower_distance=p.lower_distance,
            force=min(p.force, self._cell.gripper.maximum_force),
            release_room=p.release_room,
            drop_height=p.drop_height,
            put_height=p.put_height,
            start_tolerance=p.start_tolerance,
        )
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
            settings=settings,
            contact=ContactLimits(p.min_force, p.meeting, p.wider, p.slip),
        )
        self._destinations = Destinations(self._cell.destinations)
        self._scenes: OrderedDict[int, Scene] = OrderedDict()
        self._looked = self.get_clock().now()
        self._held = self.create_publisher(HeldPart, "/motion/held", LATCHED)
        self.create_subscription(Scene, "/scene/objects", self._keep, RELIABLE)
        self._filled: list[tuple[Time, str]] = []
        self._begun: Time | None = None
        self.create_subscription(Attempt, "/task/attempts", self._note_filled, HISTORY)
        serve_action(self, Pick, "/pick", lambda goal: self._one_at_a_time("pick", self._pick, goal))
        serve_action(self, Place, "/place", lambda goal: self._one_at_a_time("place", self._place, goal))
        serve_action(self, MoveTo, "/move_to", lambda goal: self._one_at_a_time("move", self._move_to, goal))
        self.get_logger().info(f"plans with {type(planner).__name__} for {self._cell.name}")

    def activate(self) -> None:
        """Every place of every destination counts as free."""
        self._destinations = Destinations(self._cell.destinations)
        self._robot.placed.clear()
        if self._begun is not None:  # somebody activates it anew, and has emptied them
            self._filled.clear()
        self._begun = None
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
            return work(goal, Interruption(goal, self._permit, lambda: self._active))
        finally:
            self._tell_held()
            self._busy.release()

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
            grasps = [grasp_goal(grasp, frame) for grasp in goal.request.grasps]
            opening = self._robot.hand.reading().opening
            scene = scene_from_message(self._scene_of(goal.request), frame, opening)
            pick(self._robot, scene, grasps, stages, interrupted, picked)

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
        while not (
            seen := [s for s in list(self._scenes.values()) if Time.from_msg(s.header.stamp) >= freed]
        ):
            waited = (self.get_clock().now() - begin).nanoseconds * 1e-9
            if waited > limit or time.monotonic() - wall > 10.0 * limit:
                raise StaleInputError(
                    f"no scene has come on /scene/objects since the stop was reset, in {limit:.1f} s:"
                    " is perception active?"
                )
            if interrupted():
                raise PlanningCancelled
            time.sleep(0.01)
        opening = self._robot.hand.reading().opening
        self._robot.see(scene_from_message(seen[-1], self._cell.robot.base_link, opening))
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
