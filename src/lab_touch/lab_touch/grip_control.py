"""How hard to grip: as weight and slip ask, and never harder than the part bears.

The force follows the load: each pad presses with load / (friction × `used`), so that the load takes the share
`used` of what friction holds. While the friction is not known (no place of the contact slips yet) nothing
asks for more force; a pad that slips as a whole tells the friction by its ratio. The force never falls while
a part is held: what it was needed for may come again. A part that slides loads the pads with friction times
their own force, so a force that followed that load would feed itself: during a slip it grows by steps, each
of which the hand has the time to carry out. And a blow is not followed: the smallest load of some samples
counts. Nor is what the two pads do to each other through a part that lies askew between them: that grows with
their own force, and ends when the part slips straight.

Sources: R. S. Johansson, G. Westling, "Roles of glabrous skin receptors and sensorimotor memory in automatic
control of precision grip", Exp. Brain Research 56, 1984 (grip force in parallel with load force, a margin
over the slip ratio, more after a slip); J. M. Romano et al., "Human-inspired robotic grasp control with
tactile sensing", IEEE Trans. Robotics 27, 2011.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_touch.errors import ContradictoryLimits, CrushLimitReached
from lab_touch.slip import Slip, SlipKind

_OUTER = 0.5
"""Share of a pad's load that must come from outside, or its slip is the part that slips straight."""
_DONE, _LATE = 0.6, 0.25
"""Share of the commanded force that both pads feel once the hand has carried it out, and seconds after which
the next step is asked for anyway: a hand that is told late would be told to grip as hard as it can.
"""
_PUSH = 4.0
"""Times the gentle force with which one finger at most pushes a part along until the other touches it too."""
_ACROSS = np.array([-1.0, 1.0])
"""A force on one pad, along the x and z of the other: they face each other, and z is the same."""


@dataclass(frozen=True, slots=True)
class GripLimits:
    """Of the force of one grip, N on each pad.

    gentle: with which the hand closes. most: what the part bears, or the hand can. used: share of what
    friction holds that the load may take. slip_factor: by how much the force grows when a pad slips as a
    whole; settle: seconds until it may grow so again. blow: samples for which a load must last.
    """

    gentle: float = 2.0
    most: float = 40.0
    used: float = 0.75
    slip_factor: float = 1.6
    settle: float = 0.03
    blow: int = 4

    def __post_init__(self) -> None:
        if not 0.0 < self.gentle <= self.most:
            raise ContradictoryLimits(
                f"the hand closes with {self.gentle:.1f} N, and the part bears {self.most:.1f} N: the"
                " first must be above 0 and no more than the second"
            )
        if not 0.1 <= self.used <= 0.95:
            raise ContradictoryLimits(
                f"used: the load is to take {self.used:.2f} of what friction holds, expected 0.1 to 0.95"
            )
        if not 1.0 <= self.slip_factor <= 3.0:
            raise ContradictoryLimits(f"slip_factor: {self.slip_factor:.2f}, expected 1 to 3")


class GripControl:
    """Of one grip of a hand with tactile pads."""

    def __init__(self, limits: GripLimits) -> None:
        self.limits = limits
        self.force = limits.gentle
        """N on each pad, to be commanded."""
        self.slips = 0
        """How often a pad began to slip as a whole."""
        self._slipping = False
        self._raised = -math.inf
        self._asked: list[deque[float]] = []

    def update(self, slips: Sequence[Slip], now: float) -> float:
        """The force to command after a sample of each pad, N; now: seconds, of the samples.

        Raises CrushLimitReached when the load asks for more than the part bears; the force is at its limit
        then.
        """
        if not self._asked:
            self._asked = [deque([0.0], maxlen=self.limits.blow) for _ in slips]
        wanted = self.force
        loads = outer_loads(slips)
        for slip, load, latest in zip(slips, loads, self._asked, strict=True):
            asked = 0.0
            if slip.friction is not None:
                asked = load / (slip.friction.coefficient * self.limits.used)
            latest.append(asked)
            wanted = max(wanted, min(latest))
        if any(_slides(slip, load) for slip, load in zip(slips, loads, strict=True)):
            self.slips += not self._slipping
            self._slipping = True
            wanted = self.force
            since = now - self._raised
            done = self._carried_out(slips) or since >= _LATE
            if since >= self.limits.settle and done:
                self._raised = now
                wanted = self.limits.slip_factor * self.force
                if self.force < self.limits.most:  # the part bears a little more: see whether that is enough
                    wanted = min(wanted, self.limits.most)
        else:
            self._slipping = False
            wanted = max(wanted, self._push(slips, now))
        self.force = min(wanted, self.limits.most)
        if wanted > self.limits.most:
            raise CrushLimitReached(
                f"holding the part asks for {wanted:.1f} N on each pad, and it bears"
                f" {self.limits.most:.1f} N: put it down"
            )
        return self.force

    def _carried_out(self, slips: Sequence[Slip]) -> bool:
        """Whether all pads that touch feel what was commanded."""
        return all(slip.contact.force >= _DONE * self.force for slip in slips if slip.contact.touching)

    def _push(self, slips: Sequence[Slip], now: float) -> float:
        """The force that moves a part on which one finger stands still; 0 where both touch, or none."""
        touching = sum(slip.contact.touching for slip in slips)
        waits = now - self._raised < self.limits.settle
        if touching != 1 or len(slips) == 1 or waits or not self._carried_out(slips):
            return 0.0
        self._raised = now
        return min(self.limits.slip_factor * self.force, _PUSH * self.limits.gentle, self.limits.most)


def outer_loads(slips: Sequence[Slip]) -> list[float]:
    """N along the face of each pad that come from outside the hand, 0 where no pattern tells.

    Of two pads, forces on the part that oppose each other are taken away from both; a turn about a pad's
    normal stays.
    """
    patterns = [slip.pattern for slip in slips]
    if len(patterns) != 2 or patterns[0] is None or patterns[1] is None:
        return [pattern.load if pattern is not None else 0.0 for pattern in patterns]
    left, right = patterns[0], patterns[1]
    return [_outer(left.load, left.force, right.force), _outer(right.load, right.force, left.force)]


def _outer(load: float, own: FloatArray, other: FloatArray) -> float:
    across = _ACROSS * other
    inner = np.where(own * across < 0.0, np.minimum(abs(own), abs(across)), 0.0)
    turn = max(load**2 - float(own @ own), 0.0)
    return math.sqrt(turn + float(((abs(own) - inner) ** 2).sum()))


def _slides(slip: Slip, load: float) -> bool:
    """Whether a pad slips as a whole, and by what pulls from outside."""
    return slip.kind is SlipKind.GROSS and (slip.pattern is None or load > _OUTER * slip.pattern.load)
