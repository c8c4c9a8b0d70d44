"""The whole solution: start, refinement, bad poses, and a covariance whose scale is that of the held-out
errors.

Each pose is judged by the solution of all others. How much the arm errs from pose to pose is set so that
these held-out errors are as large as their covariance says, which the residuals of a fit never tell: they are
smaller than the errors, the more so the fewer the poses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2, f

from lab_calibration.errors import PosesRefused
from lab_calibration.hand_eye.closed_form import park
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_calibration.hand_eye.refinement import (
    Fit,
    Model,
    distances,
    held_out,
    refine,
)
from lab_calibration.kinematics import Arm
from lab_core.geometry import FloatArray

OFFSET = 0.005
"""Standard deviation of a joint's offset that is expected, rad: 0.3 degrees, of an arm whose joints were
mastered."""
FEWEST = 6
MOST_BAD = 1.0 / 3.0
_WOBBLES = (2e-5, 0.03)
_FALSE_ALARM = 0.002
"""Chance that a calibration without a bad pose loses one."""
_WORST_SCALE = 0.01


@dataclass(frozen=True)
class BadPose:
    """A pose that the others contradict. position: metres, angle: radians, from where they have the board."""

    name: str
    position: float
    angle: float

    def __str__(self) -> str:
        return (
            f"{self.name}: the board is {1e3 * self.position:.1f} mm and {np.degrees(self.angle):.2f}° from"
            " where the other poses have it; the arm or the board moved, or it is the picture of another"
        )


@dataclass(frozen=True)
class Calibration:
    """fit: of the poses that count. bad: those that do not. errors: (N, 6) held-out changes of the board's
    pose. freedom: how many numbers the scale of the covariance rests on.
    """

    setup: Setup
    fit: Fit
    poses: Poses
    bad: tuple[BadPose, ...]
    errors: FloatArray
    freedom: float

    @property
    def held_out_position(self) -> float:
        """Root mean square of the held-out errors of the board's position, metres."""
        return float(np.sqrt(np.mean(np.sum(self.errors[:, :3] ** 2, axis=1))))

    @property
    def held_out_angle(self) -> float:
        """The same of its rotation, radians."""
        return float(np.sqrt(np.mean(np.sum(self.errors[:, 3:] ** 2, axis=1))))

    @property
    def offsets(self) -> FloatArray:
        """(J,) offsets of the joints, radians; empty when the poses show none."""
        return self.fit.offsets


def calibrate(poses: Poses, arm: Arm | None = None, offset: float | None = None) -> Calibration:
    """Camera and board from poses.

    arm: whose joints the poses tell, if known. offset: standard deviation of its joints' offsets, radians, 0
    for none; left out: they are sought if held-out poses are predicted better with them.

    Raises PosesRefused when too few poses agree.
    """
    if len(poses) < FEWEST:
        raise PosesRefused(f"{len(poses)} poses: at least {FEWEST} are needed, 12 to 15 are good")
    known = arm if poses.joints is not None else None
    choices = (0.0,) if known is None else (0.0, OFFSET) if offset is None else (offset,)
    start = park(poses)
    solved = [_with_bad_poses(poses, Model(known, choice, 1e-3), start) for choice in choices]
    if len(solved) == 1:
        return solved[0]
    common = [name for name in solved[0].poses.names if name in solved[1].poses.names]
    gain = _likelihood(solved[1], common) - _likelihood(solved[0], common)
    # G. Schwarz, "Estimating the dimension of a model", 1978
    return solved[1] if gain > 0.5 * solved[1].fit.model.offsets * np.log(6.0 * len(common)) else solved[0]


def _with_bad_poses(poses: Poses, model: Model, start: tuple[FloatArray, FloatArray]) -> Calibration:
    """Take the worst pose out until none contradicts the others."""
    kept = list(range(len(poses)))
    bad: list[BadPose] = []
    fit: Fit | tuple[FloatArray, FloatArray] = start
    while True:
        used = poses.only(kept)
        fit = _scaled(used, model, fit, robust=True)
        errors, spreads = held_out(fit)
        far = distances(errors, spreads)
        worst = int(np.argmax(far))
        limit = 6.0 * f.ppf(1.0 - _FALSE_ALARM / len(kept), 6, _freedom(fit))
        if far[worst] < limit:
            break
        shift, turn = np.linalg.norm(errors[worst, :3]), np.linalg.norm(errors[worst, 3:])
        bad.append(BadPose(used.names[worst], float(shift), float(turn)))
        del kept[worst]
        if len(kept) < FEWEST or len(bad) > MOST_BAD * len(poses):
            names = ", ".join(one.name for one in bad)
            raise PosesRefused(
                f"{len(bad)} of {len(poses)} poses contradict the others ({names}): the board or the camera"
                " moved meanwhile, or pictures and poses do not belong together"
            )
    fit = _scaled(used, model, fit, robust=False)
    errors, _ = held_out(fit)
    return Calibration(poses.setup, fit, used, tuple(bad), errors, _freedom(fit))


def _freedom(fit: Fit) -> float:
    """Numbers seen less numbers sought; offsets count as far as they are not known before."""
    sought = 12.0
    if fit.model.offsets:
        sought += float(np.sum(1.0 - np.diag(fit.covariance)[12:] / fit.model.offset**2))
    return max(6.0 * len(fit.errors) - sought, 6.0)


def _scaled(poses: Poses, model: Model, start: Fit | tuple[FloatArray, FloatArray], robust: bool) -> Fit:
    """The fit with the wobble by which the held-out errors are as large as they should be.

    robust: their median counts, so that a bad pose does not; otherwise their mean.
    """
    fit = start

    def excess(logarithm: float) -> float:
        nonlocal fit
        fit = refine(poses, replace(model, wobble=float(np.exp(logarithm))), fit, robust)
        far = distances(*held_out(fit))
        return float(np.median(far) - chi2.median(6)) if robust else float(np.mean(far) - 6.0)

    low, high = np.log(_WOBBLES[0]), np.log(_WOBBLES[1])
    if excess(high) > 0.0:
        low = high
    elif excess(low) <= 0.0:
        high = low
    while high - low > 0.05:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0.0 else (low, middle)
    excess(high)
    assert isinstance(fit, Fit)
    return fit


def _likelihood(one: Calibration, names: list[str]) -> float:
    """Logarithm of the density of the held-out errors of some poses."""
    errors, spreads = held_out(one.fit)
    index = [one.poses.names.index(name) for name in names]
    _, volume = np.linalg.slogdet(spreads[index])
    return float(-0.5 * np.sum(distances(errors[index], spreads[index]) + volume))
