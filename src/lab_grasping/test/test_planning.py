"""The stage: made of a cell and its parameters; what perception reports is passed on."""

from dataclasses import replace

import pytest

from lab_core.errors import ConfigurationError, InvalidRequestError
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene
from lab_description import Cell, load_cell
from lab_description.camera import Calibration, ExpectedError
from lab_grasping.errors import ObjectTooWide, UnsafeByCamera, UnusableScene
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.planning import GraspPlanning
from lab_grasping.port import PlannerSettings
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


def calibrated(position: float) -> Cell:
    """The cell with an error stated for its camera, metres."""
    calibration = Calibration(ExpectedError(position, 0.01), 12, "board", "there")
    return replace(CELL, camera=replace(CELL.camera, calibration=calibration))


def test_distances_grow_by_the_error_that_the_calibration_states():
    assert CELL.camera.stated_error == 0.0
    settings = GraspParameters().settings(calibrated(0.006).camera.stated_error)
    assert settings.clearance == settings.tip_margin == pytest.approx(0.009)
    assert settings.approach_distance == pytest.approx(0.106)
    assert GraspParameters().settings() == PlannerSettings()


def test_fingers_open_wide_enough_for_a_hand_that_misses_the_part():
    """A box of 30 mm: at least 4 mm and the error are left on each side, and the tips stay higher."""
    scene = observe([Solid("box", (0.03, 0.05, 0.06), at(0.50, 0.00, 0.03, 0.4))])
    for miss in (0.0, 0.010):
        for grasp in GraspPlanning.of(calibrated(miss), GraspParameters()).plan(scene).grasps:
            assert grasp.opening >= grasp.width + 2.0 * (0.004 + miss) - 1e-9
            assert grasp.base_from_tcp[2, 3] > miss


def test_a_part_that_only_the_stated_error_forbids_is_refused_with_the_figure():
    """70 mm wide: the fingers open 85 mm, which leaves no room for 10 mm of error on each side."""
    wide = observe([Solid("box", (0.07, 0.12, 0.05), at(0.50, 0.00, 0.025, 0.4))])
    assert GraspPlanning.of(CELL, GraspParameters()).plan(wide).grasps
    with pytest.raises(UnsafeByCamera, match=r"part_1 cannot be taken safely.* 10\.0 mm") as caught:
        GraspPlanning.of(calibrated(0.010), GraspParameters()).plan(wide, "part_1")
    assert caught.value.code == OutcomeCode.NO_GRASP_FOUND


def test_a_part_that_no_camera_would_help_keeps_its_own_reason():
    block = observe([Solid("box", (0.12, 0.12, 0.05), at(0.50, 0.00, 0.025))])
    with pytest.raises(ObjectTooWide):
        GraspPlanning.of(calibrated(0.010), GraspParameters()).plan(block)
