"""Does the part slip over a pad: not at all, at the rim of the contact (incipient), or as a whole (gross)?

Gross slip is told by either of two signs: all places of the contact carry the same ratio of force to pressure
(see shear.py), or the whole carries the friction that was seen at its rim. A pad without shear is judged by
the way of its centre of pressure, which says less and later.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadSample
from lab_touch.contact import Contact, find_contact
from lab_touch.friction import Friction, FrictionEstimate
from lab_touch.rest import RestLevel
from lab_touch.shear import ShearPattern, shear_pattern

INCIPIENT = 0.5
"""Of ShearPattern.begun: the places that slip first do slip."""
ALL = 0.85
"""Of ShearPattern.ended: the last ones slip too."""
CLEAR = 0.25
"""Standard deviation of both above which a pattern says nothing: the load is too small."""
AT_LIMIT = 0.98
"""Share of the friction limit that the whole carries: it is about to go, or goes."""
NEARLY = 0.7
"""Of ShearPattern.ended, without which the limit is not believed: the friction is known to some percent
only."""
STILL = 0.7
"""Of ShearPattern.ended: a slip that was seen goes on above it."""
MEAN_OF = 5
"""Samples of which the mean is taken where one alone says nothing."""
SURE = 0.85
"""Confidence in the friction below which the limit is not believed."""
TURNS = 0.5
"""Share of the bend that is a turn: from here on the part is said to turn, not to slide."""
AGAIN = 2
"""Samples one after another that must say so."""
GONE = 3
"""Samples one after another without contact, after which it has ended."""
WINDOW = 0.2
"""Seconds over which the centre of pressure is compared, for pads without shear."""
WANDERED = 6.0
"""Times its noise that the centre must have gone."""
STEADY = 0.15
"""Share by which the force may change meanwhile: a rising force moves the centre as well."""


class SlipKind(IntEnum):
    """How much of the contact slips."""

    NONE = 0
    INCIPIENT = 1
    GROSS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Slip:
    """What one pad says after one sample.

    confidence: of the kind, 0..1. turning: the part turns about the pad's normal, not slides. used: share of
    the friction limit that the load takes, 0..1 and a little more; None while the friction is not known.
    """

    kind: SlipKind
    confidence: float
    turning: bool
    used: float | None
    friction: Friction | None
    contact: Contact
    pattern: ShearPattern | None


class SlipDetector:
    """Of one pad; takes its samples in their order."""

    def __init__(self, rest: RestLevel) -> None:
        self.rest = rest
        self._friction = FrictionEstimate()
        self._signs = 0
        self._gross = False
        self._missing = 0
        self._latest: deque[PadSample] = deque(maxlen=MEAN_OF)
        self._centres: deque[tuple[int, FloatArray, float]] = deque()

    def update(self, sample: PadSample) -> Slip:
        """Take in one sample."""
        contact = find_contact(sample, self.rest, edges=False)
        self._missing = 0 if contact.touching else self._missing + 1
        if 0 < self._missing < GONE and self._latest:
            return Slip(SlipKind.NONE, 0.5, False, None, self._friction.value(), contact, None)
        if not contact.touching:
            self._friction.forget()
            self._signs, self._gross = 0, False
            self._latest.clear()
            self._centres.clear()
            return Slip(SlipKind.NONE, contact.confidence, False, None, None, contact, None)
        if sample.shear is None:
            return self._by_centre(sample, contact)
        self._latest.append(sample)
        pattern = self._pattern(sample)
        if pattern is None:
            self._signs, self._gross = 0, False
            return Slip(SlipKind.NONE, 0.5, False, None, self._friction.value(), contact, None)
        # two samples after all began to slip, their ratio is the friction
        self._friction.add(pattern, self._signs >= AGAIN)
        friction = self._friction.value()
        used = pattern.ratio / friction.coefficient if friction is not None else None
        all_slip = self._all_slip(pattern, used, friction)
        self._signs = self._signs + 1 if all_slip > 0.5 else 0
        self._gross = self._signs >= AGAIN or (self._gross and pattern.ended[0] > STILL)
        begun, noise = pattern.begun
        rim = _above((begun - INCIPIENT) / max(noise, 1e-3)) if noise < CLEAR else 0.0
        if self._gross:
            kind, confidence = SlipKind.GROSS, max(all_slip, 0.5)
        elif rim > 0.5:
            kind, confidence = SlipKind.INCIPIENT, rim
        else:
            kind, confidence = SlipKind.NONE, 1.0 - rim
        return Slip(kind, confidence, pattern.turning > TURNS, used, friction, contact, pattern)

    def _pattern(self, sample: PadSample) -> ShearPattern | None:
        """Of the sample; where its noise hides the pattern, of the mean of the latest ones."""
        pattern = shear_pattern(sample, self.rest)
        if (pattern is not None and pattern.ended[1] < CLEAR) or len(self._latest) < MEAN_OF:
            return pattern
        normal = np.mean([each.normal for each in self._latest], axis=0)
        shear = np.mean([each.shear for each in self._latest if each.shear is not None], axis=0)
        mean = PadSample.of(sample.stamp, sample.frame, sample.grid, normal, shear)
        return shear_pattern(mean, self.rest, MEAN_OF)

    def _all_slip(self, pattern: ShearPattern, used: float | None, friction: Friction | None) -> float:
        """Probability that the whole contact slips."""
        ended, noise = pattern.ended
        if noise >= CLEAR:
            return 0.0
        sure = _above((ended - ALL) / max(noise, 1e-3))
        if used is None or friction is None or friction.confidence < SURE or ended < NEARLY:
            return sure
        return max(sure, _above((used - AT_LIMIT) / max(pattern.load_noise / pattern.load, 0.005)))

    def _by_centre(self, sample: PadSample, contact: Contact) -> Slip:
        """Of a pad without shear."""
        self._centres.append((sample.stamp, contact.centroid, contact.force))
        while sample.stamp - self._centres[0][0] > WINDOW * 1e9:
            self._centres.popleft()
        _, first, force = self._centres[0]
        steady = abs(contact.force - force) <= STEADY * force
        way = float(np.linalg.norm(contact.centroid - first))
        strength = way / max(contact.centroid_noise, 1e-9) / math.sqrt(2.0)
        moved = _above(strength - WANDERED) if steady and math.isfinite(strength) else 0.0
        self._signs = self._signs + 1 if moved > 0.5 else 0
        gross = self._signs >= AGAIN
        kind = SlipKind.GROSS if gross else SlipKind.NONE
        # a large flat part slides with its centre of pressure at rest: "none" means little here
        return Slip(kind, moved if gross else 0.5, False, None, None, contact, None)


def _above(deviations: float) -> float:
    """Probability that a value so many standard deviations above a threshold is truly above it."""
    return 0.5 * (1.0 + math.erf(deviations / math.sqrt(2.0)))
