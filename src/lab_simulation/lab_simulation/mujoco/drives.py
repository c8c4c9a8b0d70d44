"""The motors of the cell: what torque makes the joints do what the controllers want."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from lab_simulation.mujoco.gripper_controller import GripperCommand
from lab_simulation.mujoco.trajectory import JointState

ARM_BANDWIDTH = 100.0
"""rad/s; a fifth of what the time step of 2 ms allows."""
GRIPPER_BANDWIDTH = 100.0


class ArmDrive:
    """Inverse dynamics with critically damped feedback: τ = M (a + ω² e + 2 ω de/dt) + h.

    The weight of a held part is not in the model that it uses, as on a real arm with the payload not set.
    Source: Siciliano, Sciavicco, Villani, Oriolo, "Robotics", 2009, section 8.5.2.
    """

    def __init__(self, model: mujoco.MjModel, joint_names: Sequence[str]) -> None:
        self.positions = np.array([model.joint(name).qposadr[0] for name in joint_names])
        self.velocities = np.array([model.joint(name).dofadr[0] for name in joint_names])
        self._controls = np.array([model.actuator(name).id for name in joint_names])
        self._acceleration = np.zeros(model.nv)
        self._torque = np.zeros(model.nv)

    def apply(self, model: mujoco.MjModel, data: mujoco.MjData, reference: JointState) -> None:
        """Set the motors' torques for the next step."""
        error = reference.position - data.qpos[self.positions]
        error_rate = reference.velocity - data.qvel[self.velocities]
        self._acceleration[self.velocities] = (
            reference.acceleration + ARM_BANDWIDTH**2 * error + 2.0 * ARM_BANDWIDTH * error_rate
        )
        mujoco.mj_mulM(model, data, self._torque, self._acceleration)
        data.ctrl[self._controls] = self._torque[self.velocities] + data.qfrc_bias[self.velocities]


class GripperDrive:
    """Runs after a command no faster and pushes no harder than it says."""

    def __init__(self, model: mujoco.MjModel, joint_name: str) -> None:
        joint = model.joint(joint_name)
        self.position = int(joint.qposadr[0])
        self.velocity = int(joint.dofadr[0])
        self.control = int(model.actuator(joint_name).id)
        inertia = float(model.dof_armature[self.velocity])
        self._stiffness = GRIPPER_BANDWIDTH**2 * inertia
        self._damping = 2.0 * GRIPPER_BANDWIDTH * inertia
        self._target: float | None = None

    def restart(self) -> None:
        """Forget where the reference is: the joint was put elsewhere."""
        self._target = None

    def apply(self, data: mujoco.MjData, command: GripperCommand, timestep: float) -> None:
        """Set the motor's torque for the next step."""
        position, velocity = float(data.qpos[self.position]), float(data.qvel[self.velocity])
        before = position if self._target is None else self._target
        # The reference runs ahead of a blocked joint only as far as the torque limit asks for, so that it
        # does not have to come back a long way when the direction changes.
        lead = command.effort / self._stiffness
        step = command.velocity * timestep
        target = before + min(max(command.position - before, -step), step)
        target = min(max(target, position - lead), position + lead)
        self._target = target
        rate = (target - before) / timestep
        torque = self._stiffness * (target - position) + self._damping * (rate - velocity)
        data.ctrl[self.control] = min(max(torque, -command.effort), command.effort)
