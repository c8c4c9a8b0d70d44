"""A hand with fingers in the simulation: its controller, its motor, its joints."""

from __future__ import annotations

import mujoco

from lab_description import Gripper
from lab_simulation.mujoco.drives import GripperDrive
from lab_simulation.mujoco.gripper_controller import GripperController, GripperSettings
from lab_simulation.mujoco.world import TIMESTEP

USUAL_GRIP = 40.0
"""Newtons, for a gripper command that does not say."""
GRIPPER_TOLERANCE = 0.0005
"""Metres of opening: nearer than this the gripper has reached its goal."""
GRIPPER_STALL = 0.002
"""Metres of opening per second: slower than this the gripper stalls."""


class Fingers:
    """See Hand in simulation.py."""

    def __init__(self, gripper: Gripper) -> None:
        self._open = float(gripper.joint_from_opening(gripper.maximum_opening))
        self._moves = {gripper.joint: (1.0, 0.0), **gripper.mimic_joints}
        self.controller = GripperController(gripper.joint, _settings(gripper), self._open)
        self.joints: tuple[str, ...] = tuple(self._moves)
        self.sensors: tuple[str, ...] = (gripper.left_pad, gripper.right_pad)

    def bind(self, model: mujoco.MjModel) -> None:
        """Work on this model from now on."""
        self._drive = GripperDrive(model, self.controller.joint_name)

    def put(self, data: mujoco.MjData, position: float | None) -> None:
        """Stand at a position of the driven joint at once, open without one; what was under way ends."""
        position = self._open if position is None else position
        for name, (multiplier, offset) in self._moves.items():
            data.joint(name).qpos[0] = multiplier * position + offset
            data.joint(name).qvel[0] = 0.0
        self.controller.hold(position)
        self._drive.restart()

    def control(self, model: mujoco.MjModel, data: mujoco.MjData, now: float) -> None:
        """One cycle of the controller: torque for the next step."""
        drive = self._drive
        command = self.controller.update(
            now, float(data.qpos[drive.position]), float(data.ctrl[drive.control])
        )
        drive.apply(data, command, TIMESTEP)


def _settings(gripper: Gripper) -> GripperSettings:
    joint, lever = gripper.joints[gripper.joint], gripper.lever
    most = min(joint.effort, gripper.maximum_force * lever)
    return GripperSettings(
        joint.lower,
        joint.upper,
        usual_effort=min(USUAL_GRIP * lever, most),
        max_effort=most,
        max_velocity=joint.velocity,
        goal_tolerance=GRIPPER_TOLERANCE / lever,
        stall_velocity_threshold=GRIPPER_STALL / lever,
    )
