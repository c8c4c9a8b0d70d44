"""How sights of the board are taken: the arm shows it by itself at chosen poses, a person moves the arm, or
holds the board. A picture counts when all stood still.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lab_calibration.board.detection import Sight, find_corners, locate
from lab_calibration.board.selection import Selection
from lab_calibration.errors import BoardNotFound, CalibrationError, PosesRefused
from lab_calibration.hand_eye.calibration import FEWEST
from lab_calibration.hand_eye.candidates import Expected, candidates
from lab_calibration.hand_eye.next_view import choose
from lab_calibration.hand_eye.poses import Poses, poses_of
from lab_calibration.hand_eye.refusals import what_to_change
from lab_calibration.rigid import difference
from lab_core.errors import CancelledError, LabError, StoppedError, UnavailableError
from lab_core.geometry import FloatArray

CANDIDATES = 250
_SPARE = 2.0
"""So many times as many poses are chosen as are wanted: some cannot be reached without a collision."""
_SAME = 0.01
"""Metres and radians within which a pose that a person chose is one that was taken."""
_ADVISED = 4
"""Poses from which on their spread is judged."""
_PATIENCE, _HINT = 60.0, 5.0
"""Seconds without a picture after which it ends, and after which is said why none is taken."""


@dataclass(frozen=True)
class Look:
    """image: (H, W) or (H, W, 3). joints: (J,) when it was taken."""

    image: npt.NDArray[np.uint8]
    joints: FloatArray


class Eye(Protocol):
    """The camera alone."""

    def next_picture(self) -> npt.NDArray[np.uint8]:
        """(H, W) or (H, W, 3), newer than the one before. Raises UnavailableError when none comes."""


class Looking(Protocol):
    """The camera and where the arm is."""

    def look(self) -> Look:
        """A picture that was taken while arm and board stood still. Raises LabError when there is none."""


class Rig(Looking, Protocol):
    """The arm and the camera."""

    def move(self, joints: FloatArray) -> None:
        """Go to joint positions, clear of everything known. Raises LabError when that cannot be."""


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
            sight = _sight(expected, look)
        except (CancelledError, StoppedError):
            raise
        except LabError as error:
            tell(f"left out: {error}")
            continue
        taken.append((look, sight))
        tell(f"pose {len(taken)} of {count}: {sight.corners} corners")
    return _taken(expected, taken)


def take_poses_by_hand(
    expected: Expected, rig: Looking, count: int, pressed: Callable[[], str | None], tell: Tell
) -> Taken:
    """A picture for each Enter of a person who moves the arm, until so many count; nothing moves the arm.

    pressed: waits for a line, None when there will be no more; `d` ends it too. Raises PosesRefused when too
    few are left or nobody can press a key, UnavailableError when camera or arm are silent from the start.
    """
    tell(
        f"Move the arm so that the camera sees the board, let go, press Enter: {FEWEST} to {count} poses,"
        " near and far, tilted by 20° to 40° each way. d and Enter when done."
    )
    taken: list[tuple[Look, Sight]] = []
    lines = 0
    while len(taken) < count:
        line = pressed()
        if line is None and lines == 0:
            raise PosesRefused("the input ended before the first Enter: run this in a terminal")
        lines += 1
        if line is None or line.strip().lower() == "d":
            break
        if line.strip():
            tell("Enter alone takes a pose; d and Enter when done")
            continue
        try:
            look = rig.look()
            sight = _sight(expected, look)
            _refuse_same(expected, look, taken)
        except LabError as error:
            if isinstance(error, UnavailableError) and not taken:
                raise
            tell(f"not counted: {error}")
            continue
        taken.append((look, sight))
        advice = what_to_change(_poses(expected, taken)) if len(taken) >= _ADVISED else None
        tell(
            f"pose {len(taken)} of {count}: {sight.corners} corners"
            + ("" if advice is None else f"; {advice}")
        )
    return _taken(expected, taken)


def _refuse_same(expected: Expected, look: Look, taken: Sequence[tuple[Look, Sight]]) -> None:
    flange = expected.arm.flange(look.joints)
    for number, (other, _) in enumerate(taken, start=1):
        if np.abs(difference(expected.arm.flange(other.joints), flange)).max() < _SAME:
            raise PosesRefused(f"the arm stands as at pose {number}: move it first")


def take_pictures(
    selection: Selection,
    eye: Eye,
    took: Callable[[npt.NDArray[np.uint8]], None],
    tell: Tell,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Offer the pictures of a camera to a selection until it is complete.

    took: is given each picture that is taken. clock: seconds. Raises BoardNotFound when no new one is taken
    for long, UnavailableError when the camera is silent.
    """
    since = said = clock()
    while not selection.is_complete:
        picture = eye.next_picture()
        reason, now = selection.offer(picture), clock()
        done = f"{len(selection.sights)} of {selection.count}"
        if reason is None:
            took(picture)
            tell(f"picture {done}: {selection.views[-1]}; still missing: {selection.wanted}")
            since = said = now
        elif now - since > _PATIENCE:
            raise BoardNotFound(
                f"no new picture for {_PATIENCE:.0f} s ({done} taken, missing: {selection.wanted}): {reason}"
            )
        elif now - said > _HINT:
            tell(reason)
            said = now


def _sight(expected: Expected, look: Look) -> Sight:
    return locate(find_corners(look.image, expected.board), expected.board, expected.camera)


def _poses(expected: Expected, taken: Sequence[tuple[Look, Sight]]) -> Poses:
    joints = np.stack([look.joints for look, _ in taken])
    return poses_of(expected.setup, joints, expected.arm.flange(joints), [sight for _, sight in taken])


def _taken(expected: Expected, taken: Sequence[tuple[Look, Sight]]) -> Taken:
    """Raises PosesRefused when they are too few."""
    if len(taken) < FEWEST:
        raise PosesRefused(f"{len(taken)} poses showed the board: at least {FEWEST} are needed")
    return Taken(_poses(expected, taken), tuple(look for look, _ in taken))


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
    taken: list[tuple[Look, Sight]] = []
    for joints in then.joints[:count]:
        rig.move(joints)
        look = rig.look()
        taken.append((look, _sight(expected, look)))
        tell(f"seen: {taken[-1][1].corners} corners")
    if not taken:
        raise CalibrationError("the calibration holds no pose to go to: calibrate again")
    return _poses(expected, taken)
