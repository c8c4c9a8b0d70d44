"""Candidate grasps: antipodal contact pairs, and hand poses around each.

Source: I.-M. Chen, J. W. Burdick, "Finding antipodal point grasps on irregularly shaped objects", 1993: two
contacts with friction hold a part when the line through them lies in both friction cones. Sampling of pairs
on an observed surface and of approach directions about the closing axis: A. ten Pas et al., "Grasp pose
detection in point clouds", 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray, minimum_area_rectangle
from lab_grasping.completion import Shape
from lab_grasping.gripper import ParallelGripper

ANCHORS = 260
MIDPOINT_CELL = 0.008
AXIS_BINS = 6.0
"""Pairs count as the same when their midpoints share a cube of this edge, metres, and their axes a bin of the
hemisphere: axis components times AXIS_BINS, rounded."""
MOST_ALIKE = 12
"""Pairs of a kind that are reckoned with when as many kinds as wanted are looked for."""
LEVEL_AXIS = 0.17
"""Closing axes that rise less than this (10 degrees) are taken as level: parts mostly have upright sides, and
the small rise is noise of the normals."""
TILTS = np.deg2rad([0.0, 20.0, -20.0, 40.0, -40.0, 60.0, -60.0])
MAX_TILT = np.deg2rad(65.0)
TIP_CONTACT = 0.004
"""A contact lies at least this far from the end of the pad, metres."""


@dataclass(frozen=True, slots=True)
class ContactPairs:
    """Pairs of opposite surface points in the support frame.

    middles: (P, 3) metres. axes: (P, 3) unit, along the closing direction. widths: (P,) metres. quality: (P,)
    0..1 by the angles in the friction cones, confidence and distance from the centre of the part.
    """

    middles: FloatArray
    axes: FloatArray
    widths: FloatArray
    quality: FloatArray

    def __len__(self) -> int:
        return len(self.widths)


@dataclass(frozen=True, slots=True)
class HandPoses:
    """Candidate poses of the tool centre point in the support frame.

    rotations: (C, 3, 3), columns x, closing y, approach z. positions: (C, 3) metres. widths: (C,) metres.
    """

    rotations: FloatArray
    positions: FloatArray
    widths: FloatArray

    def __len__(self) -> int:
        return len(self.widths)

    def subset(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> HandPoses:
        """The poses that an index or mask names."""
        return HandPoses(self.rotations[index], self.positions[index], self.widths[index])


def find_pairs(
    shape: Shape, gripper: ParallelGripper, rng: np.random.Generator, max_pairs: int
) -> ContactPairs:
    """Antipodal pairs on a shape that fit between the pads, best first, no two alike, max_pairs at most."""
    weights = shape.confidence * (np.abs(shape.normals[:, 2]) < 0.9)
    if not weights.any():
        weights = shape.confidence
    count = min(ANCHORS, int(np.count_nonzero(weights)))
    anchors = np.sort(rng.choice(len(shape.points), size=count, replace=False, p=weights / weights.sum()))
    cone = float(np.cos(np.arctan(gripper.friction)))
    middles, axes, widths, quality = _pairs(
        shape.points, shape.normals, shape.confidence, anchors, cone, gripper.max_opening
    )
    middles, axes, widths, quality = _with_principal(shape, middles, axes, widths, quality)
    level = np.abs(axes[:, 2]) < LEVEL_AXIS
    axes[level, 2] = 0.0
    axes /= np.linalg.norm(axes, axis=1)[:, None]
    offset = np.linalg.norm((middles - shape.centre)[:, :2], axis=1)
    quality = quality * np.exp(-((offset / 0.04) ** 2))
    fits = widths < gripper.max_opening - 0.002
    pairs = ContactPairs(middles[fits], axes[fits], widths[fits], quality[fits])
    return _diverse(pairs, max_pairs)


def _with_principal(
    shape: Shape, middles: FloatArray, axes: FloatArray, widths: FloatArray, quality: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Add the axes of the smallest rectangle around the outline: what noise does to normals they do not
    see.
    """
    flat = shape.points[:, :2]
    _, _, yaw = minimum_area_rectangle(flat)
    more_middles, more_axes, more_widths = [], [], []
    for angle in (yaw, yaw + np.pi / 2):
        axis = np.array([np.cos(angle), np.sin(angle)])
        low, high = np.quantile(flat @ axis, [0.01, 0.99])
        middle = shape.centre[:2] + (0.5 * (low + high) - shape.centre[:2] @ axis) * axis
        more_middles.append([*middle, shape.centre[2]])
        more_axes.append([*axis, 0.0])
        more_widths.append(high - low)
    return (
        np.concatenate([middles, more_middles]),
        np.concatenate([axes, more_axes]),
        np.append(widths, more_widths),
        np.append(quality, [0.8, 0.8]),
    )


def _diverse(pairs: ContactPairs, max_pairs: int) -> ContactPairs:
    """The best pairs of each kind, best first: of thousands, the first hundreds mostly hold enough kinds."""
    count = MOST_ALIKE * max_pairs
    while True:
        chosen = _first_of_each(pairs, _best(pairs.quality, count))
        if len(chosen) >= max_pairs or count >= len(pairs):
            break
        count *= 4
    chosen = chosen[:max_pairs]
    return ContactPairs(
        pairs.middles[chosen], pairs.axes[chosen], pairs.widths[chosen], pairs.quality[chosen]
    )


def _best(quality: FloatArray, count: int) -> npt.NDArray[np.intp]:
    """Indices of at least so many of the highest qualities, highest first."""
    if count >= len(quality):
        return np.argsort(-quality, kind="stable")
    least = np.partition(quality, len(quality) - count)[len(quality) - count]
    enough = np.flatnonzero(quality >= least)
    ordered: npt.NDArray[np.intp] = enough[np.argsort(-quality[enough], kind="stable")]
    return ordered


def _first_of_each(pairs: ContactPairs, order: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Of the indices those that are the first of their kind."""
    if len(order) == 0:
        return order
    axes = pairs.axes[order]
    # an axis and its opposite are the same: the first component that is not small is made positive
    leading = np.argmax(np.abs(axes) > 0.3, axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), leading])[:, None]
    cells = np.concatenate(
        [np.floor(pairs.middles[order] / MIDPOINT_CELL), np.rint(axes * AXIS_BINS)], axis=1
    )
    cells -= cells.min(axis=0)
    keys = np.ravel_multi_index(tuple(cells.astype(np.int64).T), tuple(cells.max(axis=0).astype(int) + 1))
    _, first = np.unique(keys, return_index=True)
    return order[np.sort(first)]


def hand_poses(
    pairs: ContactPairs, gripper: ParallelGripper, tip_margin: float, miss: float = 0.0
) -> HandPoses:
    """Poses around each pair: tilts about the closing axis, and depths of the contact on the pad.

    tip_margin: height of the closed finger tips above the support, metres. miss: how far the hand may miss
    the contact, which is still to lie on the pad, metres.
    """
    down = np.array([0.0, 0.0, -1.0])
    y = np.repeat(pairs.axes, len(TILTS), axis=0)
    middles = np.repeat(pairs.middles, len(TILTS), axis=0)
    widths = np.repeat(pairs.widths, len(TILTS))
    tilt = np.tile(TILTS, len(pairs))
    upright = down - (y @ down)[:, None] * y
    length = np.linalg.norm(upright, axis=1)
    keep = length > 0.2
    y, middles, widths, tilt, upright = (array[keep] for array in (y, middles, widths, tilt, upright))
    upright /= length[keep, None]
    side = np.cross(y, upright)
    approach = np.cos(tilt)[:, None] * upright + np.sin(tilt)[:, None] * side
    steep = approach @ down >= np.cos(MAX_TILT)
    y, middles, widths, approach = (array[steep] for array in (y, middles, widths, approach))
    rotations = np.stack([np.cross(y, approach), y, approach], axis=2)
    half = 0.5 * gripper.pad_length
    # lowest corner of the closed tips: the pad's end, and half its width when the hand leans sideways
    drop = -approach[:, 2] * half + np.abs(rotations[:, 2, 0]) * 0.5 * gripper.pad_width
    drop += np.abs(y[:, 2]) * 0.5 * widths
    needed = (tip_margin + drop - middles[:, 2]) / np.maximum(-approach[:, 2], 0.2)
    # `reach` is where the contact lies on the pad, towards its end
    reaches = [np.maximum(needed, reach) for reach in (0.0, 0.4 * half, 0.75 * half)]
    poses = []
    for index, reach in enumerate(reaches):
        new = reach <= half - TIP_CONTACT - miss
        if index:
            new &= reach > reaches[index - 1] + 0.002
        position = middles - (reach + gripper.pad_centre(widths))[:, None] * approach
        poses.append((rotations[new], position[new], widths[new]))
    return HandPoses(*(np.ascontiguousarray(np.concatenate(column)) for column in zip(*poses, strict=True)))


@compiled
def _pairs(
    points: FloatArray,
    normals: FloatArray,
    confidence: FloatArray,
    anchors: npt.NDArray[np.int64],
    cone: float,
    max_width: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """All pairs of an anchor with any other point whose line lies within both friction cones."""
    limit = 40 * len(anchors)
    middles, axes = np.empty((limit, 3)), np.empty((limit, 3))
    widths, quality = np.empty(limit), np.empty(limit)
    found = 0
    for i in anchors:
        for j in range(len(points)):
            dx, dy, dz = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
            inwards_i = -(normals[i, 0] * dx + normals[i, 1] * dy + normals[i, 2] * dz)
            if inwards_i <= 0.0:
                continue
            width = np.sqrt(dx * dx + dy * dy + dz * dz)
            if width < 0.003 or width > max_width or inwards_i < cone * width:
                continue
            inwards_j = normals[j, 0] * dx + normals[j, 1] * dy + normals[j, 2] * dz
            if inwards_j < cone * width:
                continue
            for k in range(3):
                middles[found, k] = 0.5 * (points[i, k] + points[j, k])
            axes[found, 0], axes[found, 1], axes[found, 2] = dx / width, dy / width, dz / width
            widths[found] = width
            margin = (min(inwards_i, inwards_j) / width - cone) / (1.0 - cone)
            quality[found] = margin * np.sqrt(confidence[i] * confidence[j])
            found += 1
            if found == limit:
                return middles, axes, widths, quality
    return middles[:found].copy(), axes[:found].copy(), widths[:found].copy(), quality[:found].copy()
