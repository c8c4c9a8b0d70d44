"""How far the hand misses a part because of the calibration, over the work area.

The hand aims at where the camera sees a part, by the angles that its controller tells. It misses by the error
of the camera's pose there and by what the joints' offsets make of the aim. An offset that turns the whole arm
turns the calibrated camera with it and costs nothing: what counts is the distance of hand and part, not a
frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, f

from lab_calibration.hand_eye.calibration import Calibration
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.hand_eye.refinement import LEVER, Fit
from lab_calibration.kinematics import Arm, seeds
from lab_calibration.rigid import moved, skew
from lab_core.geometry import FloatArray, invert, make_transform, transform_points
from lab_description import Cell

CONFIDENCE = 0.95


@dataclass(frozen=True)
class WorkArea:
    """Where parts lie, and how the arm takes them.

    points: (M, 3) in base_link. grasps: (M, J) joints with the hand at each, None without an arm. look: (4,
    4) base_from_flange from where a camera on the wrist sees the points, look_joints (J,) its joints if
    known.
    """

    points: FloatArray
    grasps: FloatArray | None = None
    look: FloatArray | None = None
    look_joints: FloatArray | None = None

    def base_from_camera(self, setup: Setup, mount_from_camera: FloatArray) -> FloatArray:
        """(4, 4), of a camera on the wrist where it looks from."""
        if setup is Setup.FIXED:
            return mount_from_camera
        assert self.look is not None
        result: FloatArray = self.look @ mount_from_camera
        return result


@dataclass(frozen=True)
class ErrorMap:
    """Limits that hold with 95 %.

    mount_from_camera: (4, 4), the camera's pose with which the hand misses least. points: (M, 3).
    position: (M,) metres. angle: (M,) radians.
    """

    mount_from_camera: FloatArray
    points: FloatArray
    position: FloatArray
    angle: FloatArray

    @property
    def worst(self) -> int:
        """Index of the point with the largest error."""
        return int(np.argmax(self.position))


def grid(cell: Cell) -> FloatArray:
    """(M, 3) points over the cell's workspace, near its bottom and a part's height above it, in base_link."""
    lower, upper = cell.workspace.lower, cell.workspace.upper
    axes = [np.linspace(lower[0], upper[0], 4), np.linspace(lower[1], upper[1], 5)]
    heights = np.array([lower[2] + 0.02, min(lower[2] + 0.12, upper[2])])
    return np.stack(np.meshgrid(*axes, heights, indexing="ij"), axis=-1).reshape(-1, 3)


def work_area(cell: Cell, arm: Arm, look: FloatArray | None = None) -> WorkArea:
    """A grid over the cell's workspace that the arm reaches from above.

    look: (J,) joints from which a camera on the wrist sees it.
    """
    down = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    tcp_from_tool = invert(cell.tool_from_tcp)
    start = seeds(arm, np.random.default_rng(0), 20)
    points, grasps = [], []
    for point in grid(cell):
        found = arm.reach(make_transform(down, point) @ tcp_from_tool, start)
        if found is not None:
            points.append(point)
            grasps.append(found)
    base_from_look = None if look is None else arm.flange(look)
    return WorkArea(np.array(points), np.array(grasps), base_from_look, look)


def by_camera(setup: Setup, mount_from_camera: FloatArray, area: WorkArea) -> FloatArray:
    """(M, 6, 6): how a change of the camera's pose moves and turns what it sees at each point."""
    camera = area.base_from_camera(setup, mount_from_camera)
    rotation = camera[:3, :3]
    result = np.zeros((len(area.points), 6, 6))
    result[:, :3, :3] = result[:, 3:, 3:] = rotation
    result[:, :3, 3:] = -rotation @ skew(transform_points(invert(camera), area.points))
    return result


def by_offsets(setup: Setup, arm: Arm, area: WorkArea) -> FloatArray:
    """(M, 6, J): how the joints' offsets part the hand from what it aims at."""
    assert area.grasps is not None
    hand = [arm.point_changes(joints, point) for joints, point in zip(area.grasps, area.points, strict=True)]
    if setup is Setup.FIXED:
        return np.stack(hand)
    assert area.look_joints is not None
    seen = [arm.point_changes(area.look_joints, point) for point in area.points]
    return np.stack(hand) - np.stack(seen)


def sensitivity(fit: Fit, setup: Setup, area: WorkArea) -> FloatArray:
    """(M, 6, P): how an error of the solution parts hand and part at each point."""
    camera = by_camera(setup, fit.mount_from_camera, area)
    parts = [camera, np.zeros_like(camera)]
    if fit.model.offsets and fit.model.arm is not None:
        parts.append(-by_offsets(setup, fit.model.arm, area))
    return np.concatenate(parts, axis=2)


def error_map(calibration: Calibration, area: WorkArea, more: int = 0) -> ErrorMap:
    """The errors to expect. more: as if so many poses more had been taken, like those there are."""
    fit, setup = calibration.fit, calibration.setup
    camera = by_camera(setup, fit.mount_from_camera, area)
    missed = np.zeros((len(area.points), 6))
    change: FloatArray = np.zeros(6)
    if fit.model.offsets and fit.model.arm is not None:
        missed = by_offsets(setup, fit.model.arm, area) @ fit.offsets
        # the arm keeps its offsets: the camera's pose that is used makes up for them as far as one pose can
        change -= np.linalg.lstsq(camera[:, :3].reshape(-1, 6), missed[:, :3].ravel(), rcond=None)[0]
        missed = missed + camera @ change
    count = len(fit.errors)
    covariance = _with_more(fit, 1.0 + more / count)
    sensitive = sensitivity(fit, setup, area)
    spread = sensitive @ covariance @ np.swapaxes(sensitive, 1, 2) + _wobble(fit, area)
    freedom = calibration.freedom + 6.0 * more
    return ErrorMap(
        moved(fit.mount_from_camera, change),
        area.points,
        np.array([radius(one[:3, :3], by[:3], freedom) for one, by in zip(spread, missed, strict=True)]),
        np.array([radius(one[3:, 3:], by[3:], freedom) for one, by in zip(spread, missed, strict=True)]),
    )


def radius(covariance: FloatArray, mean: FloatArray, freedom: float) -> float:
    """Length that a normal vector exceeds in 5 %, with a covariance (3, 3) whose scale rests on so many
    numbers.

    By the gamma distribution with the mean and the variance of its square (F. E. Satterthwaite, 1946).
    """
    spread = covariance * f.ppf(CONFIDENCE, 3, freedom) / (chi2.ppf(CONFIDENCE, 3) / 3.0)
    expected = float(np.trace(spread) + mean @ mean)
    variance = float(2.0 * np.sum(spread**2) + 4.0 * mean @ spread @ mean)
    if not variance > 0.0:
        return float(np.linalg.norm(mean))
    return float(np.sqrt(0.5 * variance / expected * chi2.ppf(CONFIDENCE, 2.0 * expected**2 / variance)))


def _with_more(fit: Fit, factor: float) -> FloatArray:
    if factor == 1.0:
        return fit.covariance
    normal = np.linalg.inv(fit.covariance)
    known = np.zeros_like(normal)
    if fit.model.offsets:
        known[12:, 12:] = fit.model.offset**-2 * np.eye(fit.model.offsets)
    result: FloatArray = np.linalg.inv(factor * (normal - known) + known)
    return result


def _wobble(fit: Fit, area: WorkArea) -> FloatArray:
    """(M, 6, 6): how far the arm misses an aim from pose to pose, whatever the calibration."""
    own = fit.model.wobble**2
    if fit.model.arm is None or area.grasps is None:
        return np.broadcast_to(own * np.diag([LEVER**2] * 3 + [1.0] * 3), (len(area.points), 6, 6))
    arm = fit.model.arm
    changes = np.stack(
        [arm.point_changes(joints, point) for joints, point in zip(area.grasps, area.points, strict=True)]
    )
    return own * changes @ np.swapaxes(changes, 1, 2)
