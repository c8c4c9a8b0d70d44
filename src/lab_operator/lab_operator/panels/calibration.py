"""Where the camera's pose comes from, how far it may be off, and what the checks since then have found."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Any

from nicegui import ui

from lab_calibration.errors import CalibrationError
from lab_calibration.hand_eye.checks import CHECKS_FILE, Check, Checks
from lab_calibration.standing import Doubt, doubts
from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_operator.panels.port import PanelContext, Update, Width
from lab_operator.state import CellState
from lab_operator.words import Words, words_of

# Seconds until the files are read again: a calibration and a check change them while the page is open.
AGAIN = 30.0


@dataclass(frozen=True, eq=False)
class Standing:
    """calibrated: the day. error: at the parts, metres; None: not stated. checks: all since then."""

    calibrated: date | None
    error: float | None
    checks: tuple[Check, ...]
    doubts: tuple[Doubt, ...]


class CalibrationPanel:
    """Age, stated error, last check and drift of the camera's calibration."""

    width: Width = "wide"

    def __init__(self, context: PanelContext) -> None:
        self._cell = context.cell
        self._read = -AGAIN
        self._standing = Standing(None, None, (), ())

    def title(self, language: str) -> str:
        """Its heading."""
        return words_of(language)("panel.calibration")

    def build(self, words: Words) -> Update:
        """What is known, what speaks against it, and the checks as a plot."""
        line = ui.label().classes("soft")
        doubtful = ui.label().classes("bad")
        plot = ui.echart(_plot(words, ())).classes("w-full")
        shown: Standing | None = None

        def update(state: CellState) -> None:
            nonlocal shown
            standing = self._newest()
            if standing is shown:
                return
            shown = standing
            line.set_text(_sentence(standing, words))
            doubtful.set_text(" ".join(f"{one.sentence}: {one.fix}." for one in standing.doubts))
            doubtful.set_visibility(bool(standing.doubts))
            plot.set_visibility(bool(standing.checks))
            plot.options.update(_plot(words, standing.checks))
            plot.update()

        return update

    def routes(self) -> list[Any]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing to let go of."""

    def _newest(self) -> Standing:
        if time.monotonic() - self._read > AGAIN:
            self._read = time.monotonic()
            self._standing = self._look()
        return self._standing

    def _look(self) -> Standing:
        try:
            cell = load_cell(self._cell.files["cell"])
        except ConfigurationError:  # somebody is writing it
            cell = self._cell
        camera = cell.camera
        try:
            checks = tuple(Checks(cell.calibration_folder / CHECKS_FILE).read())
        except CalibrationError:  # it is among the doubts
            checks = ()
        return Standing(
            camera.calibrated,
            None if camera.calibration is None else camera.calibration.error.position,
            checks,
            () if camera.calibrated is None else tuple(doubts(cell, date.today())),
        )


def _sentence(standing: Standing, words: Words) -> str:
    if standing.calibrated is None:
        return words("calibration.missing")
    error = words("calibration.unstated")
    if standing.error is not None:
        error = words("calibration.error", distance=f"{1e3 * standing.error:.1f}")
    check = words("calibration.unchecked")
    if standing.checks:
        last = standing.checks[-1]
        key = "calibration.moved" if last.moved else "calibration.stands"
        check = words(key, day=last.day.isoformat(), distance=f"{1e3 * last.distance:.1f}")
    return " ".join([words("calibration.day", day=standing.calibrated.isoformat()), error, check])


def _plot(words: Words, checks: tuple[Check, ...]) -> dict[str, Any]:
    """ECharts' options: distances with their limits, in the order of the checks."""
    rows = [[i, *(1e3 * each for each in (c.distance, c.lower, c.upper))] for i, c in enumerate(checks)]
    return {
        "animation": False,
        "grid": {"left": 56, "right": 16, "top": 28, "bottom": 28},
        "xAxis": {"type": "category", "data": [check.day.isoformat() for check in checks]},
        "yAxis": {"type": "value", "name": words("calibration.axis"), "min": 0},
        "series": [
            {"type": "scatter", "data": [row[:2] for row in rows]},
            *(
                {"type": "line", "data": [row[:1] + row[n : n + 1] for row in rows], "symbol": "none"}
                | {"lineStyle": {"type": "dashed", "width": 1}}
                for n in (2, 3)
            ),
        ],
    }
