"""A suction cup without an arm, and what it touches on its way: for judging grasps alone."""

from __future__ import annotations

from collections.abc import Sequence

from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_description import SuctionCup
from lab_evaluation.embodiment import HOLD_SECONDS, Carried, HandSenses
from lab_evaluation.free_hand import FreeHand
from lab_motion.skills.grip.vacuum import VacuumGrip, VacuumReading
from lab_simulation.mujoco.simulation import Simulation

SUCK_SECONDS = 0.4
"""From the switching on of the pump until the seal is judged."""
SPEED = 0.15
"""Metres per second with a part: at the speed of fingers its inertia would be as much again as its weight."""
EARLY = 0.004
"""Metres before the bellows should touch: a cup that touches sooner met something else than was planned."""


class FreeCup:
    """See Embodiment."""

    def __init__(self, simulation: Simulation) -> None:
        cup = simulation.cell.end_effector
        assert isinstance(cup, SuctionCup)
        self._cup = cup
        self._sensor = VacuumGrip(cup)
        self._hand = FreeHand(simulation)
        self._senses = HandSenses(simulation)
        model = simulation.model
        self._rigid = {model.body(name).id for name in cup.links if name != cup.cup_link}
        self._lip = model.body(cup.tcp_link).id

    def carry_out(self, grasps: Sequence[Grasp], scene: Scene, left: frozenset[str]) -> Carried:
        """The first grasp; what anything but the lip touches ends it, and what the lip touches too soon."""
        grasp, hand, senses, simulation = grasps[0], self._hand, self._senses, self._hand.simulation
        pose = grasp.base_from_tcp
        heights = senses.heights(left)
        before = pose.copy()
        before[:3, 3] -= grasp.approach_distance * pose[:3, 2]

        def met() -> frozenset[str]:
            far = float((pose[:3, 3] - simulation.data.xpos[self._lip]) @ pose[:3, 2])
            return senses.touched() if far > self._cup.stroke + EARLY else senses.touched_by(self._rigid)

        hand.put(before)
        reached = not met() and hand.approach(before, pose, lambda: bool(met()))
        if not reached:
            return Carried(hand.met(met()), 0, frozenset(), False)
        simulation.suction.switch(True)
        simulation.run(SUCK_SECONDS)
        sealed = self._sensor.found(self._reading())
        hand.lift(pose, SPEED)
        lifted = self._sensor.holding(self._reading(), sealed)
        hand.carry(pose, SPEED)
        simulation.run(HOLD_SECONDS)
        held = senses.held(heights)
        failed = "peeled off while it was lifted" if sealed.held else "did not seal"
        return Carried("removed" if held else failed, 0, held, sealed.held and lifted.held)

    def _reading(self) -> VacuumReading:
        vacuum = self._hand.simulation.suction.vacuum
        return VacuumReading(vacuum, vacuum * self._cup.lip_area)

    def put_home(self) -> None:
        """Be empty and out of the camera's view, at once."""
        self._hand.put_home()
