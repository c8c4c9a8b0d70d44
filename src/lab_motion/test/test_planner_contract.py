"""The contract over every planner that is registered here, on every cell that we ship."""

from __future__ import annotations

import pytest
from lab_motion.planner import load_planner, planner_names
from lab_motion.planner_contract import MotionPlannerContract
from lab_node.errors import ConfigurationError

from lab_description import load_cell

CELLS = ("ur5e_table",)


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    return load_cell(request.param)


@pytest.fixture(scope="module", params=planner_names() or ["roboplan"])
def planner(request, cell):
    try:
        return load_planner(request.param, cell)
    except ConfigurationError as error:
        pytest.skip(str(error))


class TestRegisteredPlanners(MotionPlannerContract):
    pass
