"""Messages to the simulation's own types and back."""

from __future__ import annotations

import array

import numpy as np
import numpy.typing as npt
from builtin_interfaces.msg import Duration, Time
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from geometry_msgs.msg import Vector3
from geometry_msgs.msg import Wrench as WrenchMessage
from sensor_msgs.msg import JointState as JointStateMessage
from simulation_interfaces.msg import EntityState as EntityStateMessage
from simulation_interfaces.msg import SimulationState
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectoryPoint

from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix
from lab_simulation.mujoco.arm_controller import TrajectoryGoal, TrajectoryOutcome
from lab_simulation.mujoco.gripper_controller import GripperOutcome
from lab_simulation.mujoco.simulation import EntityState, Simulation, Wrench
from lab_simulation.mujoco.simulation_loop import LoopState
from lab_simulation.mujoco.trajectory import Waypoint
from lab_simulation.mujoco.world import TIMESTEP

STATES = {
    LoopState.STOPPED: SimulationState.STATE_STOPPED,
    LoopState.PLAYING: SimulationState.STATE_PLAYING,
    LoopState.PAUSED: SimulationState.STATE_PAUSED,
}

_STEP_NANOSECONDS = round(TIMESTEP * 1e9)


def stamp(simulation: Simulation) -> Time:
    """Simulated time, exact."""
    seconds, nanoseconds = divmod(simulation.steps * _STEP_NANOSECONDS, 1_000_000_000)
    return Time(sec=seconds, nanosec=nanoseconds)


def seconds(time: Time | Duration) -> float:
    return float(time.sec) + 1e-9 * float(time.nanosec)


def wrench_message(wrench: Wrench) -> WrenchMessage:
    return WrenchMessage(force=_vector(wrench.force), torque=_vector(wrench.torque))


def doubles(values: npt.NDArray[np.float64]) -> array.array[float]:
    """What a float64[] field takes without looking at every element."""
    return array.array("d", np.ascontiguousarray(values).data)


def trajectory_goal(goal: FollowJointTrajectory.Goal) -> TrajectoryGoal:
    return TrajectoryGoal(
        joint_names=goal.trajectory.joint_names,
        waypoints=[_waypoint(point) for point in goal.trajectory.points],
        start_time=seconds(goal.trajectory.header.stamp),
        path={tolerance.name: tolerance.position for tolerance in goal.path_tolerance},
        goal={tolerance.name: tolerance.position for tolerance in goal.goal_tolerance},
        goal_time=seconds(goal.goal_time_tolerance),
    )


def trajectory_result(outcome: TrajectoryOutcome) -> FollowJointTrajectory.Result:
    return FollowJointTrajectory.Result(error_code=int(outcome.error), error_string=outcome.message)


def trajectory_feedback(simulation: Simulation) -> FollowJointTrajectory.Feedback:
    arm, joints = simulation.arm, simulation.joints()
    count = len(arm.joint_names)
    feedback = FollowJointTrajectory.Feedback(joint_names=list(arm.joint_names))
    feedback.header.stamp = stamp(simulation)
    desired = arm.reference
    position, velocity = joints.position[:count], joints.velocity[:count]
    feedback.desired = JointTrajectoryPoint(
        positions=doubles(desired.position),
        velocities=doubles(desired.velocity),
        accelerations=doubles(desired.acceleration),
    )
    feedback.actual = JointTrajectoryPoint(positions=doubles(position), velocities=doubles(velocity))
    feedback.error = JointTrajectoryPoint(
        positions=doubles(desired.position - position), velocities=doubles(desired.velocity - velocity)
    )
    return feedback


def gripper_state(name: str, position: float, velocity: float, effort: float) -> JointStateMessage:
    return JointStateMessage(
        name=[name], position=[float(position)], velocity=[float(velocity)], effort=[float(effort)]
    )


def gripper_result(name: str, outcome: GripperOutcome) -> ParallelGripperCommand.Result:
    return ParallelGripperCommand.Result(
        state=gripper_state(name, outcome.position, 0.0, outcome.effort),
        stalled=outcome.stalled,
        reached_goal=outcome.reached_goal,
    )


def entity_state_message(state: EntityState, time: Time, frame: str) -> EntityStateMessage:
    message = EntityStateMessage(
        header=Header(stamp=time, frame_id=frame), pose=pose_from_matrix(state.base_from_entity)
    )
    message.twist.linear, message.twist.angular = _vector(state.linear), _vector(state.angular)
    return message


def entity_state(message: EntityStateMessage) -> EntityState:
    """Raises InvalidRequestError for a quaternion without length."""
    linear, angular = message.twist.linear, message.twist.angular
    return EntityState(
        matrix_from_pose(message.pose),
        np.array([linear.x, linear.y, linear.z]),
        np.array([angular.x, angular.y, angular.z]),
    )


def _waypoint(point: JointTrajectoryPoint) -> Waypoint:
    def given(values: array.array[float]) -> npt.NDArray[np.float64] | None:
        return np.array(values, dtype=np.float64) if len(values) else None

    return Waypoint(
        seconds(point.time_from_start),
        np.array(point.positions, dtype=np.float64),
        given(point.velocities),
        given(point.accelerations),
    )


def _vector(values: npt.NDArray[np.float64]) -> Vector3:
    x, y, z = values.tolist()
    return Vector3(x=x, y=y, z=z)
