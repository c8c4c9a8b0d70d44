"""The hand's boxes in the two forms in which they are checked: points on their faces, and the hand's
front.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_grasping.gripper import ParallelGripper
from lab_grasping.suction_gripper import SuctionGripper

SAMPLE_STEP = 0.006
"""Distance of the points on the faces, metres; obstacles are grown by more than half of it."""
FRONT_CELL = 0.001
LINKAGE_ROOM = 0.002
"""Metres that are kept between a part and what comes together behind the pads: of an edge the camera misses
that much, and a part that is squeezed there is felt by no pad.
"""
INSIDE = 1e-4
NO_HAND = -1.0


class HandSurface(NamedTuple):
    """All openings of one gripper, in `tcp`; a tuple, so that compiled loops take it.

    points: (S, 3) on the faces of the boxes. starts: (M, K + 1) where the points of each box begin, by
    opening. centres, radii: (M, K, 3), (M, K) spheres around the boxes. front: (M, rows, columns) greatest z
    of the hand at each x (columns) and y (rows), cells of FRONT_CELL about the middle, NO_HAND beside it.
    behind: as front, of the boxes that end before the pads begin, those of fingers with LINKAGE_ROOM. Both
    are grown forwards and along x by how far the hand may miss the part: along y the closing fingers centre
    it. open_front: front, grown along y too.
    """

    points: FloatArray
    starts: npt.NDArray[np.int64]
    centres: FloatArray
    radii: FloatArray
    front: npt.NDArray[np.float32]
    behind: npt.NDArray[np.float32]
    open_front: npt.NDArray[np.float32]

    @staticmethod
    def of(gripper: ParallelGripper, miss: float = 0.0) -> HandSurface:
        """Sample a gripper with fingers. miss: how far it may miss the part, metres."""
        pads_begin = gripper.pad_centres - 0.5 * gripper.pad_length
        behind = gripper.boxes[:, :, 1, 2] <= pads_begin[:, None] + INSIDE
        linkage = _grown(_front(gripper.boxes, behind), LINKAGE_ROOM, across=False)
        return HandSurface.of_boxes(gripper.boxes, linkage, miss)

    @staticmethod
    def of_cup(cup: SuctionGripper) -> HandSurface:
        """Sample a suction cup: one opening; behind are the boxes that the part must not touch."""
        rigid = cup.behind_bellows[None]
        return HandSurface.of_boxes(cup.boxes[None], _front(rigid, np.ones(rigid.shape[:2], dtype=np.bool_)))

    @staticmethod
    def of_boxes(boxes: FloatArray, behind: npt.NDArray[np.float32], miss: float = 0.0) -> HandSurface:
        """Sample boxes (M, K, 2, 3) of a hand at M openings."""
        blocks: list[FloatArray] = []
        starts = np.zeros((len(boxes), boxes.shape[1] + 1), dtype=np.int64)
        count = 0
        for m, hand in enumerate(boxes):
            starts[m, 0] = count
            for k in range(len(hand)):
                points = _faces(hand, k)
                blocks.append(points)
                count += len(points)
                starts[m, k + 1] = count
        lower, upper = boxes[:, :, 0], boxes[:, :, 1]
        front = _front(boxes, np.ones(upper.shape[:2], dtype=np.bool_))
        return HandSurface(
            points=np.concatenate(blocks),
            starts=starts,
            centres=np.ascontiguousarray(0.5 * (lower + upper)),
            radii=0.5 * np.linalg.norm(upper - lower, axis=2),
            front=_grown(front, miss, across=False),
            behind=_grown(behind, miss, across=False),
            open_front=_grown(front, miss, across=True),
        )


def _faces(boxes: FloatArray, k: int) -> FloatArray:
    """Points on the faces of box k that no other box holds; without the face at the back, which never
    leads.
    """
    lower, upper = boxes[k]
    size = upper - lower
    axes = [
        np.linspace(a, b, max(2, int(np.ceil((b - a) / SAMPLE_STEP)) + 1))
        for a, b in zip(lower, upper, strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    edge = 1e-9 + 1e-6 * size
    outer = np.any((grid < lower + edge)[:, :2], axis=1) | np.any(grid > upper - edge, axis=1)
    grid = grid[outer]
    covered = np.zeros(len(grid), dtype=np.bool_)
    for other, (low, high) in enumerate(boxes):
        if other != k:
            covered |= np.all((grid > low + INSIDE) & (grid < high - INSIDE), axis=1)
    points: FloatArray = grid[~covered]
    return points


def _grown(front: npt.NDArray[np.float32], by: float, across: bool) -> npt.NDArray[np.float32]:
    """Fronts (M, rows, columns) grown forwards and along x, metres; across: along y too."""
    cells = int(np.ceil(by / FRONT_CELL - 1e-6))
    if cells <= 0:
        return front
    shape = cv2.MORPH_ELLIPSE if across else cv2.MORPH_RECT
    kernel = cv2.getStructuringElement(shape, (2 * cells + 1, 2 * cells + 1 if across else 1))
    wide = np.pad(front, ((0, 0), (cells, cells), (cells, cells)), constant_values=NO_HAND)
    grown = np.stack([cv2.dilate(one, kernel) for one in wide])
    return np.where(grown > NO_HAND, grown + np.float32(by), grown)


def _front(boxes: FloatArray, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Of the boxes (M, K, 2, 3) that are wanted (M, K)."""
    reach = np.ceil(np.abs(boxes).max(axis=(0, 1, 2))[:2] / FRONT_CELL).astype(int)
    front = np.full((len(boxes), 2 * reach[1], 2 * reach[0]), NO_HAND, dtype=np.float32)
    # cells whose middle lies within the box
    first = np.clip(np.ceil(boxes[:, :, 0, :2] / FRONT_CELL - 0.5).astype(int) + reach, 0, None)
    last = np.floor(boxes[:, :, 1, :2] / FRONT_CELL - 0.5).astype(int) + reach
    for m, hand in enumerate(boxes):
        for k in np.flatnonzero(wanted[m]):
            window = front[m, first[m, k, 1] : last[m, k, 1] + 1, first[m, k, 0] : last[m, k, 0] + 1]
            np.maximum(window, hand[k, 1, 2], out=window)
    return front
