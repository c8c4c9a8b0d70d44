"""The geometry of a parallel gripper, as the planner needs it: nothing here knows a particular hand.

The frame is `tcp`: origin midway between the pads, +z the approach direction, +y the closing direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_grasping.errors import InvalidGripper

OPENING_STEP = 0.005
"""Step at which the hand's shape is tabulated over the opening, metres."""


def opening_steps(name: str, min_opening: float, max_opening: float) -> FloatArray:
    """Openings (M,) at which a hand is tabulated, metres. Raises InvalidGripper if the range cannot be."""
    if not 0.0 <= min_opening < max_opening <= 1.0:
        raise InvalidGripper(f"{name}: opening {min_opening} .. {max_opening} m must grow within 0 .. 1 m")
    return np.linspace(
        min_opening, max_opening, max(2, int(np.ceil((max_opening - min_opening) / OPENING_STEP)) + 1)
    )


@dataclass(frozen=True, slots=True)
class ParallelGripper:
    """Two pads that face each other, and everything rigid around them.

    pad_width, pad_length: of the flat contact face, along x and z, metres. friction: Coulomb coefficient of
    pad on part. openings: (M,) metres, increasing, from min_opening to max_opening. boxes: (M, K, 2, 3) lower
    and upper corner of each box of the hand at each opening, metres, in `tcp`. pad_centres: (M,) z of the
    middle of the pads at each opening, metres: fingers on linkages move along an arc.
    """

    name: str
    pad_width: float
    pad_length: float
    friction: float
    openings: FloatArray
    boxes: FloatArray
    pad_centres: FloatArray

    def __post_init__(self) -> None:
        for label, value in (
            ("pad width", self.pad_width),
            ("pad length", self.pad_length),
            ("friction", self.friction),
        ):
            if not (np.isfinite(value) and value > 0.0):
                raise InvalidGripper(f"{self.name}: {label} {value} must be positive")
        if not 0.0 <= self.min_opening < self.max_opening <= 1.0:
            raise InvalidGripper(
                f"{self.name}: opening {self.min_opening} .. {self.max_opening} m must grow within 0 .. 1 m"
            )
        if self.boxes.shape != (len(self.openings), self.boxes.shape[1], 2, 3):
            raise InvalidGripper(
                f"{self.name}: hand boxes of shape {self.boxes.shape}, expected (M, K, 2, 3)"
            )
        if not np.all(np.isfinite(self.boxes)) or np.any(self.boxes[:, :, 1] <= self.boxes[:, :, 0]):
            raise InvalidGripper(f"{self.name}: a box of the hand has no volume")

    @property
    def min_opening(self) -> float:
        """Metres."""
        return float(self.openings[0])

    @property
    def max_opening(self) -> float:
        """Metres."""
        return float(self.openings[-1])

    def opening_index(self, opening: float) -> int:
        """Index of the narrowest tabulated opening that is at least as wide; the widest if none is."""
        return min(int(np.searchsorted(self.openings, opening - 1e-9)), len(self.openings) - 1)

    def opening_indices(self, openings: FloatArray) -> npt.NDArray[np.int64]:
        """Indices (C,) of the narrowest tabulated openings that are at least as wide; the widest if none
        is.
        """
        index = np.searchsorted(self.openings, openings - 1e-9)
        return np.minimum(index, len(self.openings) - 1).astype(np.int64)

    def narrower_indices(self, openings: FloatArray) -> npt.NDArray[np.int64]:
        """Indices (C,) of the widest tabulated openings that are at most as wide; the narrowest if none
        is.
        """
        index = np.searchsorted(self.openings, openings + 1e-9, side="right") - 1
        return np.maximum(index, 0).astype(np.int64)

    def pad_centre(self, opening: FloatArray | float) -> FloatArray:
        """Height z of the middle of the pads at openings of any shape, metres."""
        middle = np.interp(np.asarray(opening, dtype=np.float64), self.openings, self.pad_centres)
        return np.asarray(middle, dtype=np.float64)

    @staticmethod
    def sampled(
        name: str,
        *,
        min_opening: float,
        max_opening: float,
        pad_width: float,
        pad_length: float,
        friction: float,
        boxes_at: Callable[[float], Sequence[tuple[Sequence[float], Sequence[float]]]],
        pad_centre_at: Callable[[float], float],
    ) -> ParallelGripper:
        """Tabulate a hand that is given by functions of the opening.

        boxes_at: lower and upper corners, always the same number of boxes. Raises InvalidGripper.
        """
        openings = opening_steps(name, min_opening, max_opening)
        return ParallelGripper(
            name=name,
            pad_width=pad_width,
            pad_length=pad_length,
            friction=friction,
            openings=openings,
            boxes=np.array([[[*box] for box in boxes_at(float(w))] for w in openings], dtype=np.float64),
            pad_centres=np.array([pad_centre_at(float(w)) for w in openings]),
        )
