"""An arm and a hand with tactile pads, without ROS and without dynamics: the part slips when told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox, make_transform, rotation_about
from lab_core.grasp import Grasp
from lab_core.scene import Part
from lab_description import Cell, load_cell
from lab_motion.errors import ExecutionCancelled
from lab_motion.motion import Motion
from lab_motion.motion_parameters import MotionParameters
from lab_motion.planning.polynomials import hermite
from lab_motion.planning.port import MotionPlanner, PlanningScene, Trajectory, never
from lab_motion.skills.hardware import Cancelled, Watch
from lab_motion.skills.pick import Picked, pick
from lab_motion.skills.stages import Stages

PART, WIDTH, HEIGHT = "part_1", 0.04, 0.04
WEIGHT = 4.0
# Planned seconds from one look of the arm at its watch to the next.
STEP = 0.02


def cell_with(when: str, share: float = 0.25) -> Cell:
    """The cell with touch, whose pads say what is done about slip."""
    cell = load_cell("ur5e_touch")
    touch = replace(cell.gripper.touch, when_slipping=when, slipping_speed=share)
    return replace(cell, end_effector=replace(cell.gripper, touch=touch))


class SteppingArm:
    """Is where its trajectory says, and notes at which pace each of its steps was done, by motion."""

    def __init__(self, positions: FloatArray, pace: Callable[[], float]) -> None:
        self._positions, self._pace = positions, pace
        self.paces: list[list[float]] = []

    def positions(self) -> FloatArray:
        return self._positions

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        path = hermite(trajectory.time, trajectory.positions, trajectory.velocities)
        planned = 0.0
        paces: list[float] = []
        self.paces.append(paces)
        while planned < trajectory.duration:
            if cancelled():
                raise ExecutionCancelled("the motion was cancelled")
            watch(planned)
            paces.append(self._pace())
            planned = min(planned + STEP * self._pace(), trajectory.duration)
            self._positions = path(planned)


class FeelingHand:
    """Fingers with pads around a part that stands where `stands` says. reads: how often it was read."""

    def __init__(self, stands: Callable[[], bool], reading: Callable[..., Any]) -> None:
        self._stands, self._reading = stands, reading
        self.opening, self.closed, self.slid, self.reads = 0.06, False, 0, 0
        self.slip: Callable[[], bool] = never

    def reading(self) -> Any:
        self.reads += 1
        if self.slip():
            self.slid, self.slip = self.slid + 1, never
        force = 3.0 if self.closed else 0.0
        return self._reading(
            self.opening,
            (force, force),
            self.closed,
            slid=self.slid,
            carried=0.0 if self._stands() else WEIGHT,
        )

    def halt(self) -> None:
        pass

    def grip(self, force: float) -> None:
        self.opening, self.closed = WIDTH, True

    def tighten(self, allowed: bool) -> None:
        pass

    def release(self, opening: float, force: float) -> None:
        self.opening, self.closed = opening, False

    def finish(self, cancelled: Cancelled) -> Any:
        return self.reading()


class Carrying:
    """A motion stage with these doubles, and the phases that it announced."""

    def __init__(self, cell: Cell, planner: MotionPlanner, reading: Callable[..., Any]) -> None:
        self.cell = cell
        self.phases: list[str] = [""]
        arm = SteppingArm(cell.robot.configuration("home"), lambda: self.robot.slipping.pace)
        self.arm, self.hand = arm, FeelingHand(self._stands, reading)
        self.motion = Motion(cell, MotionParameters(planning_timeout=600.0), arm, self.hand, planner)
        self.robot = self.motion.robot
        self.stages = Stages(lambda: 0.0, self.phases.append)

    @property
    def tool(self) -> FloatArray:
        """(4, 4) base_from_tcp."""
        return self.robot.planner.forward(self.arm.positions())

    def lowest(self) -> float:
        """z of the lowest point of the held part."""
        held = self.robot.scene.held
        return float(OrientedBox(self.tool @ held.box.frame_from_box, held.box.size).corners()[:, 2].min())

    def pick(self, x: float = 0.5, y: float = 0.1) -> None:
        """A part that stands on the table there."""
        box = OrientedBox(make_transform(np.eye(3), [x, y, 0.5 * HEIGHT]), np.array([0.05, WIDTH, HEIGHT]))
        down = make_transform(rotation_about([1.0, 0.0, 0.0], np.pi), np.array([x, y, 0.025]))
        grasp = Grasp(0, "base_link", PART, down, WIDTH, 0.06, 0.1)
        pick(self.robot, PlanningScene((Part(PART, box),), None, 0.06), [grasp], self.stages, never, Picked())

    def slip_in(self, phase: str, when: Callable[[], bool] = lambda: True) -> None:
        """The part slips once, at the second look of that phase for which `when` is true."""
        looks = 0

        def slips() -> bool:
            nonlocal looks
            looks += self.phases[-1] == phase and when()
            return looks == 2

        self.hand.slip = slips

    def _stands(self) -> bool:
        held = self.robot.scene.held
        return held is None or self.lowest() < 0.002
