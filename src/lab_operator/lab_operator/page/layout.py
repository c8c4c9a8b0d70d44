"""The page: what the cell does, what its operator has to do, the buttons for it, and the panels."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from nicegui import ui

from lab_description import Cell
from lab_operator.desk import Desk
from lab_operator.page.now import NowCard
from lab_operator.panels.port import Panel, Update
from lab_operator.state import CellState
from lab_operator.words import LANGUAGES, Words, words_of

# Seconds between two looks at the cell.
PERIOD = 0.25
_STATIC = Path(__file__).parent / "static"
_LOCALES = {"en": "en", "zh_hk": "zh-Hant-HK"}


class View(Protocol):
    """What the page shows."""

    cell: Cell

    @property
    def state(self) -> CellState:
        """What is known now."""


def build_page(
    view: View, desk: Desk, panels: Sequence[tuple[str, Panel]], language: str, person: str, order: str
) -> None:
    """Draw one page for one browser, and keep it true while it is open."""
    words = words_of(language)
    ui.add_css((_STATIC / "style.css").read_text(encoding="utf-8"))
    ui.add_body_html(_bar(words, view.cell.name))
    ui.add_body_html(f"<script>{(_STATIC / 'stop.js').read_text(encoding='utf-8')}</script>")
    updates: list[Update] = []
    with ui.element("main").classes("desk"):
        now = NowCard(desk, words, person, order)
        updates.append(now.update)
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


def _bar(words: Words, cell: str) -> str:
    """The bar with the stop, as plain HTML: it is there before anything else, and without anything else."""
    keys = ("title", "button.stop", "button.stop_hint", "said.stop", "said.stop_unheard")
    title, stop, hint, heard, unheard = (html.escape(words(key)) for key in keys)
    others = "".join(
        f'<a href="/?language={name}" lang="{_LOCALES[name]}">{html.escape(called)}</a>'
        for name, called in LANGUAGES.items()
        if name != words.language
    )
    return (
        f'<header id="bar"><span class="name">{title}</span><span class="cell">{html.escape(cell)}</span>'
        f'<span class="room"></span>{others}<span id="stop-said" role="alert"></span>'
        f'<button id="stop" type="button" data-heard="{heard}" data-unheard="{unheard}">{stop}'
        f"<small>{hint}</small></button></header>"
    )
