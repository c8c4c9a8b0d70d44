from __future__ import annotations

from pathlib import Path

import pytest

from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_description.configuration import config_directory
from lab_description.graph.names import names_of_cell


@pytest.fixture
def written(tmp_path: Path):
    """The cell with touch, and its pads' YAML beside it, with replacements."""

    def write(cell: dict[str, str] | None = None, pads: dict[str, str] | None = None) -> Path:
        folder = config_directory()
        for name, kind, changes in (("ur5e_touch", "cells", cell), ("taxels_16x12", "touch", pads)):
            text = (folder / kind / f"{name}.yaml").read_text("utf-8")
            for before, after in (changes or {}).items():
                assert before in text
                text = text.replace(before, after, 1)
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / kind / f"{name}.yaml").write_text(text, "utf-8")
        return tmp_path / "cells" / "ur5e_touch.yaml"

    return write


def test_the_cell_names_its_pads_and_they_judge_its_grip():
    gripper = load_cell("ur5e_touch").gripper
    assert gripper.grip_sensor == "touch" and gripper.touch is not None
    assert (gripper.touch.grid.rows, gripper.touch.grid.columns) == (16, 12)
    assert gripper.touch.when_slipping == "tighten"
    assert gripper.topics["gripper/left_pad/touch"] == "lab_interfaces/msg/TactilePad"
    assert names_of_cell(load_cell("ur5e_touch"))["pad_touch"] == gripper.touch_topics


@pytest.mark.parametrize("when", ["tighten", "slow_down", "set_down"])
def test_what_is_done_about_slip_is_named(written, when):
    changes = {"when_slipping: tighten": f"when_slipping: {when}", "speed: 0.25 ": "speed: 0.5 "}
    touch = load_cell(written(pads=changes)).gripper.touch
    assert (touch.when_slipping, touch.slipping_speed) == (when, 0.5)


def test_pads_that_say_nothing_of_slip_only_tighten(written):
    text = {"when_slipping: tighten": "# ", "slipping_speed: 0.25": "# "}
    assert load_cell(written(pads=text)).gripper.touch.when_slipping == "tighten"


def test_other_cells_have_none():
    cell = load_cell("ur5e_table")
    assert cell.gripper.touch is None and cell.gripper.grip_sensor == "fingers"
    assert names_of_cell(cell)["pad_touch"] == ()


@pytest.mark.parametrize(
    ("cell", "pads", "sentence"),
    [
        ({"touch: taxels_16x12": "touch: taxels"}, {}, r"no touch 'taxels'; did you mean 'taxels_16x12'"),
        ({"model: robotiq_2f85": "model: suction_20mm"}, {}, r"'suction_20mm' has no fingers on which"),
        ({}, {"rows: 16": "rows: 40"}, r"40 taxels of 'taxels_16x12' cover .* and a pad is 22\.0 × 37\.5 mm"),
        ({}, {"rate: 125.0": "rate: 0.1"}, r"rate: expected a number, 1 … 2000 Hz, found 0\.1"),
        ({}, {"shear: true": "shear: true\ntopics: {left: a, right: a}"}, r"both pads are on a"),
        ({}, {"shear: true": "shear: true\ntopics: {left: a}"}, r"left given, expected left and right"),
        (
            {},
            {"when_slipping: tighten": "when_slipping: loosen"},
            r"taxels_16x12\.yaml: when_slipping: expected one of 'tighten', 'slow_down', 'set_down', found",
        ),
        ({}, {"when_slipping: tighten": "when_slipping: [set_down]"}, r"when_slipping: expected one of"),
        (
            {},
            {"slipping_speed: 0.25": "slipping_speed: 0.0"},
            r"slipping_speed: expected a number, 0\.05 … 0\.9",
        ),
        ({}, {"noise: 0.003": "noise: -1.0"}, r"simulated\.noise: expected a number"),
        ({}, {"noise: 0.003": "nose: 0.003"}, r"simulated\.nose: unknown key; did you mean 'noise'"),
    ],
)
def test_what_cannot_be_is_refused(written, cell, pads, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        load_cell(written(cell, pads))
