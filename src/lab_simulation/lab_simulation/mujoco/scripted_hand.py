"""Moves the arm without a planner, for tests and benchmarks: inverse kinematics by Jacobians, quintics."""

from __future__ import annotations

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, make_transform
from lab_simulation.mujoco.arm_controller import Ending, TrajectoryGoal, TrajectoryOutcome
from lab_simulation.mujoco.gripper_controller import GripperOutcome
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.trajectory import Waypoint

DOWN = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Rotation of a tcp that approaches from above and closes along x of base_link."""


class Hand:
    """Commands of a script; every call raises AssertionError when the robot does not get there."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.tracking_error = 0.0

    def joints_for(self, base_from_tcp: FloatArray) -> FloatArray:
        """Joint positions (N,), found from the present ones by damped least squares."""
        simulation = self.simulation
        model, scratch = simulation.model, mujoco.MjData(simulation.model)
        scratch.qpos[:] = simulation.data.qpos
        names = simulation.cell.robot.joint_names
        positions = [model.joint(name).qposadr[0] for name in names]
        columns = [model.joint(name).dofadr[0] for name in names]
        body = model.body(simulation.cell.end_effector.tcp_link).id
        jacobian = np.zeros((6, model.nv))
        for _ in range(200):
            mujoco.mj_kinematics(model, scratch)
            mujoco.mj_comPos(model, scratch)
            error = np.empty(6)
            error[:3] = base_from_tcp[:3, 3] - scratch.xpos[body]
            rotation = base_from_tcp[:3, :3] @ scratch.xmat[body].reshape(3, 3).T
            quaternion, turn = np.empty(4), np.empty(3)
            mujoco.mju_mat2Quat(quaternion, rotation.ravel())
            mujoco.mju_quat2Vel(turn, quaternion, 1.0)
            error[3:] = turn
            if np.abs(error).max() < 1e-6:
                found: FloatArray = scratch.qpos[positions].copy()
                return found
            mujoco.mj_jacBody(model, scratch, jacobian[:3], jacobian[3:], body)
            j = jacobian[:, columns]
            scratch.qpos[positions] += j.T @ np.linalg.solve(j @ j.T + 1e-6 * np.eye(6), error)
        raise AssertionError(f"no inverse kinematics for {base_from_tcp.tolist()}")

    def go(self, target: FloatArray, seconds: float) -> None:
        """Along a quintic to joint positions (N,)."""
        outcomes: list[TrajectoryOutcome] = []
        simulation = self.simulation
        arm = simulation.arm
        goal = TrajectoryGoal(arm.joint_names, quintic(arm.reference.position, target, seconds))
        arm.follow(goal, simulation.time, outcomes.append)
        adr = [simulation.model.joint(name).qposadr[0] for name in arm.joint_names]
        while not outcomes:
            before = simulation.data.qpos[adr].copy()
            simulation.step()
            self.tracking_error = max(
                self.tracking_error, float(np.abs(arm.reference.position - before).max())
            )
        assert outcomes[0].ending is Ending.SUCCEEDED, outcomes[0]

    def move(self, base_from_tcp: FloatArray, seconds: float = 1.0) -> None:
        """To a pose of the tcp."""
        self.go(self.joints_for(base_from_tcp), seconds)

    def close(self, force: float, opening: float = 0.0) -> GripperOutcome:
        """With a force, N, until something is held or an opening, metres, is reached."""
        outcomes: list[GripperOutcome] = []
        simulation = self.simulation
        gripper = simulation.cell.gripper
        position = float(gripper.joint_from_opening(opening))
        simulation.gripper.move(position, force * gripper.lever, None, simulation.time, outcomes.append)
        deadline = simulation.time + 5.0
        while not outcomes:
            assert simulation.time < deadline, "the gripper neither arrived nor stalled"
            simulation.step()
        return outcomes[0]

    def pick(
        self, name: str, force: float, opening: float = 0.075, turn: FloatArray = DOWN
    ) -> GripperOutcome:
        """Grip a part from above and lift it by 15 cm."""
        at = self.simulation.entity(name).base_from_entity[:3, 3]
        self.close(40.0, opening)
        self.move(make_transform(turn, at + np.array([0.0, 0.0, 0.10])))
        self.move(make_transform(turn, at))
        outcome = self.close(force)
        self.move(make_transform(turn, at + np.array([0.0, 0.0, 0.15])))
        return outcome

    def tcp(self) -> FloatArray:
        """(4, 4) base from tcp, as it is."""
        body = self.simulation.data.body(self.simulation.cell.end_effector.tcp_link)
        return make_transform(body.xmat.reshape(3, 3), body.xpos)


def quintic(start: FloatArray, target: FloatArray, seconds: float, points: int = 25) -> list[Waypoint]:
    """Waypoints of a straight line in joint space that starts and ends at rest without a jerk."""
    waypoints = []
    for u in np.linspace(0.0, 1.0, points + 1)[1:]:
        waypoints.append(
            Waypoint(
                u * seconds,
                start + (target - start) * (10 * u**3 - 15 * u**4 + 6 * u**5),
                (target - start) * (30 * u**2 - 60 * u**3 + 30 * u**4) / seconds,
                (target - start) * (60 * u - 180 * u**2 + 120 * u**3) / seconds**2,
            )
        )
    return waypoints
