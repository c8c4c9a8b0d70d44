"""The contract over every planner that is registered here, on every cell that we ship."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from lab_core.errors import ConfigurationError
from lab_description import config_directory, load_cell
from lab_motion.planning.port import PLANNERS
from lab_motion.testing.planner_contract import MotionPlannerContract

CELLS = sorted(path.stem for path in (config_directory() / "cells").glob("*.yaml"))


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    return load_cell(request.param)


@pytest.fixture(scope="module", params=PLANNERS.names() or ["embedded"])
def planner(request, cell):
    try:
        loaded = PLANNERS.make(request.param, cell).plugin
    except ConfigurationError as error:
        pytest.skip(str(error))
    yield loaded
    loaded.close()


class TestRegisteredPlanners(MotionPlannerContract):
    pass


def test_auto_takes_the_first_that_is_installed_and_says_why_not_the_others(cell):
    said = []
    loaded = PLANNERS.make("auto", cell, report=said.append).plugin
    loaded.close()
    if importlib.util.find_spec("moveit") is None:
        assert type(loaded).__name__ == "EmbeddedPlanner"
        assert len(said) == 1
        assert "'moveit' is not installed" in said[0]
    else:
        assert type(loaded).__name__ == "MoveItPlanner"
        assert said == []


def test_a_planner_whose_library_is_not_there_says_who_installs_it(monkeypatch):
    for name in ("plain_toppra", "timing", "checked_planner", "embedded"):
        monkeypatch.delitem(sys.modules, f"lab_motion.planning.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "toppra", None)
    with pytest.raises(
        ConfigurationError, match=r"'embedded' is not installed: .*toppra.*: run \./lab setup"
    ):
        PLANNERS.make("embedded", load_cell("ur5e_table"))


def test_a_planner_that_nobody_registered_is_refused_with_those_that_are(cell):
    with pytest.raises(ConfigurationError, match="expected one of auto, embedded, moveit"):
        PLANNERS.make("curobo", cell)
