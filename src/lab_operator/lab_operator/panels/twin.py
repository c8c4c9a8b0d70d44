"""The model of the cell, live, in a frame."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from lab_operator.panels.port import PanelContext, Update, Width
from lab_operator.state import CellState
from lab_operator.twin.model import Twin
from lab_operator.twin.proxy import PATH, routes
from lab_operator.words import Words, words_of


class TwinPanel:
    """A frame with viser's page; the console's own address is in front of it."""

    width: Width = "main"

    def __init__(self, context: PanelContext) -> None:
        self._trouble = ""
        self._twin = Twin(context.cell, context.state, self._note)

    def title(self, language: str) -> str:
        """Its heading."""
        return words_of(language)("panel.twin")

    def build(self, words: Words) -> Update:
        """The frame, and a note when there is no model."""
        with ui.element("div").classes("view"):
            ui.element("iframe").props(f'src="{PATH}/" title="{words("panel.twin")}"')
            note = ui.label().classes("note")

        def update(state: CellState) -> None:
            note.set_visibility(bool(self._trouble))
            note.set_text(self._trouble)

        return update

    def routes(self) -> list[Any]:
        """Viser's page and its websocket."""
        return routes(self._twin.port, self._twin.key)

    def close(self) -> None:
        """End the model."""
        self._twin.close()

    def _note(self, sentence: str) -> None:
        self._trouble = sentence
