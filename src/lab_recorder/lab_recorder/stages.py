"""The stages of a pick, run again on the messages of a case: with today's code, and that day's parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from lab_interfaces.msg import Attempt, Grasp, GraspArray, Outcome, Scene
from rclpy.time import Time
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from tf2_py import BufferCore, TransformException
from trajectory_msgs.msg import JointTrajectory

from lab_core.errors import ConfigurationError, LabError
from lab_core.geometry import FloatArray
from lab_core.parameters import check_parameters, fields_of, ports_of
from lab_description import Cell, load_cell
from lab_grasping.errors import GraspingError
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.planning import GraspPlanning
from lab_motion.conversions import (
    grasp_to_carry_out,
    ordered_positions,
    scene_to_plan_in,
    trajectory_goal,
)
from lab_motion.errors import MotionError, PlanningError
from lab_motion.motion import Motion
from lab_motion.motion_parameters import MotionParameters
from lab_motion.planning.port import Trajectory, never
from lab_motion.skills.hardware import Cancelled, Watch
from lab_motion.skills.pick import Picked
from lab_motion.skills.stages import Stages
from lab_node.conversions.grasp import grasp_messages
from lab_node.conversions.outcomes import outcome_from
from lab_node.conversions.poses import matrix_from_transform
from lab_node.conversions.scene import parts_from_detections, scene_from_message, scene_message
from lab_perception.errors import PerceptionError
from lab_perception.exposure import pinhole_images
from lab_perception.joint_history import JointHistory
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception
from lab_recorder import recording as topics
from lab_recorder.case import Case
from lab_recorder.ros_decoding import decoded, trajectory_defect

P = TypeVar("P")


@dataclass(frozen=True)
class Inputs:
    """What a case holds. A topic is decoded when it is asked for: types that have changed since do no harm
    where nobody needs them.
    """

    cell: Cell
    case: Case
    _decoded: dict[str, list[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case) -> Inputs:
        """Raises ConfigurationError when the cell of the case is malformed."""
        return cls(load_cell(case.cell_file), case)

    def all(self, topic: str) -> list[Any]:
        """The messages of a topic, oldest first; empty when the case holds none.

        Raises ConfigurationError when they cannot be decoded, or hold what no message of a run may.
        """
        if topic not in self._decoded:
            recorded = self.case.messages.get(topic, [])
            self._decoded[topic] = [decoded(item, self.case.folder) for item in recorded]
            if topic == topics.TRAJECTORY:
                for trajectory in self._decoded[topic]:
                    self._refuse_no_trajectory(trajectory)
        return self._decoded[topic]

    def _refuse_no_trajectory(self, trajectory: JointTrajectory) -> None:
        wrong = trajectory_defect(trajectory, self.cell.robot.joint_names)
        if wrong:
            raise ConfigurationError(f"{self.case.folder}: {topics.TRAJECTORY}: {wrong}")

    def one(self, topic: str) -> Any:
        """The only, or newest, message of a topic.

        Raises ConfigurationError when the case holds none.
        """
        found = self.all(topic)
        if not found:
            raise ConfigurationError(f"{self.case.folder}: holds no message of {topic}")
        return found[-1]

    def has(self, topic: str) -> bool:
        """Whether the case holds a message of a topic."""
        return bool(self.case.messages.get(topic))

    def parameters(self, node: str, kind: type[P]) -> P:
        """Of a node, as they were; those that today's node no longer knows are left out.

        Raises ConfigurationError when one is malformed.
        """
        known, ports = fields_of(kind), ports_of(kind).values()
        given = {
            name: value
            for name, value in self.case.parameters.get(node, {}).items()
            if name in known or any(port.knows(name) for port in ports)
        }
        return check_parameters(kind, given, node)


def perceive(inputs: Inputs) -> Scene:
    """The scene that perception makes of the image today."""
    cell, parameters = inputs.cell, inputs.parameters("perception", PerceptionParameters)
    color, depth, info = (inputs.one(topic) for topic in topics.OF_AN_IMAGE[:3])
    header = Header(stamp=color.header.stamp, frame_id=cell.robot.base_link)
    stamp = Time.from_msg(color.header.stamp).nanoseconds
    perception = Perception.of(cell, parameters)
    try:
        images = pinhole_images(color, depth, info, cell.camera.model.rectified)
        base_from_camera = _base_from_camera(inputs, color.header)
        positions: dict[str, float] | None = None
        if perception.joints:
            joints = JointHistory(perception.joints)
            for state in inputs.all(topics.JOINTS):
                joints.record(Time.from_msg(state.header.stamp).nanoseconds, state.name, state.position)
            positions = joints.at(stamp)
        camera_frame = color.header.frame_id
        frame = perception.frame(*images, base_from_camera, stamp, positions, camera_frame)
        return scene_message(perception.perceive(frame))
    except LabError as error:
        return Scene(header=header, outcome=outcome_from(error))


def _base_from_camera(inputs: Inputs, header: Header) -> FloatArray:
    buffer = BufferCore()
    try:
        for message in inputs.all(topics.TF_STATIC):
            for transform in message.transforms:
                buffer.set_transform_static(transform, "case")
        found = buffer.lookup_transform_core(
            inputs.cell.robot.base_link, header.frame_id, Time.from_msg(header.stamp)
        )
    except TransformException as error:
        raise PerceptionError(f"where the camera was is not in the case: {error}") from error
    return matrix_from_transform(found.transform)


def plan_grasps(inputs: Inputs, scene: Scene, object_id: str) -> GraspArray:
    """The grasps that are planned on a part of a scene today."""
    planning = GraspPlanning.of(inputs.cell, inputs.parameters("grasping", GraspParameters))
    try:
        plan = planning.plan(scene_from_message(scene), object_id)
    except GraspingError as error:
        return GraspArray(header=scene.header, outcome=outcome_from(error))
    return GraspArray(header=scene.header, grasps=grasp_messages(plan.grasps))


@dataclass(frozen=True)
class Planned:
    """What came of planning a pick: the index of the grasp and the trajectory to it, or the outcome."""

    outcome: Outcome
    grasp: int = -1
    trajectory: JointTrajectory | None = None


class _ThatIsIt(MotionError):
    """The pick has come to where it would move."""


class _RecordedArm:
    """Stands where the arm stood; takes the first trajectory and goes no further."""

    def __init__(self, positions: FloatArray) -> None:
        self._positions = positions
        self.taken: Trajectory | None = None

    def positions(self) -> FloatArray:
        return self._positions

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        self.taken = trajectory
        raise _ThatIsIt("planned")


@dataclass(frozen=True)
class _Recorded:
    """Of an empty hand; metres and N."""

    opening: float
    force: float = 0.0


class _RecordedHand:
    """Is as wide as the hand was."""

    def __init__(self, opening: float) -> None:
        self._reading = _Recorded(opening)

    def reading(self) -> _Recorded:
        return self._reading

    def halt(self) -> None:
        pass

    def grip(self, force: float) -> None:
        pass

    def tighten(self, allowed: bool) -> None:
        pass

    def release(self, opening: float, force: float) -> None:
        pass

    def finish(self, cancelled: Cancelled) -> _Recorded:
        return self._reading


def plan_pick(inputs: Inputs, scene: Scene, grasps: list[Grasp]) -> Planned:
    """The motion to the first of the grasps that the arm can reach, as it is planned today."""
    parameters = inputs.parameters("motion", MotionParameters)
    cell = inputs.cell
    joints = _joints_when_picked(inputs)
    names = cell.robot.joint_names
    arm = _RecordedArm(_start(inputs, ordered_positions(joints, names), parameters.start_tolerance))
    effector = cell.end_effector
    opening = effector.opening_at(ordered_positions(joints, effector.reported_joints))
    motion = Motion(cell, parameters, arm, _RecordedHand(opening))
    if inputs.has(topics.PLACED):
        motion.robot.placed.extend(parts_from_detections(inputs.one(topics.PLACED), "which was placed"))
    frame, picked = cell.robot.base_link, Picked()
    try:
        goals = [grasp_to_carry_out(grasp, cell) for grasp in grasps]
        stages = Stages(lambda: 0.0, lambda phase: None)
        motion.pick(scene_to_plan_in(scene, frame), goals, stages, never, picked)
    except _ThatIsIt:
        assert arm.taken is not None
        return Planned(Outcome(), picked.grasp, _message(arm.taken))
    except PlanningError as error:
        return Planned(outcome_from(error), picked.grasp)
    raise AssertionError("a pick ended without a motion")


def _joints_when_picked(inputs: Inputs) -> JointState:
    """The newest joint state when the pick began."""
    states = inputs.all(topics.JOINTS)
    before = [
        state for state in states if Time.from_msg(state.header.stamp).nanoseconds <= inputs.case.facts.picked
    ]
    if not before:
        raise ConfigurationError(f"{inputs.case.folder}: holds no joint state of when the pick began")
    return before[-1]


def _start(inputs: Inputs, measured: FloatArray, tolerance: float) -> FloatArray:
    """Where the motion began: the end of the one before when the arm stood there."""
    recorded = inputs.case.messages
    begin = recorded[topics.OFFERED][-1].entry.sent
    told = [
        message
        for item, message in zip(
            recorded.get(topics.TRAJECTORY, []), inputs.all(topics.TRAJECTORY), strict=True
        )
        if item.entry.sent < begin
    ]
    if told:
        end = np.array(told[-1].points[-1].positions)
        if np.abs(end - measured).max() <= tolerance:
            return end
    return measured


def first_trajectory(inputs: Inputs) -> JointTrajectory | None:
    """The one that the pick sent first; None when it came to none."""
    if not inputs.has(topics.OFFERED):
        return None
    begin = inputs.case.messages[topics.OFFERED][-1].entry.sent
    sent = zip(
        inputs.case.messages.get(topics.TRAJECTORY, []),
        inputs.all(topics.TRAJECTORY),
        strict=True,
    )
    return next((message for item, message in sent if item.entry.sent >= begin), None)


def attempt_of(inputs: Inputs) -> Attempt:
    """The attempt that failed."""
    return inputs.one(topics.ATTEMPTS)


def _message(trajectory: Trajectory) -> JointTrajectory:
    return trajectory_goal(trajectory).trajectory
