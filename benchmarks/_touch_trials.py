"""What is done to a part between two tactile pads, drawn from a seed, and what came of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import numpy as np

from _touch_rig import GRAVITY, REACH, SLIPPED, Moment, Rig, TouchedPart
from lab_description.touch import TouchPads
from lab_touch.rest import RestLevel
from lab_touch.slip import SlipDetector, SlipKind

WITHIN = 0.1
"""Seconds from the true onset within which an alarm is a detection, before or after."""
BELOW = 0.85
"""Share of the friction limit that loads reach which must not make it slip."""
APART = 0.5
"""Seconds: alarms nearer than this are one."""
EVENTS = ("pull", "step", "turn", "shake", "load")
"""The first three go over the limit of friction, the last two stay below it."""
PADS = ("clean", "usual", "bad")
RESTING = 0.4
CLOSING = 0.5
LIFTING = 0.3
"""Seconds."""


@dataclass(frozen=True)
class SlipTrial:
    """One grip of constant force, and what pulls at the part."""

    event: str
    pads: str
    part: TouchedPart
    force: float
    rate: float


@dataclass
class SlipFigures:
    """onset: s, None without slip. alarms: s, of the pads; simple: of a threshold on the ratio of whole
    forces. seconds: without slip. friction: (true, estimated) at the end.
    """

    trial: SlipTrial
    onset: float | None = None
    alarms: list[float] = field(default_factory=list)
    simple: list[float] = field(default_factory=list)
    seconds: float = 0.0
    friction: tuple[float, float] | None = None
    cpu: list[float] = field(default_factory=list)


def with_flaws(pads: TouchPads, how: str) -> TouchPads:
    """Pads of another quality."""
    usual = pads.simulated
    flaws = {
        "clean": replace(usual, noise=0.001, gain=0.0, hysteresis=0.0, drift=0.0, dead=0.0),
        "usual": usual,
        "bad": replace(usual, noise=2.0 * usual.noise, gain=0.08, hysteresis=0.08, drift=0.01, dead=0.05),
    }
    return replace(pads, simulated=flaws[how])


def draw_part(random: np.random.Generator) -> TouchedPart:
    """A part of 0.05 to 1 kg, friction 0.2 to 1, of which the pads touch all or a piece."""
    shape = str(random.choice(["box", "box", "cylinder"]))
    size = (
        random.uniform(0.02, 0.035),
        random.uniform(0.01, 0.025),
        random.uniform(0.03, 0.045),
    )
    offset = (0.0, random.uniform(-0.5, 0.5) * size[2])
    return TouchedPart(
        mass=float(np.exp(random.uniform(math.log(0.05), math.log(1.0)))),
        friction=random.uniform(0.2, 1.0),
        shape=shape,
        size=size,
        offset=offset if shape == "box" else (random.uniform(-0.001, 0.001), offset[1]),
    )


def draw_slip_trial(seed: int) -> SlipTrial:
    """A trial of the given seed."""
    random = np.random.default_rng([seed, 1])
    event, pads = EVENTS[seed % len(EVENTS)], PADS[seed // len(EVENTS) % len(PADS)]
    part = draw_part(random)
    needed = part.mass * GRAVITY / (2.0 * part.friction)
    force = float(np.clip(needed / random.uniform(0.3, 0.75), 2.0, 60.0))
    return SlipTrial(event, pads, part, force, float(np.exp(random.uniform(math.log(0.2), math.log(5.0)))))


def run_slip_trial(seed: int, pads: TouchPads) -> SlipFigures:
    """Grip with a constant force, let the weight come on, and do what the trial says."""
    trial = draw_slip_trial(seed)
    random = np.random.default_rng([seed, 2])
    rig = Rig(trial.part, with_flaws(pads, trial.pads), seed)
    figures = SlipFigures(trial)
    detectors = rest_detectors(rig)
    rig.grip(trial.force)
    limit = 2.0 * trial.part.friction * trial.force
    weight = trial.part.mass * GRAVITY
    for moment in rig.run(CLOSING):
        slips = [d.update(sample) for d, sample in zip(detectors, moment.pads, strict=True)]
    rig.lift()
    began = RESTING + CLOSING + LIFTING + 0.2
    phase = random.uniform(0.0, 6.3, 4)
    steps = np.cumsum(random.uniform(0.2, 0.6, 20))
    levels = random.uniform(0.0, 1.0, 20)
    last_still, last_alarm, last_simple = 0.0, -1.0, -1.0
    if any(slip.kind is SlipKind.GROSS for slip in slips):
        last_alarm = rig.time  # the hand rubbed over the part while it closed: that slip is over
    end = began + (2.5 if trial.event in ("shake", "load") else 12.0)
    while rig.time < end:
        now = rig.time - began
        rig.carried = float(np.clip((rig.time - RESTING - CLOSING) / LIFTING, 0.0, 1.0))
        _disturb(rig, trial, now, limit, weight, phase, steps, levels)
        moment = rig.read()
        start = time.process_time()
        slips = [d.update(sample) for d, sample in zip(detectors, moment.pads, strict=True)]
        figures.cpu.append((time.process_time() - start) / 2.0)
        if moment.slip < 0.05 * SLIPPED:
            last_still = moment.time
        if figures.onset is None and moment.slip > SLIPPED:
            figures.onset = last_still
            slip = max(slips, key=lambda s: s.friction.confidence if s.friction else 0.0)
            if slip.friction is not None:
                figures.friction = (trial.part.friction, slip.friction.coefficient)
        if figures.onset is None:
            figures.seconds += 1.0 / pads.rate
        elif moment.time > figures.onset + WITHIN + 0.05:
            break
        if any(slip.kind is SlipKind.GROSS for slip in slips):
            if moment.time - last_alarm > APART:
                figures.alarms.append(moment.time)
            last_alarm = moment.time
        if _simple(moment):
            if moment.time - last_simple > APART:
                figures.simple.append(moment.time)
            last_simple = moment.time
    return figures


def rest_detectors(rig: Rig) -> list[SlipDetector]:
    """One for each pad, of the noise of its open pads."""
    resting = [moment.pads for moment in rig.run(RESTING)]
    return [SlipDetector(RestLevel.of([pair[side] for pair in resting])) for side in (0, 1)]


def _disturb(
    rig: Rig,
    trial: SlipTrial,
    now: float,
    limit: float,
    weight: float,
    phase: np.ndarray,
    steps: np.ndarray,
    levels: np.ndarray,
) -> None:
    """Set the forces on the part at a time after it was lifted."""
    if now < 0.0:
        return
    room = BELOW * limit - weight
    if trial.event == "pull":
        rig.pull = np.array([0.0, 0.0, -trial.rate * limit * now])
    elif trial.event == "turn":
        rig.turn = trial.rate * limit * REACH * now
    elif trial.event == "step":
        index = int(np.searchsorted(steps, now))
        over = index >= 3
        over_by = (1.05 - BELOW) * limit + 0.1 * limit * trial.rate
        rig.pull = np.array([0.0, 0.0, -(room + over_by) if over else -room * levels[index]])
    elif trial.event == "shake":
        along = sum(np.sin(2.0 * np.pi * (2.0 + 3.0 * k) * now + phase[k]) for k in range(3)) / 3.0
        rig.pull = np.array([0.0, 0.0, -room * float(along)])
    else:
        rig.pull = np.array([0.0, 0.0, -room * levels[int(np.searchsorted(steps, now))]])


def _simple(moment: Moment) -> bool:
    """A threshold on whole forces: slip is said where the ratio on a pad exceeds a friction of 0.5."""
    return any(
        float(np.hypot(pad.force[0], pad.force[2])) > 0.5 * float(pad.force[1]) > 0.25 for pad in moment.pads
    )
