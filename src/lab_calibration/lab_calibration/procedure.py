"""The arm shows the board to the camera at chosen poses, by itself; a picture counts when all stood still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lab_calibration.board.detection import Sight, find_corners, locate
from lab_calibration.errors import CalibrationError, PosesRefused
from lab_calibration.hand_eye.calibration import FEWEST
from lab_calibration.hand_eye.candidates import Expected, candidates
from lab_calibration.hand_eye.next_view import choose
from lab_calibration.hand_eye.poses import Poses, poses_of
from lab_core.errors import CancelledError, LabError, StoppedError
from lab_core.geometry import FloatArray

CANDIDATES = 250
_SPARE = 2.0
"""So many times as many poses are chosen as are wanted: some cannot be reached without a collision."""


@dataclass(frozen=True)
class Look:
    """image: (H, W) or (H, W, 3). joints: (J,) when it was taken."""

    image: npt.NDArray[np.uint8]
    joints: FloatArray


class Rig(Protocol):
    """The arm and the camera."""

    def move(self, joints: FloatArray) -> None:
        """Go to joint positions, clear of everything known. Raises LabError when that cannot be."""

    def look(self) -> Look:
        """A picture that was taken while arm and board stood still. Raises LabError when there is none."""


@dataclass(frozen=True)
class Taken:
    """What came of it: poses, and the picture of each."""

    poses: Poses
    looks: tuple[Look, ...]


Tell = Callable[[str], None]


def take_poses(expected: Expected, rig: Rig, count: int, seed: int, tell: Tell) -> Taken:
    """Move through chosen poses until so many pictures count.

    A pose that is not reached, or a picture without the board, is left out and said. Raises PosesRefused when
    too few are left, and whatever stops or cancels the arm.
    """
    offered = candidates(expected, CANDIDATES, seed)
    order = choose(
        offered,
        expected.arm,
        expected.nominal_camera,
        expected.nominal_board,
        expected.area,
        round(_SPARE * count),
    )
    assert offered.joints is not None
    stands = offered.joints[order]
    taken: list[tuple[Look, Sight]] = []
    for index in _short_way(stands, expected.arm.home):
        if len(taken) == count:
            break
        try:
            rig.move(stands[index])
            look = rig.look()
            sight = locate(find_corners(look.image, expected.board), expected.board, expected.camera)
        except (CancelledError, StoppedError):
            raise
        except LabError as error:
            tell(f"left out: {error}")
            continue
        taken.append((look, sight))
        tell(f"pose {len(taken)} of {count}: {sight.corners} corners")
    if len(taken) < FEWEST:
        raise PosesRefused(f"{len(taken)} poses showed the board: at least {FEWEST} are needed")
    joints = np.stack([look.joints for look, _ in taken])
    poses = poses_of(expected.setup, joints, expected.arm.flange(joints), [sight for _, sight in taken])
    return Taken(poses, tuple(look for look, _ in taken))


def _short_way(joints: FloatArray, start: FloatArray) -> list[int]:
    """The order in which each next pose is the nearest of the first half that are left, the spares last."""
    left, order, at = list(range(len(joints))), [], start
    wanted = (len(left) + 1) // 2
    for group in (left[:wanted], left[wanted:]):
        rest = list(group)
        while rest:
            best = min(rest, key=lambda one: float(np.abs(joints[one] - at).max()))
            rest.remove(best)
            order.append(best)
            at = joints[best]
    return order


def revisit(expected: Expected, rig: Rig, then: Poses, count: int, tell: Tell) -> Poses:
    """Show the board again at the first poses of a calibration.

    Raises CalibrationError when none shows it.
    """
    assert then.joints is not None
    taken: list[tuple[FloatArray, Sight]] = []
    for joints in then.joints[:count]:
        rig.move(joints)
        look = rig.look()
        taken.append(
            (look.joints, locate(find_corners(look.image, expected.board), expected.board, expected.camera))
        )
        tell(f"seen: {taken[-1][1].corners} corners")
    if not taken:
        raise CalibrationError("the calibration holds no pose to go to: calibrate again")
    joints = np.stack([one for one, _ in taken])
    return poses_of(expected.setup, joints, expected.arm.flange(joints), [sight for _, sight in taken])
