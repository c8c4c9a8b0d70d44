"""What the cell has done, by the hour."""

from __future__ import annotations

import time
from typing import Any

from nicegui import ui

from lab_operator.figures import Hour, by_hour, picks_in
from lab_operator.panels.port import PanelContext, Update, Width
from lab_operator.state import CellState
from lab_operator.words import Words, words_of

# Hours that are shown; seconds until the records are read again.
ROWS, AGAIN = 24, 60.0
_COLUMNS = ("hour", "placed", "attempts", "success", "cycle", "outcomes")


class FiguresPanel:
    """A table of finished runs; they are read once a minute for all pages."""

    width: Width = "wide"

    def __init__(self, context: PanelContext) -> None:
        self._folder = context.runs
        self._read = -AGAIN
        self._hours: list[Hour] = []

    def title(self, language: str) -> str:
        """Its heading."""
        return words_of(language)("panel.figures")

    def build(self, words: Words) -> Update:
        """The table of the newest hours."""
        columns = [
            {
                "name": name,
                "label": words(f"figures.{name}"),
                "field": name,
                "align": "left" if name in ("hour", "outcomes") else "right",
            }
            for name in _COLUMNS
        ]
        table = ui.table(columns=columns, rows=[], row_key="hour").classes("w-full scroll")
        table.props('flat dense hide-bottom wrap-cells :pagination="{rowsPerPage: 0}"')
        note = ui.label().classes("soft")
        shown: list[Hour] | None = None

        def update(state: CellState) -> None:
            nonlocal shown
            hours = self._newest()
            if hours is shown:
                return
            shown = hours
            table.set_visibility(bool(hours))
            note.set_text(words("figures.source" if hours else "figures.none", folder=str(self._folder)))
            table.rows = [_row(hour, words) for hour in hours[:ROWS]]

        return update

    def routes(self) -> list[Any]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing to let go of."""

    def _newest(self) -> list[Hour]:
        if time.monotonic() - self._read > AGAIN:
            self._read = time.monotonic()
            self._hours = by_hour(picks_in(self._folder))
        return self._hours


def _row(hour: Hour, words: Words) -> dict[str, object]:
    failures = (f"{words(f'outcome.{name}')} {count}" for name, count in hour.failures)
    return {
        "hour": hour.hour.strftime("%Y-%m-%d %H:00"),
        "placed": hour.placed,
        "attempts": hour.attempts,
        "success": f"{100.0 * hour.success:.0f} %",
        "cycle": f"{hour.cycle:.1f}" if hour.placed else "",
        "outcomes": ", ".join(failures),
    }
