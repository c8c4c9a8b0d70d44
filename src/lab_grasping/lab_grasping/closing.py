"""What the pads meet when they close on a shape: widths, contact patches and their normals.

The closing is followed on the points of the shape: each pad stops at the outermost surface that is large
enough to stop it. Contact patches by closing on observed points: A. ten Pas et al., "Grasp pose detection in
point clouds", 2017; the patch as the measure of how well a flat pad holds: V.-D. Nguyen, "Constructing
force-closure grasps", 1988.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray
from lab_grasping.antipodal import HandPoses
from lab_grasping.completion import OBSERVED, Shape
from lab_grasping.gripper import ParallelGripper

BAND = 0.003
"""Surface within this depth of the outermost touches the pad, metres: pad rubber, noise and curvature."""
STOP_WEIGHT = 2.5
"""Confidence, summed over points, that stops a pad; single outliers do not."""
LEAST_SEEN = 3
"""Points between the fingers, from the palm to the tips, that the camera saw: what is supposed of a part from
its other half may not be there."""
PATCH_CELL = 0.004
BIN = 0.001

SingleArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Closings:
    """What each of C hand poses would hold. All arrays have C rows; `held` masks those that hold anything.

    low, high: y of the two contacts in the hand's frame, metres. slip: greatest angle between contact normal
    and closing axis, radians. overlap: area that both pads cover opposite to each other, m2. patch: smaller
    of the two patches, m2. confidence: mean over both patches. reach: z of the patches along the pad from its
    middle, metres. sideways: x of the patches, metres.
    """

    held: FloatArray
    low: FloatArray
    high: FloatArray
    slip: FloatArray
    overlap: FloatArray
    patch: FloatArray
    confidence: FloatArray
    reach: FloatArray
    sideways: FloatArray

    @property
    def widths(self) -> FloatArray:
        """(C,) metres."""
        return self.high - self.low

    def subset(self, index: npt.NDArray[np.intp]) -> Closings:
        """The rows that an index names."""
        return Closings(*(getattr(self, name)[index] for name in Closings.__slots__))


def close_hands(shape: Shape, poses: HandPoses, gripper: ParallelGripper) -> Closings:
    """Close the pads of each pose on the shape."""
    columns = _close(
        np.ascontiguousarray(shape.points.T, dtype=np.float32),
        shape.normals,
        shape.confidence,
        poses.rotations,
        poses.positions,
        gripper.pad_centre(poses.widths),
        0.5 * gripper.pad_width,
        0.5 * gripper.pad_length,
        0.5 * gripper.max_opening,
    )
    return Closings(*columns.T)


@compiled
def _close(
    points: SingleArray,
    normals: FloatArray,
    confidence: FloatArray,
    rotations: FloatArray,
    positions: FloatArray,
    pad_centres: FloatArray,
    half_width: float,
    half_length: float,
    half_opening: float,
) -> FloatArray:
    """Rows of Closings, one for each pose. points: (3, N)."""
    result = np.zeros((len(positions), 9))
    histogram = np.zeros(int(np.ceil(2.0 * half_opening / BIN)))
    local = np.empty_like(points)
    inside = np.empty(points.shape[1], dtype=np.int64)
    columns = int(np.ceil(2.0 * half_width / PATCH_CELL))
    touched = np.zeros((2, int(np.ceil(2.0 * half_length / PATCH_CELL)) * columns), dtype=np.bool_)
    sums = np.zeros((2, 7))
    for c in range(len(positions)):
        _to_hand(points, rotations[c], positions[c], pad_centres[c], local)
        count, seen = 0, 0
        histogram[:] = 0.0
        for i in range(points.shape[1]):
            if abs(local[0, i]) > half_width or abs(local[1, i]) >= half_opening or local[2, i] > half_length:
                continue
            if confidence[i] == OBSERVED:
                seen += 1
            if local[2, i] >= -half_length:
                inside[count] = i
                count += 1
                place = int((local[1, i] + half_opening) / BIN)
                histogram[min(len(histogram) - 1, place)] += confidence[i]
        if seen < LEAST_SEEN:
            continue
        first, last = _stops(histogram)
        if last < first - 1:
            continue
        low, high = (first - 0.5) * BIN - half_opening, (last + 0.5) * BIN - half_opening
        sums[:] = 0.0
        touched[:] = False
        for k in range(count):
            i = inside[k]
            if local[1, i] < low + BAND:
                side, sign = 0, -1.0
            elif local[1, i] > high - BAND:
                side, sign = 1, 1.0
            else:
                continue
            facing = sign * _along(normals[i], rotations[c], 1)
            if facing <= 0.0:
                continue
            weight = confidence[i]
            sums[side, 0] += weight
            sums[side, 1] += weight * local[0, i]
            sums[side, 2] += weight * local[2, i]
            sums[side, 3] += weight * _along(normals[i], rotations[c], 0)
            sums[side, 4] += weight * facing
            sums[side, 5] += weight * _along(normals[i], rotations[c], 2)
            sums[side, 6] += weight * weight
            column = min(columns - 1, int((local[0, i] + half_width) / PATCH_CELL))
            row = int((local[2, i] + half_length) / PATCH_CELL)
            touched[side, min(touched.shape[1] - 1, row * columns + column)] = True
        if sums[0, 0] < STOP_WEIGHT or sums[1, 0] < STOP_WEIGHT:
            continue
        patch = min(touched[0].sum(), touched[1].sum())
        overlap = (touched[0] & touched[1]).sum()
        total = sums[0, 0] + sums[1, 0]
        result[c, 0] = 1.0
        result[c, 1] = low
        result[c, 2] = high
        result[c, 3] = _slip(sums, high - low, overlap > 0)
        result[c, 4] = overlap * PATCH_CELL * PATCH_CELL
        result[c, 5] = patch * PATCH_CELL * PATCH_CELL
        result[c, 6] = (sums[0, 6] + sums[1, 6]) / total
        result[c, 7] = (sums[0, 2] + sums[1, 2]) / total
        result[c, 8] = (sums[0, 1] + sums[1, 1]) / total
    return result


@compiled
def _to_hand(
    points: SingleArray, rotation: FloatArray, position: FloatArray, pad_centre: float, local: SingleArray
) -> None:
    """Points (3, N) in the frame of the pads: x, y, and z from the middle of the pads."""
    for k in range(3):
        # single precision throughout: the loop runs over eight points at once
        a, b, d = np.float32(rotation[0, k]), np.float32(rotation[1, k]), np.float32(rotation[2, k])
        shift = rotation[0, k] * position[0] + rotation[1, k] * position[1] + rotation[2, k] * position[2]
        offset = np.float32(shift + (pad_centre if k == 2 else 0.0))
        for i in range(points.shape[1]):
            local[k, i] = a * points[0, i] + b * points[1, i] + d * points[2, i] - offset


@compiled
def _stops(histogram: FloatArray) -> tuple[int, int]:
    """Bin after the one where the lower pad has met enough surface, and the bin where the upper one has.

    The second is less than the first by two or more where they meet nothing.
    """
    first, weight = 0, 0.0
    while first < len(histogram) and weight < STOP_WEIGHT:
        weight += histogram[first]
        first += 1
    if weight < STOP_WEIGHT:
        return len(histogram), 0
    last, weight = len(histogram), 0.0
    while last > 0 and weight < STOP_WEIGHT:
        last -= 1
        weight += histogram[last]
    return first, last


@compiled
def _along(vector: FloatArray, rotation: FloatArray, axis: int) -> float:
    return float(
        vector[0] * rotation[0, axis] + vector[1] * rotation[1, axis] + vector[2] * rotation[2, axis]
    )


@compiled
def _slip(sums: FloatArray, width: float, opposite: bool) -> float:
    """Greatest angle of a contact's normal, or of the line through both, with the closing axis."""
    slip = 0.0
    for side in range(2):
        slip = max(slip, np.arctan2(np.hypot(sums[side, 3], sums[side, 5]), sums[side, 4]))
    if not opposite:
        # patches that do not face each other: the line between them leans
        dx = sums[0, 1] / sums[0, 0] - sums[1, 1] / sums[1, 0]
        dz = sums[0, 2] / sums[0, 0] - sums[1, 2] / sums[1, 0]
        slip = max(slip, np.arctan2(np.hypot(dx, dz), max(width, 1e-3)))
    return float(slip)
