"""The steps of the search on one part: hold, stand, open, come in; each keeps what is still possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_grasping.antipodal import HandPoses
from lab_grasping.clearance import (
    Blocker,
    Clearances,
    check_approach,
    check_open,
    check_standing,
    mark_touching,
    tips_are_free,
)
from lab_grasping.closing import Closings, close_hands
from lab_grasping.completion import Shape
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_surface import HandSurface
from lab_grasping.port import PlannerSettings
from lab_grasping.ranking import WEIGHTS, choose_distinct, rate
from lab_grasping.space import SpaceMaps

MAX_HELD = 400
"""Poses that go on from closing to the clearance of the whole hand, best closings first."""
MAX_APPROACHED = 100
"""Poses whose way in is followed, best scores first."""
NEARLY_CLOSED = 0.005
"""Opening beyond the part's width at which nothing of the hand may meet the part yet, metres."""
CLOSED_FURTHER = 0.004
"""Metres less than the part's width at which the hand behind the pads may not meet the part yet: what noise,
rubber and a part that gives way may add up to."""
OPENING_MARGINS = (0.025, 0.015, 0.008, 0.004)
"""Free way of each finger before it touches, metres, widest first: narrower fits where neighbours stand
close."""
HIDDEN_SLACK = 0.004
"""A hand deeper than this in the dark, metres, is tried with a narrower opening too."""
MIN_APPROACH = 0.03
"""Straight way in that a grasp needs, metres: less, and nothing can lead there."""


class Blocked(Exception):
    """No pose is left; the text says what stopped the best one."""


@dataclass(frozen=True, slots=True)
class RatedPoses:
    """C poses of the hand with everything that is known of them.

    openings: (C,) metres, for the approach. terms: (C, T) in the order of WEIGHTS. score: (C,).
    """

    poses: HandPoses
    closings: Closings
    openings: FloatArray
    clearances: Clearances
    terms: FloatArray
    score: FloatArray

    def improved(self, index: npt.NDArray[np.intp], other: RatedPoses) -> RatedPoses:
        """With the rows of `index` from another rating of the same poses where that scores better."""
        better = other.score > self.score[index]
        target = index[better]
        openings, terms, score = self.openings.copy(), self.terms.copy(), self.score.copy()
        openings[target], terms[target], score[target] = (
            other.openings[better],
            other.terms[better],
            other.score[better],
        )
        clearances = self.clearances.with_rows(target, other.clearances.subset(np.flatnonzero(better)))
        return RatedPoses(self.poses, self.closings, openings, clearances, terms, score)


@dataclass(frozen=True, slots=True)
class Search:
    """One part, in the support frame, and the space around it."""

    gripper: ParallelGripper
    hand: HandSurface
    settings: PlannerSettings
    shape: Shape
    maps: SpaceMaps

    @property
    def opening_margins(self) -> tuple[float, ...]:
        """Of OPENING_MARGINS those that leave a hand enough that misses the part; the least grows by that."""
        least = OPENING_MARGINS[-1] + self.settings.miss
        return (*(one for one in OPENING_MARGINS if one > least), least)

    def held(self, poses: HandPoses) -> tuple[HandPoses, Closings]:
        """Poses that hold something inside the friction cones, centred between their contacts, best first.

        Raises Blocked.
        """
        free = tips_are_free(poses, self.maps, self.gripper)
        if len(poses) and not free.any():
            raise Blocked(Blocker.NEIGHBOUR.words)
        poses = poses.subset(free)
        closings = close_hands(self.shape, poses, self.gripper)
        possible = (closings.held > 0.0) & (closings.slip < np.arctan(self.gripper.friction))
        possible &= closings.widths < self.gripper.max_opening - 2.0 * self.opening_margins[-1]
        if not possible.any():
            raise Blocked("contacts outside of the friction cones")
        quality = np.where(possible, (closings.overlap + 0.2 * closings.patch) * np.cos(closings.slip), -1.0)
        best = np.argsort(-quality, kind="stable")[: min(MAX_HELD, int(possible.sum()))]
        poses, closings = poses.subset(best), closings.subset(best)
        middle = 0.5 * (closings.low + closings.high)
        positions = poses.positions + middle[:, None] * poses.rotations[:, :, 1]
        return HandPoses(poses.rotations, positions, closings.widths), closings

    def standing(self, poses: HandPoses, closings: Closings) -> tuple[HandPoses, Closings]:
        """Poses at which the closed hand meets nothing, and of it only the pads the part. Raises Blocked.

        Behind the pads a linkage comes closer together than they do, and a part that it squeezes is felt by
        no pad: so its boxes are looked at when they have closed a little further than the part is wide.
        """
        closed = self.gripper.opening_indices(closings.widths)
        blocker = check_standing(poses, closed, self.maps, self.hand, self.settings.tip_margin).blocker
        nearly = self.gripper.opening_indices(closings.widths + NEARLY_CLOSED)
        mark_touching(poses, nearly, self.shape, self.hand.front, blocker)
        closed_further = self.gripper.narrower_indices(closings.widths - CLOSED_FURTHER)
        mark_touching(poses, closed_further, self.shape, self.hand.behind, blocker)
        free = np.flatnonzero(blocker == Blocker.NOTHING)
        if len(free) == 0:
            raise Blocked(Blocker(int(blocker[0])).words)
        return poses.subset(free), closings.subset(free)

    def opened(self, poses: HandPoses, closings: Closings) -> RatedPoses:
        """Each pose at the widest opening, or at a narrower one where that rates better. Raises Blocked."""
        widest, *narrower_margins = self.opening_margins
        rated = self._rated(poses, closings, widest)
        for margin in narrower_margins:
            again = np.flatnonzero((rated.score <= 0.0) | (rated.clearances.hidden > HIDDEN_SLACK))
            if len(again) == 0:
                break
            narrower = self._rated(poses.subset(again), closings.subset(again), margin)
            rated = rated.improved(again, narrower)
        if not (rated.score > 0.0).any():
            raise Blocked(Blocker(int(rated.clearances.blocker[0])).words)
        return rated

    def approached(self, rated: RatedPoses, count: int) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """Indices of the best poses that differ and can be reached, and the clear straight way to each.

        Raises Blocked.
        """
        best = np.argsort(-rated.score, kind="stable")[: min(MAX_APPROACHED, int((rated.score > 0.0).sum()))]
        clear = check_approach(
            rated.poses.subset(best),
            self.gripper.opening_indices(rated.openings[best]),
            self.maps,
            self.hand,
            self.settings.tip_margin,
            self.settings.approach_distance,
        )
        needed = min(MIN_APPROACH + self.settings.miss, self.settings.approach_distance)
        score = np.where(clear >= needed - 1e-9, rated.score[best], 0.0)
        chosen = choose_distinct(rated.poses.subset(best), score, count)
        if len(chosen) == 0:
            raise Blocked("what stands in the way of a straight approach")
        return best[chosen], clear[chosen]

    def _rated(self, poses: HandPoses, closings: Closings, margin: float) -> RatedPoses:
        wanted = np.minimum(closings.widths + 2.0 * margin, self.gripper.max_opening)
        index = self.gripper.opening_indices(wanted)
        clearances = check_open(poses, index, self.shape, self.maps, self.hand, self.settings.tip_margin)
        openings = self.gripper.openings[index]
        terms = rate(poses, closings, clearances, openings, self.shape, self.gripper)
        weights = np.array(list(WEIGHTS.values()))
        score = np.exp(np.log(np.maximum(terms, 1e-6)) @ weights / weights.sum())
        score = np.where(clearances.blocker == Blocker.NOTHING, score, 0.0)
        return RatedPoses(poses, closings, openings, clearances, terms, score)
