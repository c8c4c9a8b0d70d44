"""A hand that goes wherever it is told: what fingers and suction cups without an arm have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from lab_core.geometry import FloatArray, invert
from lab_evaluation.embodiment import LIFT
from lab_simulation.mujoco.arm_controller import TrajectoryGoal, TrajectoryOutcome
from lab_simulation.mujoco.scripted_hand import quintic
from lab_simulation.mujoco.simulation import Simulation

LOOK_EVERY = 4
"""Time steps from one look at the contacts to the next: 2 mm of way at the usual speed."""
APPROACH_SPEED = 0.25
CARRY_SPEED = 0.4
"""Metres per second, on average."""
CARRY = 0.25
"""Metres: after the lift further away from everything."""


class FreeHand:
    """Moves the hand of a simulated cell whose robot is `free_hand`."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        cell = simulation.cell
        self._tcp_from_tool = invert(cell.tool_from_tcp)
        self._home = cell.robot.configuration("home")
        self._table = {"world", *(box.link for box in cell.furniture)}

    def put(self, base_from_tcp: FloatArray, gripper: float | None = None) -> None:
        """Be at a pose (4, 4) at once, the gripper's joint at a position; without one open and empty."""
        self.simulation.put_robot(self.positions_at(base_from_tcp), gripper)

    def put_home(self) -> None:
        """Be open and out of the camera's view, at once."""
        self.simulation.put_robot(self._home)

    def positions_at(self, base_from_tcp: FloatArray) -> FloatArray:
        """Joint positions (6,) of `free_hand` at a pose: x, y, z, yaw, pitch, roll."""
        base_from_tool = base_from_tcp @ self._tcp_from_tool
        turns = Rotation.from_matrix(base_from_tool[:3, :3]).as_euler("ZYX")
        return np.concatenate([base_from_tool[:3, 3], turns])

    def move(
        self, base_from_tcp: FloatArray, seconds: float, watch: Callable[[], bool] = lambda: False
    ) -> bool:
        """Go straight to a pose of the same rotation; False as soon as `watch` says so, and the hand brakes.

        watch: asked every few time steps.
        """
        simulation, outcomes = self.simulation, list[TrajectoryOutcome]()
        arm = simulation.arm
        target = arm.reference.position.copy()
        target[:3] = self.positions_at(base_from_tcp)[:3]
        goal = TrajectoryGoal(arm.joint_names, quintic(arm.reference.position, target, seconds))
        arm.follow(goal, simulation.time, outcomes.append)
        while not outcomes:
            simulation.step(LOOK_EVERY)
            if watch():
                arm.cancel(simulation.time)
                return False
        return True

    def approach(self, start: FloatArray, pose: FloatArray, watch: Callable[[], bool]) -> bool:
        """Go straight from one pose to another as slowly as an approach; see move."""
        return self.move(
            pose, max(0.1, float(np.linalg.norm(pose[:3, 3] - start[:3, 3])) / APPROACH_SPEED), watch
        )

    def lift(self, pose: FloatArray, speed: float = CARRY_SPEED) -> None:
        """Go up from a pose by the lift, at metres per second on average."""
        self.move(_raised(pose, LIFT), LIFT / speed)

    def carry(self, pose: FloatArray, speed: float = CARRY_SPEED) -> None:
        """Go further up, away from everything, after the lift from a pose."""
        self.move(_raised(pose, LIFT + CARRY), CARRY / speed)

    def met(self, bodies: frozenset[str]) -> str:
        """How an attempt is called that touched these bodies on its way in."""
        what = "the table" if bodies & self._table else "a part"
        return f"touched {what} on the way in"


def _raised(pose: FloatArray, by: float) -> FloatArray:
    raised = pose.copy()
    raised[2, 3] += by
    return raised
