"""Carries out pick, place and move. Topics, actions and parameters: see README."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab_grasping.contact import ContactLimits
from lab_node.actions import serve_action
from lab_node.errors import LabError, StaleInputError, UnavailableError
from lab_node.lifecycle import LabNode, spin
from lab_node.outcomes import outcome_from, success
from lab_node.parameters import parameter
from lab_node.poses import matrix_from_pose, pose_from_matrix
from lab_node.qos import LATCHED, RELIABLE
from rclpy.action.server import ServerGoalHandle
from rclpy.time import Time
from std_msgs.msg import Header
from vision_msgs.msg import Detection3DArray

from lab_description import Cell, load_cell
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import GraspArray, Scene
from lab_motion.conversions import (
    bodies_message,
    grasp_goal,
    ordered_positions,
    scene_from_message,
    stage_times,
)
from lab_motion.destinations import Destinations
from lab_motion.errors import InvalidGoal
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
    stall_tolerance: float = parameter(
        0.15, "distance from the trajectory that counts as lagging", unit="rad", minimum=0.005, maximum=3.0
    )
    patience: float = parameter(
        2.0, "time that an arm may lag without moving", unit="s", minimum=0.1, maximum=60.0
    )
    gripper_timeout: float = parameter(
        4.0, "for one motion of the fingers", unit="s", minimum=0.1, maximum=60.0
    )


def motion_settings(p: MotionParameters, cell: Cell) -> MotionSettings:
    """What the skills are told, for the gripper of that cell."""
    return MotionSettings(
        seed=p.seed,
        speed=p.speed,
        acceleration=p.acceleration,
        held_acceleration=p.held_acceleration,
        straight_speed=p.straight_speed,
        approach_distance=p.approach_distance,
        lift_height=p.lift_height,
        retreat_distance=p.retreat_distance,
        lower_distance=p.lower_distance,
        force=min(p.force, cell.gripper.maximum_force),
        release_room=p.release_room,
        drop_height=p.drop_height,
        put_height=p.put_height,
        start_tolerance=p.start_tolerance,
    )


def contact_limits(p: MotionParameters) -> ContactLimits:
    """What counts as holding."""
    return ContactLimits(p.min_force, p.meeting, p.wider, p.slip)


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
        self.hardware_id = self._cell.robot.name
        planner = load_planner(p.planner, self._cell, self.get_logger().info)
        self._planner = planner
        warm_up(planner, self._cell.robot.configuration("home"))
        states = JointStates(self, p.max_state_age)
        self._robot = Manipulator(
            cell=self._cell,
            planner=planner,
            arm=ControlledArm(self, self._cell, states, p.stall_tolerance, p.patience),
            hand=ControlledHand(self, self._cell, states, p.max_state_age, p.gripper_timeout),
            settings=motion_settings(p, self._cell),
            contact=contact_limits(p),
        )
        self._destinations = Destinations(self._cell.destinations)
        self._scenes: OrderedDict[int, Scene] = OrderedDict()
        # goals of actions cannot be listened to; recorders take them from here
        self._offered = self.create_publisher(GraspArray, "/motion/grasps", LATCHED)
        self._placed = self.create_publisher(Detection3DArray, "/motion/placed", LATCHED)
        self.create_subscription(Scene, "/scene/objects", self._keep, RELIABLE)
        serve_action(self, Pick, "/pick", lambda goal: self._one_at_a_time("pick", self._pick, goal))
        serve_action(self, Place, "/place", lambda goal: self._one_at_a_time("place", self._place, goal))
        serve_action(self, MoveTo, "/move_to", lambda goal: self._one_at_a_time("move", self._move_to, goal))
        self.get_logger().info(f"plans with {type(planner).__name__} for {self._cell.name}")

    def activate(self) -> None:
        """Every place of every destination counts as free."""
        self._destinations = Destinations(self._cell.destinations)
        self._robot.placed.clear()
        self._publish_placed()
        self._active = True

    def deactivate(self) -> None:
        """Refuse goals."""
        self._active = False

    def cleanup(self) -> None:
        """End the planner."""
        self._planner.close()

    def _keep(self, message: Scene) -> None:
        self._scenes[Time.from_msg(message.header.stamp).nanoseconds] = message
        while len(self._scenes) > _SCENES:
            self._scenes.popitem(last=False)

    def _one_at_a_time(
        self, name: str, work: Callable[[ServerGoalHandle], Any], goal: ServerGoalHandle
    ) -> Any:
        if not self._active:
            raise UnavailableError(f"the node {self.get_name()} is not active: activate it before the {name}")
        if not self._busy.acquire(blocking=False):
            raise UnavailableError(f"the arm is busy with a {self._doing}: wait for it or cancel it")
        try:
            self._doing = name
            return work(goal)
        finally:
            self._busy.release()

    def _pick(self, goal: ServerGoalHandle) -> Pick.Result:
        picked, stages = Picked(), self._stages(goal, Pick)
        frame = self._cell.robot.base_link

        def work() -> None:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id=frame)
            self._offered.publish(GraspArray(header=header, grasps=goal.request.grasps))
            grasps = [grasp_goal(grasp, frame) for grasp in goal.request.grasps]
            opening = self._robot.hand.reading().opening
            scene = scene_from_message(self._scene_of(goal.request), frame, opening)
            pick(self._robot, scene, grasps, stages, self._cancelled(goal), picked)

        result = Pick.Result(outcome=_outcome(work))
        result.grasp_index = picked.grasp
        result.stages = stage_times(stages.done)
        if picked.reading is not None:
            result.held_width = picked.reading.opening
            result.held_force = picked.reading.force
        return result

    def _place(self, goal: ServerGoalHandle) -> Place.Result:
        placed, stages = Placed(), self._stages(goal, Place)

        def work() -> None:
            place(
                self._robot,
                self._destinations,
                goal.request.destination,
                stages,
                self._cancelled(goal),
                placed,
            )

        result = Place.Result(outcome=_outcome(work), stages=stage_times(stages.done))
        self._publish_placed()
        if placed.base_from_tcp is not None:
            result.pose.header.frame_id = self._cell.robot.base_link
            result.pose.header.stamp = self.get_clock().now().to_msg()
            result.pose.pose = pose_from_matrix(placed.base_from_tcp)
        return result

    def _move_to(self, goal: ServerGoalHandle) -> MoveTo.Result:
        stages = self._stages(goal, MoveTo)

        def work() -> None:
            request, cancelled = goal.request, self._cancelled(goal)
            given = [
                bool(request.configuration),
                bool(request.joints.name),
                bool(request.pose.header.frame_id),
            ]
            if sum(given) != 1:
                raise InvalidGoal(
                    "expected exactly one of configuration, joints (with names) and pose (with frame)"
                )
            robot = self._cell.robot
            if request.configuration:
                try:
                    positions = robot.configuration(request.configuration)
                except KeyError as error:
                    raise InvalidGoal(str(error.args[0])) from error
                move_to_joints(self._robot, positions, stages, cancelled)
            elif request.joints.name:
                try:
                    positions = ordered_positions(request.joints, robot.joint_names)
                except StaleInputError as error:
                    raise InvalidGoal(
                        f"the goal names other joints than {', '.join(robot.joint_names)}"
                    ) from error
                move_to_joints(self._robot, positions, stages, cancelled)
            else:
                if request.pose.header.frame_id != robot.base_link:
                    raise InvalidGoal(
                        f"the pose is in frame '{request.pose.header.frame_id}', expected '{robot.base_link}'"
                    )
                move_to_pose(self._robot, matrix_from_pose(request.pose.pose), stages, cancelled)

        outcome = _outcome(work)
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
        return message

    def _stages(self, goal: ServerGoalHandle, kind: Any) -> Stages:
        clock = self.get_clock()

        def announce(phase: str) -> None:
            if goal.is_active:
                goal.publish_feedback(kind.Feedback(phase=phase))

        return Stages(lambda: clock.now().nanoseconds * 1e-9, announce)

    def _cancelled(self, goal: ServerGoalHandle) -> Callable[[], bool]:
        return lambda: goal.is_cancel_requested or not self._active


def _outcome(work: Callable[[], None]) -> Any:
    """Outcome of what raises its failures."""
    try:
        work()
    except LabError as error:
        return outcome_from(error)
    return success()


def main() -> None:
    """Entry point."""
    spin(MotionNode)
