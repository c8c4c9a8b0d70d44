"""The port of panels: a capability's place on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from lab_core.plugins import Port
from lab_description import Cell
from lab_operator.state import CellState
from lab_operator.words import Words

Width = Literal["main", "side", "wide"]
"""Of the place on the page: seven twelfths, five, or all of a row."""

Update = Callable[[CellState], None]
"""Called four times a second while the page is open, on its own thread: it changes what has changed, and
does not block."""


@dataclass(frozen=True, slots=True)
class PanelContext:
    """What a panel is made with.

    cell: as its YAML describes it. state: what is known now. picture: the newest camera picture, JPEG, with
    time.monotonic() of when it came; pictures come only while somebody asks. runs: the folder of records.
    write_order: in an event of a page, puts words where it asks what is to be done; nothing begins by it.
    """

    cell: Cell
    state: Callable[[], CellState]
    picture: Callable[[], tuple[float, bytes] | None]
    runs: Path
    write_order: Callable[[str], None] = lambda words: None


class Panel(Protocol):
    """Made once for a console, with a PanelContext; `build` is called for each page that is opened."""

    width: Width

    def title(self, language: str) -> str:
        """The heading, in a language of lab_operator.words.LANGUAGES."""

    def build(self, words: Words) -> Update:
        """Draw the panel with nicegui.ui into the place that is open, and answer with what keeps it true.

        Text of others (names of parts, sentences of nodes) goes into elements that show text, such as
        ui.label, never into HTML.
        """

    def routes(self) -> list[Any]:
        """Routes of Starlette that its content comes from; empty where it needs none. Behind the gate."""

    def close(self) -> None:
        """The console ends."""


PANELS: Port[Panel] = Port("lab_operator.panels", "panel", Panel, from_setup=("nicegui", "viser"))
