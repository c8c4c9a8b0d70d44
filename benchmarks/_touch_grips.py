"""Lifting a part between two tactile pads: with a force that touch chooses, with a fixed one, and by a
threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from _touch_rig import GRAVITY, Moment, Rig, TouchedPart
from _touch_trials import CLOSING, LIFTING, PADS, RESTING, draw_part, rest_detectors, with_flaws
from lab_description.touch import TouchPads
from lab_touch.contact import find_contact
from lab_touch.errors import CrushLimitReached
from lab_touch.grip_control import GripControl, GripLimits
from lab_touch.rest import RestLevel
from lab_touch.slip import SlipDetector
from lab_touch.weight import Scale

GENTLE = 2.0
"""N with which the hand closes where touch or a threshold chooses the force."""
ASSUMED_FRICTION = 0.3
"""Of the threshold: it knows whole forces only, and has to assume a friction."""
DROPPED = 0.01
"""Metres that a part slips which is lost."""
WEAKEST = 3.0
"""N that the most fragile part bears."""
HELD_FOR = 2.0
"""Seconds after lifting; in the middle of it a load comes on."""
LEFT_FROM_WORLD = np.eye(3)
RIGHT_FROM_WORLD = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class GripTrial:
    """crush: N on each pad that breaks the part. load: N that comes on while it is held, as a step."""

    part: TouchedPart
    pads: str
    crush: float
    load: float

    @property
    def needed(self) -> float:
        """N on each pad without which the part slips."""
        return (self.part.mass * GRAVITY + self.load) / (2.0 * self.part.friction)


@dataclass
class GripFigures:
    """force: N on each pad, the largest after the load came on. slipped: metres. refused: it was said that
    the part asks for more than it bears. mass, friction: true and estimated.
    """

    trial: GripTrial
    force: float = 0.0
    peak: float = 0.0
    slipped: float = 0.0
    refused: bool = False
    mass: tuple[float, float] | None = None
    friction: tuple[float, float] | None = None

    @property
    def dropped(self) -> bool:
        return self.slipped > DROPPED

    @property
    def crushed(self) -> bool:
        return self.peak > self.trial.crush


def draw_grip_trial(seed: int) -> GripTrial:
    """A part, half of them fragile (they bear 1.6 to 4 times what holding asks for), half of them not."""
    random = np.random.default_rng([seed, 3])
    part = draw_part(random)
    load = random.uniform(0.0, 0.6) * part.mass * GRAVITY
    needed = (part.mass * GRAVITY + load) / (2.0 * part.friction)
    crush = max(needed * random.uniform(1.6, 4.0), WEAKEST) if seed % 2 else math.inf
    return GripTrial(part, PADS[seed // 2 % len(PADS)], crush, load)


def run_grip_trial(seed: int, pads: TouchPads, method: str) -> GripFigures:
    """method: touch, threshold, or the N of a fixed force."""
    trial = draw_grip_trial(seed)
    rig = Rig(trial.part, with_flaws(pads, trial.pads), seed)
    figures = GripFigures(trial)
    detectors = rest_detectors(rig)
    scale = Scale([detector.rest for detector in detectors])
    choose, first = _chooser(method, trial, detectors, figures)
    rig.grip(first)
    for moment in rig.run(CLOSING):
        figures.peak = max(figures.peak, moment.force)
        rig.grip(choose(moment))
    rig.lift()
    lifted = RESTING + CLOSING + LIFTING
    while rig.time < lifted + HELD_FOR:
        rig.carried = float(np.clip((rig.time - RESTING - CLOSING) / LIFTING, 0.0, 1.0))
        loaded = rig.time > lifted + 0.5 * HELD_FOR
        rig.pull = np.array([0.0, 0.0, -trial.load if loaded else 0.0])
        moment = rig.read()
        figures.peak = max(figures.peak, moment.force)
        rig.grip(choose(moment))
        if loaded:
            figures.force = max(figures.force, moment.force)
        elif rig.carried == 1.0:
            scale.add(moment.pads, (LEFT_FROM_WORLD, RIGHT_FROM_WORLD))
            weight = scale.value()
            if weight is not None and weight.steady:
                figures.mass = (trial.part.mass, weight.mass)
        figures.slipped = moment.slip
        if figures.dropped:
            figures.force = max(figures.force, moment.force)
            break
    return figures


def _chooser(
    method: str, trial: GripTrial, detectors: list[SlipDetector], figures: GripFigures
) -> tuple[Callable[[Moment], float], float]:
    """What says the force after a sample, and the force to close with."""
    most = min(0.95 * trial.crush, 60.0)
    if method == "touch":
        control = GripControl(GripLimits(gentle=min(GENTLE, most), most=most))

        def by_touch(moment: Moment) -> float:
            slips = [d.update(sample) for d, sample in zip(detectors, moment.pads, strict=True)]
            known = [slip.friction for slip in slips if slip.friction is not None]
            if known:
                best = min(known, key=lambda each: each.deviation)
                figures.friction = (trial.part.friction, best.coefficient)
            try:
                return control.update(slips, moment.time)
            except CrushLimitReached:
                figures.refused = True
                return control.force

        return by_touch, control.force
    if method == "threshold":
        force = min(GENTLE, most)

        def by_threshold(moment: Moment) -> float:
            nonlocal force
            for pad, detector in zip(moment.pads, detectors, strict=True):
                shear = detector.rest.shear(pad)
                assert shear is not None
                along = float(np.linalg.norm(shear.sum(axis=(0, 1))))
                force = min(max(force, along / ASSUMED_FRICTION), most)
            return force

        return by_threshold, force
    fixed = float(method)
    return (lambda moment: fixed), fixed


@dataclass
class PoseFigures:
    """centre: metres between the centre of pressure and the true one. edge: (degrees, metres) of the line of
    the part's edge; None where none was found.
    """

    centre: float
    edge: tuple[float, float] | None


def run_pose_trial(seed: int, pads: TouchPads) -> PoseFigures:
    """A box is gripped by its end, turned: its lower edge lies across the pads."""
    random = np.random.default_rng([seed, 4])
    turned = random.uniform(-0.6, 0.6)
    half = 0.04
    below = random.uniform(-0.006, 0.006)
    # the middle of the lower edge lies so far below the middle of the pad, along the pad's z
    offset = (half * math.sin(turned), half * math.cos(turned) + below)
    part = TouchedPart(0.3, 0.6, "box", (0.05, 0.015, half), offset, turned)
    rig = Rig(part, with_flaws(pads, PADS[seed % len(PADS)]), seed)
    resting = [moment.pads for moment in rig.run(RESTING)]
    rest = RestLevel.of([pair[0] for pair in resting])
    rig.grip(float(random.uniform(5.0, 30.0)))
    moment = list(rig.run(CLOSING))[-1]
    contact = find_contact(moment.pads[0], rest)
    truth = rig.true_centre(0)
    centre = float(np.linalg.norm(contact.centroid - truth))
    if contact.edge is None:
        return PoseFigures(centre, None)
    # in the pad's x-z plane the edge runs along (cos, -sin) of the turn about y
    true_angle = -turned
    angle = (contact.edge.angle - true_angle + math.pi / 2) % math.pi - math.pi / 2
    across = np.array([math.sin(turned), math.cos(turned)])
    away = float(abs(across @ (contact.edge.point - np.array([0.0, below]))))
    return PoseFigures(centre, (abs(math.degrees(angle)), away))


def force_errors(force: float, pads: TouchPads, how: str, seed: int) -> float:
    """Share by which the sum of a pad's taxels errs at a grip force, N."""
    rig = Rig(replace(TouchedPart(0.3, 0.6)), with_flaws(pads, how), seed)
    detectors = rest_detectors(rig)
    rig.grip(force)
    said, true = [], []
    for moment in rig.run(1.0):
        if moment.time > RESTING + 0.8:
            said.append([float(d.rest.normal(p).sum()) for d, p in zip(detectors, moment.pads, strict=True)])
            true.append(moment.force)
    return float(np.abs(np.mean(said, axis=0) / np.mean(true) - 1.0).max())
