"""Every test that takes `cell` runs on each cell that is shipped, so that a new one is held to the same."""

import shutil
from pathlib import Path

import pytest

from lab_description import Cell, config_directory, load_cell

CELLS = sorted(path.stem for path in (config_directory() / "cells").glob("*.yaml"))


@pytest.fixture(scope="session", params=CELLS)
def cell(request: pytest.FixtureRequest) -> Cell:
    return load_cell(request.param)


@pytest.fixture(scope="session", params=[name for name in CELLS if load_cell(name).end_effector.moving])
def fingered(request: pytest.FixtureRequest) -> Cell:
    """Each cell that has fingers."""
    return load_cell(request.param)


@pytest.fixture(scope="session")
def ur5e_table() -> Cell:
    return load_cell("ur5e_table")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A configuration folder of its own, to change."""
    for folder in ("cells", "robots", "grippers", "cameras", "collision_matrices"):
        shutil.copytree(config_directory() / folder, tmp_path / folder)
    return tmp_path
