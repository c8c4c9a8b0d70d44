"""What speaks against a camera's pose before anybody looks: its file and its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from lab_calibration.errors import CalibrationError
from lab_calibration.hand_eye.checks import CHECKS_FILE, Checks
from lab_description import Cell

LIMIT_DAYS = 180
"""A camera on a stand moves by a knock or by warmth: look again twice a year."""


@dataclass(frozen=True)
class Doubt:
    """kind: a word. sentence: what speaks against the pose. fix: what to do."""

    kind: str
    sentence: str
    fix: str


def doubts(cell: Cell, today: date) -> Iterator[Doubt]:
    """All of them, the most serious first; none: the calibration is whole, young, good enough, and the last
    check found the camera where it was.
    """
    file, calibrated = cell.files["cell"], cell.camera.calibrated
    if calibrated is None:
        yield Doubt(
            "missing",
            f"{file}: camera.calibrated is not set: nobody says that its pose was measured",
            "calibrate it (`lab calibrate hand_eye`), or write the day as camera.calibrated: YYYY-MM-DD",
        )
        return
    age = (today - calibrated).days
    if age < 0:
        yield Doubt(
            "date",
            f"{file}: the camera was calibrated on {calibrated}, which is in the future",
            "correct camera.calibrated, or the clock of this machine",
        )
    elif age > LIMIT_DAYS:
        yield Doubt(
            "age",
            f"{file}: the camera was calibrated {age} days ago, the limit is {LIMIT_DAYS}",
            "calibrate it again (`lab calibrate hand_eye`)",
        )
    calibration, needs = cell.camera.calibration, cell.camera.needs
    if calibration is not None:
        error = calibration.error
        if error.position > needs.position or error.angle > needs.angle:
            yield Doubt(
                "error",
                f"{file}: the calibration states an error of {1e3 * error.position:.1f} mm and"
                f" {np.degrees(error.angle):.2f}° at the parts, the cell needs"
                f" {1e3 * needs.position:.1f} mm and {np.degrees(needs.angle):.2f}°",
                "calibrate it again with more poses, or correct camera.needs",
            )
    try:
        last = Checks(cell.calibration_folder / CHECKS_FILE).last()
    except CalibrationError as error:
        yield Doubt("checks", str(error), "move the file away and check again")
        return
    if last is not None and last.moved:
        yield Doubt(
            "moved",
            f"{file}: at the check of {last.day} the camera had moved by {1e3 * last.distance:.1f} mm",
            "calibrate it again (`lab calibrate hand_eye`), or check again (`lab calibrate check`)",
        )
