import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from lab_calibration.cell_file import Result, refuse, write
from lab_calibration.errors import CalibrationRefused
from lab_core.geometry import transform_from_xyz_rpy
from lab_description import load_cell
from lab_description.camera import Calibration, ExpectedError

POSE = transform_from_xyz_rpy([0.8, 0.02, 0.65], [2.0, 0.3, -1.5])
GOOD = Result(
    POSE,
    Calibration(ExpectedError(0.0012, 0.004), 15, "ChArUco", "mine.calibration", "UR-1", None),
    date(2026, 3, 1),
)


@pytest.fixture
def cell(tmp_path):
    """A cell of somebody's own."""
    (tmp_path / "cells").mkdir()
    shutil.copy(load_cell("ur5e_table").files["cell"], tmp_path / "cells" / "mine.yaml")
    return load_cell(tmp_path / "cells" / "mine.yaml")


def comments(path):
    return re.findall(r"#.*", path.read_text(encoding="utf-8"))


def test_a_result_is_kept_and_comments_survive(cell):
    file, before = cell.files["cell"], comments(cell.files["cell"])
    write(cell, GOOD)
    after = load_cell(file)
    assert np.allclose(after.camera.base_from_camera, POSE, atol=1e-5)
    assert after.camera.calibrated == date(2026, 3, 1)
    assert after.camera.calibration == GOOD.calibration
    assert comments(file) == before
    assert after.furniture[0].size.tolist() == cell.furniture[0].size.tolist()


def test_a_second_result_takes_the_place_of_the_first(cell):
    write(cell, GOOD)
    again = replace(GOOD, day=date(2026, 4, 1), calibration=replace(GOOD.calibration, poses=20))
    write(load_cell(cell.files["cell"]), again)
    text = cell.files["cell"].read_text(encoding="utf-8")
    assert text.count("calibrated:") == text.count("calibration:") == 1
    assert load_cell(cell.files["cell"]).camera.calibration.poses == 20


BLOCKS = """camera:   # on a stand
  model: d435
  # by tape measure
  pose:
    xyz:
      - 0.82
      - 0.015   # guessed
      - 0.63
    rpy: [0.0, 1.17, 3.14159]   # steep
  needs: {position: 0.004, angle: 0.03}
"""


def test_a_file_in_blocks_is_written_too(cell):
    file = cell.files["cell"]
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"camera: \{.*\}\n", BLOCKS, text), encoding="utf-8")
    write(load_cell(file), GOOD)
    after = load_cell(file)
    assert np.allclose(after.camera.base_from_camera, POSE, atol=1e-5)
    assert after.camera.calibration == GOOD.calibration
    assert {"# on a stand", "# by tape measure", "# steep"} <= set(comments(file))


def test_what_the_cell_cannot_use_is_refused(cell):
    poor = replace(GOOD, calibration=replace(GOOD.calibration, error=ExpectedError(0.008, 0.004)))
    with pytest.raises(CalibrationRefused, match=r"8\.0 mm and .* the cell needs 5\.0 mm"):
        refuse(cell, poor, replace=True)
    refuse(cell, GOOD, replace=False)


def test_a_better_result_is_not_replaced_unless_told(cell):
    write(cell, GOOD)
    held = load_cell(cell.files["cell"])
    worse = replace(GOOD, calibration=replace(GOOD.calibration, error=ExpectedError(0.002, 0.004)))
    with pytest.raises(CalibrationRefused, match=r"better calibration of 2026-03-01, .*1\.2 mm .* --replace"):
        refuse(held, worse, replace=False)
    refuse(held, worse, replace=True)


def test_a_file_with_an_anchor_is_left_alone(cell):
    file = cell.files["cell"]
    text = file.read_text(encoding="utf-8")
    text = text.replace("xyz: [0.82, 0.015, 0.63]", "xyz: &here [0.82, 0.015, 0.63]")
    file.write_text(text.replace("xyz: [0.05, 0.50, 0.0]", "xyz: *here"), encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(CalibrationRefused, match="an anchor"):
        write(load_cell(file), GOOD)
    assert file.read_bytes() == before


def test_evidence_lies_beside_the_cell(cell):
    assert cell.calibration_folder == Path(cell.files["cell"]).parent / "mine.calibration"
