"""What a calibration is made of: where the arm stood, and where the camera saw the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lab_calibration.board.detection import Sight
from lab_core.geometry import FloatArray, invert


class Setup(StrEnum):
    """Where the camera is: it stands in the cell and the arm holds the board, or it is on the arm's flange
    and the board lies in the cell.
    """

    FIXED = "fixed"
    WRIST = "wrist"


@dataclass(frozen=True)
class Poses:
    """N stands of the arm with what the camera saw at each.

    base_from_flange: (N, 4, 4), as the arm's controller tells it. camera_from_board: (N, 4, 4).
    joints: (N, J) radians, or None where only poses are known.
    information: (N, 6, 6) of a change of camera_from_board for a noise of one pixel, or None where only poses
    are known. squares, freedom: (N,) residuals of the corners, px², and how many numbers are left over.
    names: (N,) what a person calls each.
    """

    setup: Setup
    base_from_flange: FloatArray
    camera_from_board: FloatArray
    names: tuple[str, ...]
    joints: FloatArray | None = None
    information: FloatArray | None = None
    squares: FloatArray | None = None
    freedom: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.base_from_flange)

    @property
    def mount_from_other(self) -> FloatArray:
        """(N, 4, 4) from what the board is fixed to, to what the camera is fixed to."""
        return self.base_from_flange if self.setup is Setup.FIXED else invert(self.base_from_flange)

    def only(self, kept: Sequence[int] | FloatArray) -> Poses:
        """Some of the stands."""
        index = np.asarray(kept, dtype=int)

        def part(array: FloatArray | None) -> FloatArray | None:
            return None if array is None else array[index]

        return Poses(
            self.setup,
            self.base_from_flange[index],
            self.camera_from_board[index],
            tuple(self.names[i] for i in index),
            part(self.joints),
            part(self.information),
            part(self.squares),
            part(self.freedom),
        )


def poses_of(
    setup: Setup, joints: FloatArray, base_from_flange: FloatArray, sights: Sequence[Sight]
) -> Poses:
    """Stands of an arm and the sights there."""
    return Poses(
        setup,
        base_from_flange,
        np.stack([sight.camera_from_board for sight in sights]),
        tuple(f"pose {number}" for number in range(1, len(sights) + 1)),
        joints,
        np.stack([sight.information for sight in sights]),
        np.array([sight.squares for sight in sights]),
        np.array([float(sight.freedom) for sight in sights]),
    )
