"""The page: what the cell does, what its operator has to do, the buttons for it, and the panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from nicegui import ui

from lab_description import Cell
from lab_operator.desk import Desk
from lab_operator.page.bar import bar, stop_script, style
from lab_operator.page.jog import JogCard
from lab_operator.page.now import NowCard
from lab_operator.panels.port import Panel, Update
from lab_operator.people.visitor import Visitor
from lab_operator.state import CellState
from lab_operator.words import words_of

# Seconds between two looks at the cell.
PERIOD = 0.25


class View(Protocol):
    """What the page shows."""

    cell: Cell

    @property
    def state(self) -> CellState:
        """What is known now."""


def build_page(
    view: View, desk: Desk, panels: Sequence[tuple[str, Panel]], language: str, visitor: Visitor, order: str
) -> None:
    """Draw one page for one browser, and keep it true while it is open."""
    words = words_of(language)
    ui.add_css(style())
    ui.add_body_html(bar(words, view.cell.name, visitor.name))
    ui.add_body_html(stop_script())
    if (over := visitor.seconds_left()) is not None:
        ui.add_body_html(f"<script>setTimeout(() => location.reload(), {1000 * over + 500:.0f})</script>")
    updates: list[Update] = []
    with ui.element("main").classes("desk"):
        with ui.element("div").classes("first"):
            updates.append(NowCard(desk, words, visitor, order).update)
            updates.append(JogCard(words, visitor).update)
        with ui.element("div").classes("panels"):
            for name, panel in panels:
                with ui.element("section").classes(f"card {panel.width}").mark(f"panel-{name}"):
                    ui.label(panel.title(words.language)).classes("heading").props(
                        "role=heading aria-level=2"
                    )
                    updates.append(panel.build(words))

    def update() -> None:
        state = view.state
        for each in updates:
            each(state)

    update()
    ui.timer(PERIOD, update)
