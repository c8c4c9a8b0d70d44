"""A motion planner that a stranger registered, with parameters of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest
from motion_graph import Graph
from rclpy.lifecycle import TransitionCallbackReturn

from lab_core.errors import ConfigurationError
from lab_core.parameters import parameter
from lab_core.plugins import PluginUnavailable
from lab_core.testing.registration import register
from lab_description import load_cell
from lab_motion.planning.embedded import EmbeddedParameters, EmbeddedPlanner
from lab_motion.planning.port import PLANNERS
from lab_motion.testing.planner_contract import MotionPlannerContract

GROUP = "lab_motion.planners"


@dataclass(frozen=True)
class CarefulParameters:
    distance: float = parameter(0.004, "The distance that it keeps.", unit="m", minimum=0.0, maximum=0.05)


class CarefulPlanner(EmbeddedPlanner):
    """Ours, further away from everything."""

    Parameters = CarefulParameters

    def __init__(self, cell, parameters):
        super().__init__(cell, EmbeddedParameters(margin=parameters.distance))
        self.distance = parameters.distance


class RemotePlanner:
    def __init__(self, cell):
        raise PluginUnavailable("motion planner 'remote' has no server today: start it")


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    for name, kind in (("careful", "CarefulPlanner"), ("remote", "RemotePlanner")):
        register(folder, GROUP, name, f"{__name__}:{kind}")
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def cell():
    return load_cell("ur5e_table")


@pytest.fixture(scope="module")
def planner(registered, cell):
    made = PLANNERS.make("careful", cell).plugin
    yield made
    made.close()


class TestCareful(MotionPlannerContract):
    pass


def test_one_that_cannot_be_used_here_says_why(registered, cell):
    with pytest.raises(ConfigurationError, match="'remote' has no server today: start it"):
        PLANNERS.make("remote", cell)


def test_the_node_names_it_and_declares_its_parameters(registered, ros):
    graph = Graph(planner="careful", **{"careful.distance": 0.006})
    try:
        assert graph.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert graph.node._planner.distance == graph.node.get_parameter("careful.distance").value == 0.006
        assert not graph.node.has_parameter("embedded.samples")
    finally:
        graph.close()


def test_a_malformed_block_refuses_to_configure(registered, ros, capfd):
    graph = Graph(planner="careful", **{"careful.distance": 6.0})
    try:
        assert graph.node.trigger_configure() == TransitionCallbackReturn.FAILURE
        assert "'careful.distance' of node motion is 6.0, expected 0.0 to 0.05" in capfd.readouterr().err
    finally:
        graph.close()
