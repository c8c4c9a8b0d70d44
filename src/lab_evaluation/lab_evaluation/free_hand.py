"""A hand that goes wherever it is told, and what it touches on its way: for judging grasps without an arm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from lab_grasping.contact import PadReading
from lab_simulation.arm_controller import TrajectoryGoal, TrajectoryOutcome
from lab_simulation.gripper_controller import GripperOutcome
from lab_simulation.scripted_hand import quintic
from lab_simulation.simulation import Simulation
from scipy.spatial.transform import Rotation

from lab_geometry import FloatArray, invert

LOOK_EVERY = 4
"""Time steps from one look at the contacts to the next: 2 mm of way at the usual speed."""
CLOSE_SECONDS = 5.0
SQUEEZE_SECONDS = 0.25
"""From the end of the fingers' motion until the grip is judged."""


class FreeHand:
    """Moves the hand of a simulated cell whose robot is `free_hand`."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        cell = simulation.cell
        self._gripper = cell.gripper
        self._tcp_from_tool = invert(cell.tool_from_tcp)
        self._home = cell.robot.configuration("home")
        model = simulation.model
        self._hand = {model.body(name).id for name in cell.gripper.links if simulation.has_name(name)}
        self._names = [model.body(index).name for index in range(model.nbody)]

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

    def close(self) -> PadReading:
        """Close with the usual force until something is held or the pads meet; what the gripper says then."""
        simulation, outcomes = self._simulation, list[GripperOutcome]()
        closed = float(self._gripper.joint_from_opening(self._gripper.minimum_opening))
        simulation.gripper.move(closed, None, None, simulation.time, outcomes.append)
        deadline = simulation.time + CLOSE_SECONDS
        while not outcomes and simulation.time < deadline:
            simulation.step(LOOK_EVERY)
        simulation.run(SQUEEZE_SECONDS)
        return self.reading()

    def reading(self) -> PadReading:
        """Opening and forces now."""
        joints = self._simulation.joints()
        position = joints.position[joints.names.index(self._gripper.joint)]
        left, right = self._simulation.pad_wrenches()
        return PadReading(
            float(self._gripper.opening_from_joint(position)), (float(left.force[1]), float(right.force[1]))
        )

    def touched(self) -> frozenset[str]:
        """Names of the bodies that the hand touches."""
        return self._touched_by(self._hand)

    def pinched(self) -> frozenset[str]:
        """Names of the parts between the fingers: what both pads, or the fingers they sit on, touch."""
        model = self._simulation.model
        sides = []
        for pad in (self._gripper.left_pad, self._gripper.right_pad):
            body = model.body(pad).id
            sides.append(self._touched_by({body, int(model.body_parentid[body])}))
        return (sides[0] & sides[1]) & frozenset(self._simulation.parts)

    def _touched_by(self, bodies: set[int]) -> frozenset[str]:
        simulation = self._simulation
        contact = simulation.data.contact
        near = contact.dist < 0.0
        found: set[str] = set()
        for first, second in simulation.model.geom_bodyid[contact.geom[near]].tolist():
            if first in bodies and second not in self._hand:
                found.add(self._names[second])
            elif second in bodies and first not in self._hand:
                found.add(self._names[first])
        return frozenset(found)
