"""Every panel that this machine has keeps the contract."""

from __future__ import annotations

import pytest
from nicegui import Client, ui

from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_operator.panels.port import PANELS, PanelContext
from lab_operator.parameters import ConsoleParameters
from lab_operator.state import CellState
from lab_operator.testing.panel_contract import check_panel
from lab_operator.words import words_of


@pytest.mark.parametrize("name", PANELS.names())
def test_it_keeps_the_contract(name, tmp_path):
    check_panel(name, load_cell("ur5e_table"), tmp_path)


def test_what_is_shown_by_default_is_there():
    assert set(ConsoleParameters().panels) <= set(PANELS.names())


def test_a_panel_that_nobody_has_is_named():
    with pytest.raises(ConfigurationError, match="no panel is called 'clock': expected one of attempts"):
        PANELS.require("clock")


def test_the_calibration_panel_says_what_the_files_of_the_cell_say(tmp_path):
    folder = tmp_path / "cells"
    folder.mkdir()
    file = folder / "mine.yaml"
    text = load_cell("ur5e_table").files["cell"].read_text(encoding="utf-8")
    keys = (
        "calibrated: 2020-03-01, calibration: {error: {position: 0.0021, angle: 0.01}, poses: 12, board: x,"
        " evidence: mine.calibration}, "
    )
    file.write_text(text.replace("camera: {model: d435, ", f"camera: {{model: d435, {keys}"))
    cell = load_cell(file)
    cell.calibration_folder.mkdir()
    (cell.calibration_folder / "checks.csv").write_text(
        "day,distance,lower,upper,moved\n2020-03-02,0.0002,0.0,0.001,no\n2020-03-03,0.004,0.003,0.005,yes\n"
    )
    context = PanelContext(cell, CellState, lambda: None, tmp_path)
    panel = PANELS.make("calibration", context).plugin
    with Client(ui.page("/calibration/test")) as client:
        panel.build(words_of("en"))(CellState())
        said = " ".join(getattr(element, "text", "") for element in client.elements.values())
        plots = [element for element in client.elements.values() if isinstance(element, ui.echart)]
    assert "Calibrated on 2020-03-01. The hand misses a part by up to 2.1 mm" in said
    assert "Last check on 2020-03-03: the camera has moved by 4.0 mm" in said
    assert "days ago, the limit is 180" in said and "the camera had moved by 4.0 mm" in said
    assert plots[0].options["series"][0]["data"] == [[0, pytest.approx(0.2)], [1, pytest.approx(4.0)]]
