"""What every panel does, ours and others': call `check_panel` in a test of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from nicegui import Client, ui

from lab_description import Cell
from lab_operator.panels.port import PANELS, PanelContext, Width
from lab_operator.state import CellState, Stop, Task
from lab_operator.words import LANGUAGES, words_of

NAME = '<img src=x onerror="alert(1)"> {{ 7 * 7 }}'
"""Of a part: data, wherever it is shown."""


def check_panel(name: str, cell: Cell, runs: Path) -> None:
    """Make the panel that is registered under a name, draw it in each language, and let it follow a cell.

    Raises AssertionError, which says what is not as the port asks for.
    """
    states = [
        CellState(),
        CellState(heard=True, stop=Stop(False, ""), task=Task("idle")),
        CellState(heard=True, stop=Stop(False, ""), task=Task("pick", NAME)),
        CellState(heard=True, stop=Stop(True, NAME), task=Task("done", outcome="STOPPED", message=NAME)),
    ]
    panel = PANELS.make(name, PanelContext(cell, lambda: states[-1], lambda: None, runs)).plugin
    try:
        assert panel.width in get_args(Width), f"{name}: width is {panel.width!r}"
        paths = [route.path for route in panel.routes()]
        assert len(paths) == len(set(paths)), f"{name}: two routes of one path"
        assert not {"/", "/stop"} & set(paths), f"{name}: takes a path of the console"
        for language in LANGUAGES:
            assert panel.title(language).strip(), f"{name}: no title in {language}"
            with Client(ui.page(f"/contract/{name}/{language}")) as client:
                update = panel.build(words_of(language))
                for state in states:
                    update(state)
                _refuse_html(name, client)
    finally:
        panel.close()


def _refuse_html(name: str, client: Any) -> None:
    for element in client.elements.values():
        markup = str(element.props.get("innerHTML", ""))
        assert "<img src=x" not in markup, f"{name}: shows the text of others as HTML"
