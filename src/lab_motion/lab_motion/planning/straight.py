"""Joint positions along a straight line of the tool centre point."""

from __future__ import annotations

import numpy as np

from lab_core.geometry import FloatArray, make_transform, rotation_about, rotation_angle
from lab_motion.errors import PathNotStraight
from lab_motion.planning.chain import Chain
from lab_motion.planning.paths import JointPath, smooth_path
from lab_motion.planning.timing import JointLimits

STEP = 0.005
TURN = np.deg2rad(2.0)
# A joint that turns faster than this, radians for a step, is passing a singularity.
LARGEST_JOINT_STEP = 0.15
POSITION_TOLERANCE = 1e-3
ROTATION_TOLERANCE = np.deg2rad(0.5)


def straight_poses(start: FloatArray, goal: FloatArray, parts: int) -> FloatArray:
    """(parts + 1, 4, 4) from start to goal: even steps of translation, and of rotation about one axis."""
    turn = start[:3, :3].T @ goal[:3, :3]
    angle = rotation_angle(turn)
    axis = rotation_axis(turn, angle)
    shares = np.linspace(0.0, 1.0, parts + 1)
    return np.stack(
        [
            make_transform(
                start[:3, :3] @ rotation_about(axis, share * angle),
                (1.0 - share) * start[:3, 3] + share * goal[:3, 3],
            )
            for share in shares
        ]
    )


def rotation_axis(rotation: FloatArray, angle: float) -> FloatArray:
    """Unit axis (3,) of a rotation by a known angle; any axis when it does not turn."""
    if angle < 1e-9:
        return np.array([0.0, 0.0, 1.0])
    if angle < np.pi - 1e-4:
        skew = np.array(
            [
                rotation[2, 1] - rotation[1, 2],
                rotation[0, 2] - rotation[2, 0],
                rotation[1, 0] - rotation[0, 1],
            ]
        )
        return np.asarray(skew / np.linalg.norm(skew))
    dyad = rotation + rotation.T + np.eye(3) * (1.0 - np.trace(rotation))
    longest = dyad[:, int(np.argmax(np.diag(dyad)))]
    return np.asarray(longest / np.linalg.norm(longest))


def straight_path(chain: Chain, start: FloatArray, goal: FloatArray, limits: JointLimits) -> JointPath:
    """Path from joint positions (J,) whose tool centre point goes straight to a pose (4, 4).

    Raises PathNotStraight with how far it gets.
    """
    begin = chain.forward(start)
    distance = float(np.linalg.norm(goal[:3, 3] - begin[:3, 3]))
    angle = rotation_angle(begin[:3, :3].T @ goal[:3, :3])
    parts = max(3, int(np.ceil(distance / STEP)), int(np.ceil(angle / TURN)))
    poses = straight_poses(begin, goal, parts)
    positions, reached = chain.track(poses[1:], start, limits.lower, limits.upper, LARGEST_JOINT_STEP)
    if reached < parts:
        raise PathNotStraight(
            f"the tool can go straight for {1e3 * distance * reached / parts:.0f} mm of {1e3 * distance:.0f}"
            " mm: then a joint reaches its limit or a singularity"
        )
    path = smooth_path(np.concatenate([start[None], positions]))
    require_straight(chain, path, start, goal)
    return path


def require_straight(chain: Chain, path: JointPath, start: FloatArray, goal: FloatArray) -> None:
    """Raises PathNotStraight when the tool leaves the line from joint positions (J,) to a pose (4, 4), or
    does not arrive there.
    """
    begin = chain.forward(start)
    samples = 4 * max(3, len(path.breaks)) + 1
    poses = chain.forward(path(np.linspace(0.0, path.length, samples)))
    offset, turned = deviation(poses, begin, goal)
    missed, turned_off = deviation(poses[-1:], goal, goal)
    offset, turned = max(offset, missed), max(turned, turned_off)
    if offset > POSITION_TOLERANCE or turned > ROTATION_TOLERANCE:
        raise PathNotStraight(
            f"the tool would leave the straight line by {1e3 * offset:.2f} mm"
            f" and {np.rad2deg(turned):.2f} degrees"
        )


def deviation(poses: FloatArray, start: FloatArray, goal: FloatArray) -> tuple[float, float]:
    """Largest distance of poses (N, 4, 4) from the straight motion between two: metres, radians.

    Along a line that turns only, a pose is compared at the share of the turn that it has made.
    """
    line = goal[:3, 3] - start[:3, 3]
    length = float(np.linalg.norm(line))
    turn = start[:3, :3].T @ goal[:3, :3]
    angle = rotation_angle(turn)
    axis = rotation_axis(turn, angle)
    if length > 1e-6:
        shares = np.clip((poses[:, :3, 3] - start[:3, 3]) @ line / length**2, 0.0, 1.0)
    else:
        turned = np.array([rotation_angle(start[:3, :3].T @ pose[:3, :3]) for pose in poses])
        shares = np.clip(turned / max(angle, 1e-9), 0.0, 1.0)
    offset = np.linalg.norm(poses[:, :3, 3] - (start[:3, 3] + shares[:, None] * line), axis=1).max()
    expected = np.stack([start[:3, :3] @ rotation_about(axis, share * angle) for share in shares])
    rest = np.einsum("nji,njk->nik", expected, poses[:, :3, :3])
    # 2 sin(angle / 2) is exact for small angles, where the arc cosine of the trace is not
    chord = np.linalg.norm(rest - np.eye(3), axis=(1, 2)) / np.sqrt(2.0)
    return float(offset), float(2.0 * np.arcsin(min(1.0, 0.5 * chord.max())))
