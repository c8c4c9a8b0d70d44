"""The attempts of the task, the newest first."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from lab_operator.panels.port import PanelContext, Update, Width
from lab_operator.state import Attempt, CellState
from lab_operator.words import Words, words_of

# Attempts that are shown.
ROWS = 50
_COLUMNS = ("number", "part", "outcome", "destination", "seconds", "message")


class AttemptsPanel:
    """A table of what was tried, what came of it and why."""

    width: Width = "wide"

    def __init__(self, context: PanelContext) -> None:
        pass

    def title(self, language: str) -> str:
        """Its heading."""
        return words_of(language)("panel.attempts")

    def build(self, words: Words) -> Update:
        """An empty table, filled as attempts come."""
        columns = [
            {
                "name": name,
                "label": words(f"attempts.{name}"),
                "field": name,
                "align": "right" if name in ("number", "seconds") else "left",
            }
            for name in _COLUMNS
        ]
        table = ui.table(columns=columns, rows=[], row_key="key").classes("w-full scroll")
        table.props('flat dense hide-bottom wrap-cells :pagination="{rowsPerPage: 0}"')
        table.add_slot(
            "body-cell-outcome",
            "<q-td :props=\"props\" :class=\"props.row.good ? 'good' : 'bad'\">{{ props.value }}</q-td>",
        )
        none = ui.label(words("attempts.none")).classes("soft")
        shown: tuple[Attempt, ...] | None = None

        def update(state: CellState) -> None:
            nonlocal shown
            if state.attempts is shown:
                return
            shown = state.attempts
            table.set_visibility(bool(shown))
            none.set_visibility(not shown)
            table.rows = [_row(index, each, words) for index, each in enumerate(shown)][: -ROWS - 1 : -1]

        return update

    def routes(self) -> list[Any]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing to let go of."""


def _row(index: int, attempt: Attempt, words: Words) -> dict[str, object]:
    return {
        "key": index,
        "number": attempt.number,
        "part": attempt.object_id,
        "outcome": words(f"outcome.{attempt.outcome}"),
        "destination": attempt.destination,
        "seconds": f"{attempt.seconds:.1f}",
        "message": attempt.message,
        "good": attempt.outcome == "SUCCESS",
    }
