"""What one tactile pad feels at one moment, whatever sensor it is made of.

The pad's frame has its origin in the centre of the face and +y into the pad. The grid lies in its x-z plane,
centred in the origin: columns along +x, rows along +z. All forces are those of the part on the pad.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.errors import LabError
from lab_core.geometry import FloatArray
from lab_core.outcomes import OutcomeCode

Taxels = npt.NDArray[np.floating]


class InvalidPadSample(LabError):
    """A sample contradicts itself: a wrong size of the grid, or a number that is not finite."""

    code = OutcomeCode.INVALID_REQUEST
    stage = "contact"


@dataclass(frozen=True, slots=True)
class PadGrid:
    """Where the taxels of a pad are: numbers of rows and columns, distances between them, metres."""

    rows: int
    columns: int
    row_pitch: float
    column_pitch: float

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1:
            raise InvalidPadSample(f"a pad of {self.rows} × {self.columns} taxels: expected at least one")
        if not (0.0 < self.row_pitch < 1.0 and 0.0 < self.column_pitch < 1.0):
            raise InvalidPadSample(
                f"taxels {self.row_pitch:g} × {self.column_pitch:g} m apart: expected more than 0 and"
                " less than 1"
            )

    @property
    def taxels(self) -> int:
        """Their number."""
        return self.rows * self.columns

    @property
    def taxel_area(self) -> float:
        """Of one, m²."""
        return self.row_pitch * self.column_pitch

    def places(self) -> FloatArray:
        """(R, C, 2) x and z of each taxel in the pad's frame, metres."""
        x = (np.arange(self.columns) - 0.5 * (self.columns - 1)) * self.column_pitch
        z = (np.arange(self.rows) - 0.5 * (self.rows - 1)) * self.row_pitch
        return np.stack(np.meshgrid(x, z), axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class PadSample:
    """One reading of one pad.

    stamp: ns. frame: of the pad. normal: (R, C) N, positive into the pad. shear: (R, C, 2) N along x and z,
    None where the sensor has none. force, torque: (3,) N and N m about the frame's origin, of the whole pad.
    centroid: (2,) x and z of the centre of pressure, metres, NaN without contact. area: m², of what touches.
    """

    stamp: int
    frame: str
    grid: PadGrid
    normal: Taxels
    shear: Taxels | None
    force: FloatArray
    torque: FloatArray
    centroid: FloatArray
    area: float

    def __post_init__(self) -> None:
        grid, shape = self.grid, (self.grid.rows, self.grid.columns)
        if self.normal.shape != shape:
            raise InvalidPadSample(
                f"{self.frame}: {self.normal.size} taxels, expected {grid.rows} rows × {grid.columns} columns"
            )
        if self.shear is not None and self.shear.shape != (*shape, 2):
            raise InvalidPadSample(
                f"{self.frame}: {self.shear.size} numbers of shear, expected two for each of"
                f" {grid.taxels} taxels"
            )
        for name, values in (("normal", self.normal), ("shear", self.shear)):
            if values is not None and not np.isfinite(values).all():
                bad = np.argwhere(~np.isfinite(values))[0]
                raise InvalidPadSample(
                    f"{self.frame}: the {name} force of row {bad[0]}, column {bad[1]} is not a finite number"
                )
        if not (np.isfinite(self.force).all() and np.isfinite(self.torque).all()):
            raise InvalidPadSample(f"{self.frame}: force or torque of the whole pad is not a finite number")

    @classmethod
    def of(
        cls, stamp: int, frame: str, grid: PadGrid, normal: Taxels, shear: Taxels | None, level: float = 0.0
    ) -> PadSample:
        """Of taxels alone: force, torque, centre and area are made from them.

        level: N; taxels that feel no more do not touch.

        Raises InvalidPadSample.
        """
        places = grid.places()
        fits = normal.shape == places.shape[:2] and (shear is None or shear.shape == places.shape)
        if not (fits and np.isfinite(normal).all() and (shear is None or np.isfinite(shear).all())):
            # what is wrong is said where samples are checked
            return cls(stamp, frame, grid, normal, shear, np.zeros(3), np.zeros(3), np.full(2, np.nan), 0.0)
        touching = np.where(normal > level, normal, 0.0)
        total = float(touching.sum())
        force, torque = np.zeros(3), np.zeros(3)
        force[1] = float(normal.sum())
        # r × f with r = (x, 0, z)
        torque[0], torque[2] = -float((places[..., 1] * normal).sum()), float((places[..., 0] * normal).sum())
        if shear is not None:
            force[0], force[2] = shear.sum(axis=(0, 1))
            torque[1] = float((places[..., 1] * shear[..., 0] - places[..., 0] * shear[..., 1]).sum())
        centroid = np.full(2, np.nan)
        if total > 0.0:
            centroid = (places * touching[..., None]).sum(axis=(0, 1)) / total
        area = float(np.count_nonzero(touching)) * grid.taxel_area
        return cls(stamp, frame, grid, normal, shear, force, torque, centroid, area)
