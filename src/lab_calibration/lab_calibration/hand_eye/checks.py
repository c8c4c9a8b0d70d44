"""All checks of a camera so far: kept beside the calibration, so that slow drift shows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from lab_calibration.errors import CalibrationError
from lab_calibration.hand_eye.moved import Move

CHECKS_FILE = "checks.csv"
"""In the folder of the evidence."""

_HEADER = ("day", "distance", "lower", "upper", "moved")
_FEWEST = 4


@dataclass(frozen=True)
class Check:
    """distance, lower, upper: metres at the parts."""

    day: date
    distance: float
    lower: float
    upper: float
    moved: bool


@dataclass(frozen=True)
class Checks:
    """A file with a line for each check: day, distance and its limits in metres, verdict."""

    path: Path

    def add(self, day: date, move: Move) -> None:
        """Append one. The first makes the file."""
        new = not self.path.exists()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(_HEADER)
            values = [f"{value:.6f}" for value in (move.distance, move.lower, move.upper)]
            writer.writerow([day.isoformat(), *values, "yes" if move.is_moved else "no"])

    def read(self) -> list[Check]:
        """All of them. Raises CalibrationError for a file that is no list of checks."""
        if not self.path.exists():
            return []
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                return [
                    Check(
                        date.fromisoformat(row["day"]),
                        float(row["distance"]),
                        float(row["lower"]),
                        float(row["upper"]),
                        row["moved"] == "yes",
                    )
                    for row in csv.DictReader(file)
                ]
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(f"{self.path}: is no list of checks ({error}): move it away") from error

    def last(self) -> Check | None:
        """The newest, None without one. Raises CalibrationError."""
        checks = self.read()
        return checks[-1] if checks else None

    def trend(self) -> str:
        """How the distances went, in words."""
        checks = self.read()
        if len(checks) < _FEWEST:
            return f"check {len(checks)} since the calibration"
        days = np.array([one.day.toordinal() for one in checks], dtype=float)
        if np.ptp(days) == 0.0:
            return f"{len(checks)} checks since the calibration, all of one day"
        per_day = float(np.polyfit(days, [one.distance for one in checks], 1)[0])
        return f"{len(checks)} checks since the calibration, drift {30e3 * per_day:+.2f} mm a month"

    def plot(self, path: Path) -> None:
        """All checks with their limits as a picture."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        checks = self.read()
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        number = np.arange(1, len(checks) + 1)
        distance, lower, upper = 1e3 * np.array([(one.distance, one.lower, one.upper) for one in checks]).T
        axes.errorbar(number, distance, yerr=[distance - lower, upper - distance], fmt="o", capsize=3)
        axes.set_xticks(number, [one.day.isoformat() for one in checks], rotation=60, fontsize=6)
        axes.set_ylabel("camera moved, mm at the parts")
        axes.set_ylim(bottom=0.0)
        FigureCanvasAgg(figure).print_figure(path, dpi=120)
