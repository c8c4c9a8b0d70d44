"""How well instances agree with the truth: what benchmarks and tests measure with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from lab_core.geometry import FloatArray

IntImage = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Parts of one image against instances found in it.

    parts: (P,) labels of the parts that are visible at all. iou: (P,) intersection over union of the visible
    pixels with the instance that is matched to each, 0 without one. matched: (P,) index of that instance, -1
    without one. instances: how many were found. split: parts with two or more instances on a fifth of their
    pixels each (over-segmentation). merged: parts that share the instance which covers them best with another
    one (under-segmentation).
    """

    parts: IntImage
    iou: FloatArray
    matched: IntImage
    instances: int
    split: int
    merged: int

    def found(self, least_iou: float) -> int:
        """Parts matched with at least that intersection over union."""
        return int((self.iou >= least_iou).sum())


def compare(truth: IntImage, found: IntImage, least_pixels: int = 60) -> Agreement:
    """Matches parts and instances one to one for the greatest sum of intersections over unions.

    truth, found: (H, W) label of the part and of the instance at each pixel, -1 for neither.
    least_pixels: parts with fewer in the image do not count.
    """
    sizes = np.bincount(truth[truth >= 0].ravel())
    parts = np.flatnonzero(sizes >= least_pixels)
    instances = int(found.max(initial=-1)) + 1
    both = (truth >= 0) & (found >= 0)
    shared = np.bincount(
        truth[both].astype(np.int64) * instances + found[both], minlength=len(sizes) * max(instances, 1)
    ).reshape(len(sizes), max(instances, 1))[parts, :instances]
    iou = np.zeros(len(parts))
    matched = np.full(len(parts), -1)
    if len(parts) == 0 or instances == 0:
        return Agreement(parts, iou, matched, instances, 0, 0)
    found_sizes = np.bincount(found[found >= 0].ravel(), minlength=instances)
    all_iou = shared / (sizes[parts][:, None] + found_sizes[None] - shared)
    rows, columns = linear_sum_assignment(-all_iou)
    iou[rows], matched[rows] = all_iou[rows, columns], columns
    matched[iou <= 0.0] = -1
    covered = shared >= 0.2 * sizes[parts][:, None]
    best = np.where(shared.max(axis=1) > 0, shared.argmax(axis=1), -1)
    merged = sum(
        bool(b >= 0 and covered[i, b] and (covered[:, b] & (best == b)).sum() > 1) for i, b in enumerate(best)
    )
    return Agreement(parts, iou, matched, instances, int((covered.sum(axis=1) > 1).sum()), merged)
