"""The stage: made of a cell and its parameters; what perception reports is passed on."""

from dataclasses import replace

import pytest

from lab_core.errors import ConfigurationError, InvalidRequestError
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene
from lab_description import load_cell
from lab_description.camera import Calibration, ExpectedError
from lab_grasping.errors import UnusableScene
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.planning import GraspPlanning
from lab_grasping.testing.synthetic import Solid, at, observe

CELL = load_cell("ur5e_table")
SCENE = observe([Solid("box", (0.03, 0.05, 0.04), at(0.50, 0.00, 0.02, 0.4))])


@pytest.fixture(scope="module")
def planning() -> GraspPlanning:
    return GraspPlanning.of(CELL, GraspParameters(max_grasps=3))


def test_the_parameters_reach_the_planner(planning):
    assert planning.hand.name == CELL.gripper.name
    assert 1 <= len(planning.plan(SCENE, "part_1").grasps) <= 3


def test_a_planner_that_nobody_registered_is_refused():
    with pytest.raises(ConfigurationError, match="nonsense"):
        GraspPlanning.of(CELL, GraspParameters(planner="nonsense"))


def test_what_perception_says_of_an_empty_scene_is_passed_on(planning):
    empty = Scene(0, "base_link", code=OutcomeCode.NO_SUPPORT, message="no table where the cell has one")
    with pytest.raises(UnusableScene, match="no table where the cell has one") as caught:
        planning.plan(empty)
    assert (caught.value.code, caught.value.stage) == (OutcomeCode.NO_SUPPORT, "perception")


@pytest.mark.parametrize(("lacks", "words"), [("support", "support plane"), ("view", "depth view")])
def test_parts_without_what_tells_free_space_are_refused(planning, lacks, words):
    with pytest.raises(InvalidRequestError, match=words):
        planning.plan(replace(SCENE, **{lacks: None}))


def test_the_hand_keeps_the_distance_that_the_calibration_asks_for():
    """More than its own margin, and never less."""
    for position, kept in ((0.006, 0.006), (0.001, 0.003)):
        camera = replace(
            CELL.camera, calibration=Calibration(ExpectedError(position, 0.01), 12, "board", "there")
        )
        settings = GraspParameters().settings(replace(CELL, camera=camera))
        assert settings.clearance == settings.tip_margin == kept
    assert GraspParameters().settings(CELL).clearance == 0.003
