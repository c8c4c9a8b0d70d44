"""What carries grasps out in a round: the port, and what both sides of it measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_motion.skills.grip.fingers import PadReading
from lab_simulation.mujoco.simulation import Simulation

LIFT = 0.10
"""Metres, straight up; then the grip is judged."""
HOLD_SECONDS = 1.0
"""After the part was carried off, until the simulator is asked whether it is still in the hand."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of some grasps, of which one was carried out.

    ending: removed, or what went wrong. grasp: index of the one that was carried out; 0 when none was. held:
    parts in the hand in the end, by the simulator. claimed: whether the gripper says that something is held.
    touched: what the hand touched until it had closed, by the simulator; empty where nobody looked.
    """

    ending: str
    grasp: int
    held: frozenset[str]
    claimed: bool
    touched: frozenset[str] = frozenset()


class Embodiment(Protocol):
    """A hand in a simulated cell, with or without an arm."""

    def carry_out(self, grasps: Sequence[Grasp], scene: Scene, left: frozenset[str]) -> Carried:
        """Take a part by the first of these grasps that works for it, best first, and carry it off.

        left: parts that are still in the scene.
        """

    def put_home(self) -> None:
        """Be empty, open and out of the camera's view, at once."""


class HandSenses:
    """What the simulator knows of a hand: what it touches and holds."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        model = simulation.model
        links = simulation.cell.end_effector.links
        self._hand = {model.body(name).id for name in links if simulation.has_name(name)}
        # what hangs on a link is of the hand: the lip of a suction cup
        self._hand |= {body for body in range(model.nbody) if int(model.body_parentid[body]) in self._hand}
        self._names = [model.body(index).name for index in range(model.nbody)]

    def touched(self) -> frozenset[str]:
        """Names of the bodies that the hand touches."""
        return self.touched_by(self._hand)

    def heights(self, parts: frozenset[str]) -> dict[str, float]:
        """Of the origins of parts above the table, metres."""
        return {name: float(self._simulation.entity(name).base_from_entity[2, 3]) for name in parts}

    def held(self, before: dict[str, float]) -> frozenset[str]:
        """Parts that the hand touches and that are higher by more than the lift than they were before."""
        now = self.heights(frozenset(before))
        return self.touched() & {name for name, height in now.items() if height > before[name] + LIFT}

    def touched_by(self, bodies: set[int]) -> frozenset[str]:
        """Names of the bodies that these of the hand touch, by number."""
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


class FingerSenses(HandSenses):
    """Of a hand with fingers, with what it measures itself."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self._gripper = simulation.cell.gripper

    def reading(self, stalled: bool) -> PadReading:
        """Opening and forces now; stalled: whether something stopped the fingers when they closed."""
        joints = self._simulation.joints()
        position = joints.position[joints.names.index(self._gripper.joint)]
        left, right = self._simulation.pad_wrenches()
        return PadReading(
            float(self._gripper.opening_from_joint(position)),
            (float(left.force[1]), float(right.force[1])),
            stalled,
        )

    def pinched(self) -> frozenset[str]:
        """Names of the parts between the fingers: what both pads, or the fingers they sit on, touch."""
        model = self._simulation.model
        sides = []
        for pad in (self._gripper.left_pad, self._gripper.right_pad):
            body = model.body(pad).id
            sides.append(self.touched_by({body, int(model.body_parentid[body])}))
        return (sides[0] & sides[1]) & frozenset(self._simulation.parts)
