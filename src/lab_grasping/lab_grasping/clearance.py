"""Where the hand would touch something, or reach into what nobody has seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray
from lab_grasping.antipodal import HandPoses
from lab_grasping.completion import Shape
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_surface import FRONT_CELL, HandSurface
from lab_grasping.space import CELL, SMALL, UNSEEN_HEIGHT, SpaceMaps

APPROACH_STEP = 0.015
TOUCH_DEPTH = 0.001
TOUCH_WEIGHT = 2.0
"""The hand touches the part when points of this confidence lie this deep in its way, metres."""
ENOUGH_ROOM = 0.02
BEHIND_FACE = 0.002

IndexArray = npt.NDArray[np.int64]
Heights = npt.NDArray[np.float32]


class Blocker(IntEnum):
    """What a hand pose runs into."""

    NOTHING = 0
    SUPPORT = 1
    NEIGHBOUR = 2
    PART = 3

    @property
    def words(self) -> str:
        """For a sentence."""
        return ("nothing", "the support", "a neighbouring thing", "the part itself")[self]


@dataclass(frozen=True, slots=True)
class Clearances:
    """For each of C poses at one opening.

    blocker: (C,) of Blocker. room: (C,) smallest height above what is below the hand, metres, at most
    ENOUGH_ROOM. hidden: (C,) greatest depth of the hand in space hidden by other things, metres. own_hidden:
    hidden by the part. approach: (C,) straight way along +z that is clear, metres.
    """

    blocker: IndexArray
    room: FloatArray
    hidden: FloatArray
    own_hidden: FloatArray

    def subset(self, index: npt.NDArray[np.intp]) -> Clearances:
        """The rows that an index names."""
        return Clearances(*(getattr(self, name)[index] for name in Clearances.__slots__))

    def with_rows(self, index: npt.NDArray[np.intp], other: Clearances) -> Clearances:
        """A copy whose rows of an index are those of another."""
        copy = self.subset(np.arange(len(self.blocker)))
        for name in Clearances.__slots__:
            getattr(copy, name)[index] = getattr(other, name)
        return copy


def tips_are_free(poses: HandPoses, maps: SpaceMaps, gripper: ParallelGripper) -> npt.NDArray[np.bool_]:
    """Whether (C,) the tips of the closed fingers stand in nothing: a cheap look before the whole hand's."""
    tips = gripper.pad_centre(poses.widths) + 0.5 * gripper.pad_length
    return _tips_free(
        poses.rotations,
        poses.positions,
        poses.widths,
        tips,
        0.5 * gripper.pad_width,
        maps.origin,
        maps.heights[0],
    )


def check_standing(
    poses: HandPoses, openings: IndexArray, maps: SpaceMaps, hand: HandSurface, tip_margin: float
) -> Clearances:
    """Check the hand where it grasps, at openings (C,) given as indices into gripper.openings."""
    blocker, lengths = _standing(poses.rotations, poses.positions, openings, hand, maps, tip_margin)
    return Clearances(blocker, *lengths.T)


def check_open(
    poses: HandPoses,
    openings: IndexArray,
    shape: Shape,
    maps: SpaceMaps,
    hand: HandSurface,
    tip_margin: float,
) -> Clearances:
    """Check the open hand where it grasps, and against the part on its way in."""
    clearances = check_standing(poses, openings, maps, hand, tip_margin)
    mark_touching(poses, openings, shape, hand.open_front, clearances.blocker)
    return clearances


def mark_touching(
    poses: HandPoses, openings: IndexArray, shape: Shape, front: Heights, blocker: IndexArray
) -> None:
    """Write Blocker.PART into blocker (C,) where nothing else stands and a front of HandSurface meets the
    part.
    """
    _touch(shape.points, shape.confidence, poses.rotations, poses.positions, openings, front, blocker)


def check_approach(
    poses: HandPoses,
    openings: IndexArray,
    maps: SpaceMaps,
    hand: HandSurface,
    tip_margin: float,
    distance: float,
) -> FloatArray:
    """Straight way (C,) along the approach on which the open hand meets nothing that was observed, metres.

    distance: that is looked at.
    """
    return _way_in(poses.rotations, poses.positions, openings, hand, maps, tip_margin, distance)


@compiled
def _tips_free(
    rotations: FloatArray,
    positions: FloatArray,
    widths: FloatArray,
    tips: FloatArray,
    half_width: float,
    origin: FloatArray,
    occupied: Heights,
) -> npt.NDArray[np.bool_]:
    """Six points a pose: both pads, ends and middle of the front edge, a little behind the face."""
    ny, nx = occupied.shape
    free = np.ones(len(positions), dtype=np.bool_)
    for c in range(len(positions)):
        rotation = rotations[c]
        for k in range(6):
            lx = (k // 2 - 1) * half_width
            ly = (0.5 * widths[c] + BEHIND_FACE) * (1.0 if k % 2 else -1.0)
            x = positions[c, 0] + rotation[0, 0] * lx + rotation[0, 1] * ly + rotation[0, 2] * tips[c]
            y = positions[c, 1] + rotation[1, 0] * lx + rotation[1, 1] * ly + rotation[1, 2] * tips[c]
            z = positions[c, 2] + rotation[2, 0] * lx + rotation[2, 1] * ly + rotation[2, 2] * tips[c]
            i, j = int(np.floor((y - origin[1]) / CELL)), int(np.floor((x - origin[0]) / CELL))
            if 0 <= i < ny and 0 <= j < nx and z < occupied[i, j]:
                free[c] = False
                break
    return free


@compiled
def _meet(
    rotation: FloatArray,
    x0: float,
    y0: float,
    z0: float,
    opening: int,
    hand: HandSurface,
    maps: SpaceMaps,
    tip_margin: float,
) -> tuple[int, float, float, float]:
    """Blocker, room, hidden and own hidden depth of the hand with its tcp at (x0, y0, z0)."""
    points, starts, centres, radii = hand.points, hand.starts, hand.centres, hand.radii
    origin, heights, seen = maps.origin, maps.heights, maps.seen
    _, ny, nx = heights.shape
    room, hidden, own_hidden = ENOUGH_ROOM, 0.0, 0.0
    for k in range(centres.shape[1]):
        cx, cy, cz = centres[opening, k, 0], centres[opening, k, 1], centres[opening, k, 2]
        x = x0 + rotation[0, 0] * cx + rotation[0, 1] * cy + rotation[0, 2] * cz
        y = y0 + rotation[1, 0] * cx + rotation[1, 1] * cy + rotation[1, 2] * cz
        z = z0 + rotation[2, 0] * cx + rotation[2, 1] * cy + rotation[2, 2] * cz
        i, j = int(np.floor((y - origin[1]) / CELL)), int(np.floor((x - origin[0]) / CELL))
        radius = radii[opening, k]
        if z - radius > tip_margin:
            if i < 0 or j < 0 or i >= ny or j >= nx:
                continue
            summit = heights[3, i, j] if radius <= SMALL else heights[4, i, j]
            if z - radius > summit:
                room = min(room, z - radius - summit)
                continue
        for s in range(starts[opening, k], starts[opening, k + 1]):
            lx, ly, lz = points[s, 0], points[s, 1], points[s, 2]
            z = z0 + rotation[2, 0] * lx + rotation[2, 1] * ly + rotation[2, 2] * lz
            if z < tip_margin:
                return 1, room, hidden, own_hidden
            x = x0 + rotation[0, 0] * lx + rotation[0, 1] * ly + rotation[0, 2] * lz
            y = y0 + rotation[1, 0] * lx + rotation[1, 1] * ly + rotation[1, 2] * lz
            i, j = int(np.floor((y - origin[1]) / CELL)), int(np.floor((x - origin[0]) / CELL))
            if i < 0 or j < 0 or i >= ny or j >= nx:
                continue
            gap = z - heights[0, i, j]
            if gap < 0.0:
                return 2, room, hidden, own_hidden
            room = min(room, gap)
            hidden = max(hidden, heights[1, i, j] - z)
            own_hidden = max(own_hidden, heights[2, i, j] - z)
            if not seen[i, j]:
                hidden = max(hidden, UNSEEN_HEIGHT - z)
    return 0, room, hidden, own_hidden


@compiled
def _standing(
    rotations: FloatArray,
    positions: FloatArray,
    openings: IndexArray,
    hand: HandSurface,
    maps: SpaceMaps,
    tip_margin: float,
) -> tuple[IndexArray, FloatArray]:
    blocker = np.zeros(len(positions), dtype=np.int64)
    lengths = np.zeros((len(positions), 3))
    for c in range(len(positions)):
        x, y, z = positions[c, 0], positions[c, 1], positions[c, 2]
        blocker[c], lengths[c, 0], lengths[c, 1], lengths[c, 2] = _meet(
            rotations[c], x, y, z, openings[c], hand, maps, tip_margin
        )
    return blocker, lengths


@compiled
def _way_in(
    rotations: FloatArray,
    positions: FloatArray,
    openings: IndexArray,
    hand: HandSurface,
    maps: SpaceMaps,
    tip_margin: float,
    distance: float,
) -> FloatArray:
    steps = int(np.ceil(distance / APPROACH_STEP))
    clear = np.full(len(positions), distance)
    for c in range(len(positions)):
        rotation = rotations[c]
        if rotation[2, 2] < -0.999:
            # straight up: everything above a column's top is free
            continue
        for step in range(1, steps + 1):
            back = distance * step / steps
            x = positions[c, 0] - back * rotation[0, 2]
            y = positions[c, 1] - back * rotation[1, 2]
            z = positions[c, 2] - back * rotation[2, 2]
            hit, _, _, _ = _meet(rotation, x, y, z, openings[c], hand, maps, tip_margin)
            if hit != 0:
                clear[c] = distance * (step - 1) / steps
                break
    return clear


@compiled
def _touch(
    points: FloatArray,
    confidence: FloatArray,
    rotations: FloatArray,
    positions: FloatArray,
    openings: IndexArray,
    front: Heights,
    blocker: IndexArray,
) -> None:
    """Mark poses whose open hand touches the part itself on its way in: what lies behind the hand's front."""
    _, rows, columns = front.shape
    x0, y0 = 0.5 * columns * FRONT_CELL, 0.5 * rows * FRONT_CELL
    for c in range(len(positions)):
        if blocker[c] != 0:
            continue
        rotation = rotations[c]
        weight = 0.0
        for i in range(len(points)):
            dx = points[i, 0] - positions[c, 0]
            dy = points[i, 1] - positions[c, 1]
            dz = points[i, 2] - positions[c, 2]
            x = dx * rotation[0, 0] + dy * rotation[1, 0] + dz * rotation[2, 0] + x0
            y = dx * rotation[0, 1] + dy * rotation[1, 1] + dz * rotation[2, 1] + y0
            row, column = int(np.floor(y / FRONT_CELL)), int(np.floor(x / FRONT_CELL))
            if row < 0 or column < 0 or row >= rows or column >= columns:
                continue
            z = dx * rotation[0, 2] + dy * rotation[1, 2] + dz * rotation[2, 2]
            if z < front[openings[c], row, column] - TOUCH_DEPTH:
                weight += confidence[i]
                if weight >= TOUCH_WEIGHT:
                    blocker[c] = 3
                    break
