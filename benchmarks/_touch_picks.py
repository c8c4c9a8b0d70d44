"""Picks by the simulated UR5e with the 2F-85 and tactile pads: fragile parts, and heavy slippery ones.

The arm lifts, swings and holds by a script, without a planner, a camera and ROS; the grip is closed by the
same code that closes it in the cell.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from _touch_trials import PADS, with_flaws
from lab_core.geometry import invert, make_transform
from lab_core.touch import PadSample
from lab_description import Cell
from lab_simulation.mujoco.scripted_hand import DOWN, Hand
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.simulation_loop import STEPS_PER_TICK
from lab_simulation.mujoco.world import TIMESTEP
from lab_simulation.scenes.drawing import Area, Scene, make_scene
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile
from lab_touch.errors import CrushLimitReached
from lab_touch.grip_control import GripControl, GripLimits
from lab_touch.rest import RestLevel
from lab_touch.slip import SlipDetector

RESTING = 40
"""Samples of the open hand from which the noise of its pads is learnt."""
MEAN_OVER = 0.02
"""Seconds of the force that crushes: a blow of one step breaks nothing."""
CLOSED_FAST = 0.008
"""Metres beyond the part's width to which the hand closes at its usual speed, as the cell does."""
LOWEST = 0.024
"""Metres above the table of the middle of the pads: lower, they would touch it."""
LOST = 0.02
"""Metres that a part moves in the hand which counts as dropped."""


@dataclass(frozen=True)
class Pick:
    """crush: N on each pad that breaks the part."""

    part: PlacedPart
    mass: float
    friction: float
    crush: float
    pads: str


@dataclass
class PickResult:
    """peak: N, largest mean force on a pad; force: at the end. moved: metres in the hand."""

    pick: Pick
    held: bool = False
    peak: float = 0.0
    force: float = 0.0
    moved: float = 0.0
    refused: bool = False

    @property
    def broken(self) -> bool:
        return self.peak > self.pick.crush

    @property
    def good(self) -> bool:
        return self.held and not self.broken


class FeelingSimulation(Simulation):
    """Reads its pads after each tick, and grips by them while `control` is set."""

    def __init__(self, cell: Cell, scene: Scene, seed: int) -> None:
        self.kept: tuple[deque[PadSample], ...] = (deque(maxlen=RESTING), deque(maxlen=RESTING))
        self.control: GripControl | None = None
        self.detectors: list[SlipDetector] = []
        self.refused = False
        self.peak = 0.0
        self.sent = 0.0
        self._forces: deque[float] = deque(maxlen=round(MEAN_OVER / (STEPS_PER_TICK * TIMESTEP)))
        super().__init__(cell, scene, seed)

    def step(self, steps: int = 1) -> None:
        """See Simulation."""
        for _ in range(steps):
            super().step()
            if self.steps % STEPS_PER_TICK == 0:
                self._feel()

    def _feel(self) -> None:
        self._forces.append(max(float(wrench.force[1]) for wrench in self.pad_wrenches()))
        self.peak = max(self.peak, float(np.mean(self._forces)))
        samples = self.pad_touch()
        for kept, sample in zip(self.kept, samples, strict=True):
            kept.append(sample)
        if self.control is None:
            return
        slips = [d.update(sample) for d, sample in zip(self.detectors, samples, strict=True)]
        try:
            wanted = self.control.update(slips, self.time)
        except CrushLimitReached:
            wanted, self.refused = self.control.force, True
        if wanted > 1.03 * self.sent:
            self.sent = wanted
            self.close_with(wanted, None)

    def close_with(self, force: float, speed: float | None) -> None:
        """Command the fingers."""
        gripper = self.cell.gripper
        position = float(gripper.joint_from_opening(gripper.minimum_opening))
        velocity = speed / gripper.lever if speed is not None else None
        self.gripper.move(position, force * gripper.lever, velocity, self.time, lambda outcome: None)


def draw_pick(seed: int) -> Pick:
    """Half of the parts are light and fragile (4 to 15 N), half heavy and slippery."""
    random = np.random.default_rng([seed, 5])
    x, z = random.uniform(0.02, 0.05), random.uniform(0.03, 0.045)
    kind = PlacedPart("box", (0.5, 0.05, 0.0), dimensions={"x": x, "y": random.uniform(0.03, 0.06), "z": z})
    if seed % 3 == 2:
        kind = PlacedPart("cylinder", (0.5, 0.05, 0.0), dimensions={"diameter": x, "height": z})
    pads = PADS[seed // 2 % len(PADS)]
    if seed % 2:
        friction, mass = random.uniform(0.4, 0.9), random.uniform(0.05, 0.25)
        least = mass * 9.81 / (2.0 * friction)
        return Pick(kind, mass, friction, float(np.clip(least * random.uniform(2.0, 5.0), 4.0, 15.0)), pads)
    return Pick(kind, random.uniform(0.5, 1.0), random.uniform(0.2, 0.35), np.inf, pads)


def run_pick(seed: int, cell: Cell, method: str) -> PickResult:
    """method: touch, or the N of a fixed force, with which the hand closes as the cell does without touch."""
    pick = draw_pick(seed)
    touch = cell.gripper.touch
    assert touch is not None
    gripper = replace(cell.gripper, friction=pick.friction, touch=with_flaws(touch, pick.pads))
    cell = replace(cell, end_effector=gripper)
    area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
    scene = make_scene(SceneFile("placed", placed=(pick.part,)), 0, area)
    scene = replace(scene, parts=tuple(replace(part, mass=pick.mass) for part in scene.parts))
    simulation = FeelingSimulation(cell, scene, seed)
    hand, name = Hand(simulation), scene.parts[0].name
    at = simulation.entity(name).base_from_entity[:3, 3].copy()
    width = float(np.ptp(scene.parts[0].outline()[:, 0]))
    at[2] = max(at[2], LOWEST)
    hand.close(40.0, 0.075)
    hand.move(make_transform(DOWN, at + np.array([0.0, 0.0, 0.10])))
    hand.move(make_transform(DOWN, at))
    result = PickResult(pick)
    if method == "touch":
        hand.close(40.0, width + CLOSED_FAST)
        simulation.run(0.4)
    simulation.peak = 0.0
    if method == "touch":
        simulation.detectors = [SlipDetector(RestLevel.of(list(kept))) for kept in simulation.kept]
        most = min(0.9 * pick.crush, 60.0)
        simulation.control = GripControl(
            GripLimits(gentle=min(touch.gentle_force, most), most=most, used=touch.used)
        )
        simulation.sent = simulation.control.force
        simulation.close_with(simulation.sent, touch.closing_speed)
        simulation.run(3.5)
    else:
        simulation.close_with(float(method), None)
        simulation.run(1.0)
    # the weight comes on slowly, as in the cell
    hand.move(make_transform(DOWN, at + np.array([0.0, 0.0, 0.01])), 1.0)
    held = invert(hand.tcp()) @ simulation.entity(name).base_from_entity
    hand.move(make_transform(DOWN, at + np.array([0.0, 0.0, 0.15])))
    raised = simulation.arm.reference.position.copy()
    for swing in range(4):
        hand.go(raised + np.array([0.08, 0.0, 0.0, 0.0, 0.0, 0.0]) * (-1) ** swing, 0.35)
    simulation.run(0.5)
    after = invert(hand.tcp()) @ simulation.entity(name).base_from_entity
    result.moved = float(np.linalg.norm(after[:3, 3] - held[:3, 3]))
    result.held = result.moved < LOST and simulation.entity(name).base_from_entity[2, 3] > 0.10
    result.peak, result.refused = simulation.peak, simulation.refused
    result.force = float(np.mean([wrench.force[1] for wrench in simulation.pad_wrenches()]))
    return result
