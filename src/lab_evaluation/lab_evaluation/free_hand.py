"""A hand that goes wherever it is told, and what it touches on its way: for judging grasps without an arm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from lab_grasping.contact import judge_closing, judge_lifting
from lab_grasping.port import Grasp
from lab_grasping.scene import ObservedScene
from lab_simulation.arm_controller import TrajectoryGoal, TrajectoryOutcome
from lab_simulation.gripper_controller import GripperOutcome
from lab_simulation.scripted_hand import quintic
from lab_simulation.simulation import Simulation
from scipy.spatial.transform import Rotation

from lab_evaluation.embodiment import HOLD_SECONDS, LIFT, Carried, HandSenses
from lab_geometry import FloatArray, invert

LOOK_EVERY = 4
"""Time steps from one look at the contacts to the next: 2 mm of way at the usual speed."""
CLOSE_SECONDS = 5.0
SQUEEZE_SECONDS = 0.25
"""From the end of the fingers' motion until the grip is judged."""
APPROACH_SPEED = 0.25
CARRY_SPEED = 0.4
"""Metres per second, on average."""
CARRY = 0.25
"""Metres: after the lift further away from everything."""


class FreeHand:
    """Moves the hand of a simulated cell whose robot is `free_hand`."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        cell = simulation.cell
        self._gripper = cell.gripper
        self._tcp_from_tool = invert(cell.tool_from_tcp)
        self._home = cell.robot.configuration("home")
        self._senses = HandSenses(simulation)
        self._table = {"world", *(box.link for box in cell.furniture)}

    def carry_out(self, grasps: Sequence[Grasp], scene: ObservedScene, left: frozenset[str]) -> Carried:
        """The first grasp; whatever the hand touches on its way in ends it."""
        grasp, senses = grasps[0], self._senses
        pose = grasp.base_from_tcp
        heights = senses.heights(left)
        before = pose.copy()
        before[:3, 3] -= grasp.approach_distance * pose[:3, 2]
        self.put(before, grasp.opening)
        met = senses.touched()
        if not met:
            self.move(pose, _seconds(before, pose, APPROACH_SPEED), lambda: bool(senses.touched()))
            met = senses.touched()
        if met:
            what = "the table" if met & self._table else "a part"
            return Carried(f"touched {what} on the way in", 0, frozenset(), False)
        stalled = self.close()
        closing = judge_closing(senses.reading(stalled), grasp.width, grasp.opening)
        pinched = senses.pinched()
        self.move(_raised(pose, LIFT), LIFT / CARRY_SPEED)
        lifting = judge_lifting(senses.reading(stalled), closing)
        self.move(_raised(pose, LIFT + CARRY), CARRY / CARRY_SPEED)
        self._simulation.run(HOLD_SECONDS)
        held = senses.held(heights)
        failed = "lost while it was lifted" if pinched else "closed on nothing"
        return Carried("removed" if held else failed, 0, held, closing.held and lifting.held)

    def put(self, base_from_tcp: FloatArray, opening: float) -> None:
        """Be at a pose (4, 4) with the fingers at an opening, metres, at once."""
        self._simulation.put_robot(
            self.positions_at(base_from_tcp), float(self._gripper.joint_from_opening(opening))
        )

    def put_home(self) -> None:
        """Be open and out of the camera's view, at once."""
        opened = float(self._gripper.joint_from_opening(self._gripper.maximum_opening))
        self._simulation.put_robot(self._home, opened)

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
        simulation, outcomes = self._simulation, list[TrajectoryOutcome]()
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

    def close(self) -> bool:
        """Close with the usual force until the fingers rest; whether something stopped them."""
        simulation, outcomes = self._simulation, list[GripperOutcome]()
        closed = float(self._gripper.joint_from_opening(self._gripper.minimum_opening))
        simulation.gripper.move(closed, None, None, simulation.time, outcomes.append)
        deadline = simulation.time + CLOSE_SECONDS
        while not outcomes and simulation.time < deadline:
            simulation.step(LOOK_EVERY)
        simulation.run(SQUEEZE_SECONDS)
        return bool(outcomes) and outcomes[0].stalled


def _raised(pose: FloatArray, by: float) -> FloatArray:
    raised = pose.copy()
    raised[2, 3] += by
    return raised


def _seconds(start: FloatArray, end: FloatArray, speed: float) -> float:
    return max(0.1, float(np.linalg.norm(end[:3, 3] - start[:3, 3])) / speed)
