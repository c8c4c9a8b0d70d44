"""Fingers without an arm, and what they touch on their way: for judging grasps alone."""

from __future__ import annotations

from collections.abc import Sequence

from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_evaluation.embodiment import HOLD_SECONDS, Carried, FingerSenses
from lab_evaluation.free_hand import LOOK_EVERY, FreeHand
from lab_motion.skills.grip.fingers import judge_closing, judge_lifting
from lab_simulation.mujoco.gripper_controller import GripperOutcome
from lab_simulation.mujoco.simulation import Simulation

CLOSE_SECONDS = 5.0
SQUEEZE_SECONDS = 0.25
"""From the end of the fingers' motion until the grip is judged."""


class FreeFingers:
    """See Embodiment."""

    def __init__(self, simulation: Simulation) -> None:
        self._hand = FreeHand(simulation)
        self._gripper = simulation.cell.gripper
        self._senses = FingerSenses(simulation)
        self._miss = simulation.cell.camera.stated_error

    def carry_out(self, grasps: Sequence[Grasp], scene: Scene, left: frozenset[str]) -> Carried:
        """The first grasp; whatever the hand touches on its way in ends it."""
        grasp, hand, senses = grasps[0], self._hand, self._senses
        pose = grasp.base_from_tcp
        heights = senses.heights(left)
        before = pose.copy()
        before[:3, 3] -= grasp.approach_distance * pose[:3, 2]
        hand.put(before, float(self._gripper.joint_from_opening(grasp.opening)))
        met = senses.touched()
        if not met:
            hand.approach(before, pose, lambda: bool(senses.touched()))
            met = senses.touched()
        if met:
            return Carried(hand.met(met), 0, frozenset(), False, met)
        stalled, touched = self.close()
        closing = judge_closing(senses.reading(stalled), grasp.width, grasp.opening, miss=self._miss)
        pinched = senses.pinched()
        hand.lift(pose)
        lifting = judge_lifting(senses.reading(stalled), closing)
        hand.carry(pose)
        hand.simulation.run(HOLD_SECONDS)
        held = senses.held(heights)
        failed = "lost while it was lifted" if pinched else "closed on nothing"
        claimed = closing.held and lifting.held
        return Carried("removed" if held else failed, 0, held, claimed, touched)

    def put_home(self) -> None:
        """Be open and out of the camera's view, at once."""
        self._hand.put_home()

    def close(self) -> tuple[bool, frozenset[str]]:
        """Close with the usual force until the fingers rest; whether something stopped them, and what the
        hand touched.
        """
        simulation, outcomes = self._hand.simulation, list[GripperOutcome]()
        closed = float(self._gripper.joint_from_opening(self._gripper.minimum_opening))
        simulation.gripper.move(closed, None, None, simulation.time, outcomes.append)
        deadline = simulation.time + CLOSE_SECONDS
        touched: frozenset[str] = frozenset()
        while not outcomes and simulation.time < deadline:
            simulation.step(LOOK_EVERY)
            touched |= self._senses.touched()
        simulation.run(SQUEEZE_SECONDS)
        return bool(outcomes) and outcomes[0].stalled, touched
