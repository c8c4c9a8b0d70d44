"""The planner for a suction cup: the port's contract, where a lip seals, and what is refused."""

import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_description import config_directory, load_cell
from lab_grasping.errors import InvalidGripper, NoGraspFound
from lab_grasping.hand_model import hand_of
from lab_grasping.port import GRASP_PLANNERS, GraspPlanner, PlannerSettings
from lab_grasping.seal import RING_WIDTH, RINGS, find_seals
from lab_grasping.suction_gripper import SuctionGripper
from lab_grasping.suction_planner import ENOUGH_RIM, SuctionParameters, SuctionPlanner
from lab_grasping.testing.planner_contract import SuctionPlannerContract
from lab_grasping.testing.synthetic import Solid, at, observe, straight_gripper, suction_cup

LIP = 0.01


class TestSuctionContract(SuctionPlannerContract):
    def make(self, gripper: SuctionGripper, settings: PlannerSettings) -> GraspPlanner:
        return SuctionPlanner(gripper, settings)


def surface(height, half_size: float = 0.02) -> np.ndarray:
    """Points (N, 3) of a height over a square, 1.5 mm apart, with the noise of a camera."""
    x, y = np.meshgrid(*[np.arange(-half_size, half_size, 0.0015)] * 2)
    z = height(x, y) + np.random.default_rng(0).normal(0.0, 4e-4, x.shape)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    return points[np.isfinite(points[:, 2])]


def lip_on(height, half_size: float = 0.02, normal=(0.0, 0.0, 1.0)):
    """The lip in the middle of a surface."""
    outward = np.array([normal]) / np.linalg.norm(normal)
    return find_seals(surface(height, half_size), np.zeros((1, 3)), outward, LIP)


def test_a_plane_seals_whatever_way_it_leans():
    seals = lip_on(lambda x, y: 0.3 * x - 0.2 * y, normal=(-0.25, 0.15, 1.0))
    assert seals.deviation[0] < 5e-4
    assert seals.whole[0]
    assert seals.rim[0] >= RINGS * RING_WIDTH
    expected = np.array([-0.3, 0.2, 1.0]) / np.linalg.norm([-0.3, 0.2, 1.0])
    assert np.degrees(np.arccos(seals.normals[0] @ expected)) < 1.0


def test_a_face_that_noise_may_have_tilted_is_level():
    """Waves of a stereo camera's depth tilt what lies under a cup; the cup came askew and did not seal."""
    seals = lip_on(lambda x, y: 0.1 * x - 0.06 * y + 0.0004 * np.sin(400 * x), normal=(-0.15, 0.1, 1.0))
    assert seals.normals[0] == pytest.approx([0.0, 0.0, 1.0])
    assert seals.deviation[0] < 1e-3


def test_a_face_that_is_level_as_a_whole_is_level_on_a_wave_of_the_depth():
    """As steep under the cup as a wedge, which stays one."""
    wave = lip_on(lambda x, y: 0.002 * np.sin(2.0 * np.pi * x / 0.05), half_size=0.04)
    assert wave.normals[0] == pytest.approx([0.0, 0.0, 1.0])
    wedge = lip_on(lambda x, y: 0.25 * x, half_size=0.04)
    expected = np.array([-0.25, 0.0, 1.0]) / np.linalg.norm([-0.25, 0.0, 1.0])
    assert np.degrees(np.arccos(wedge.normals[0] @ expected)) < 1.0


@pytest.mark.parametrize("radius", [0.02, 0.03, 0.05])
def test_the_lip_follows_a_cylinder_by_its_sagitta(radius):
    seals = lip_on(lambda x, y: np.sqrt(radius**2 - np.clip(x, -radius, radius) ** 2) - radius)
    sagitta = radius - np.sqrt(radius**2 - LIP**2)
    assert seals.deviation[0] == pytest.approx(sagitta, abs=5e-4)
    assert seals.rise[0] == pytest.approx(0.0, abs=3e-4)


def test_a_ball_is_flat_for_a_ring():
    seals = lip_on(lambda x, y: np.sqrt(np.maximum(0.03**2 - x**2 - y**2, 0.0)) - 0.03)
    assert seals.deviation[0] < 5e-4


def test_a_step_under_the_lip_leaks():
    seals = lip_on(lambda x, y: np.where(x > 0.004, -0.006, 0.0))
    assert seals.deviation[0] > 0.0025


def test_a_hole_within_the_lip_is_seen():
    seals = lip_on(lambda x, y: np.where(np.hypot(x, y) < 0.007, np.nan, 0.0))
    assert not seals.whole[0]


@pytest.mark.parametrize("margin", [-0.002, 0.003])
def test_the_rim_tells_how_near_the_edge_is(margin):
    seals = lip_on(lambda x, y: np.where(x > LIP + margin, np.nan, 0.0))
    assert seals.rim[0] == pytest.approx(max(0.0, margin), abs=RING_WIDTH)
    assert (seals.rim[0] > 0.0) == (margin > 0.0)


def test_it_takes_the_middle_of_a_block():
    block = Solid("box", (0.05, 0.05, 0.04), at(0.5, 0.0, 0.02, 0.3))
    grasp = SuctionPlanner(suction_cup(), PlannerSettings()).plan(observe([block]), "part_1").grasps[0]
    assert np.linalg.norm(grasp.base_from_tcp[:2, 3] - [0.5, 0.0]) < 0.006
    assert grasp.base_from_tcp[2, 2] < -0.99
    assert set(grasp.terms) == {"seal", "rim", "balance", "upright", "hidden", "own_shadow"}


def depth_of_press(table_height, block=0.04):
    """How far below the top of a block the lip is sent, metres."""
    planner = SuctionPlanner(suction_cup(), PlannerSettings(table_height=table_height))
    scene = observe([Solid("box", (0.05, 0.06, block), at(0.5, 0.0, block / 2.0))])
    return block - planner.plan(scene).grasps[0].base_from_tcp[2, 3]


def test_a_camera_that_sees_the_table_too_high_sees_the_part_too_high():
    """The lip ended some millimetres over the part; but a support far from the table is another one."""
    cup, usual = suction_cup(), depth_of_press(None)
    assert depth_of_press(-0.002) == pytest.approx(usual + 0.002, abs=1e-4)
    assert depth_of_press(-0.008) == pytest.approx(cup.stroke + cup.lip_give, abs=1e-3)
    for height in (0.0, 0.004, -0.02):
        assert depth_of_press(height) == pytest.approx(usual, abs=1e-4)


def test_a_cup_does_not_go_into_the_support():
    settings = PlannerSettings()
    assert depth_of_press(-0.008, block=0.01) <= 0.01 - settings.tip_margin + 1e-3
    assert depth_of_press(-0.008, block=0.01) > depth_of_press(None, block=0.01)


def test_where_no_place_is_good_a_level_one_with_half_of_the_rim_is_tried():
    """A small part: the surface goes on for 3 mm beyond the lip at most."""
    width = 2.0 * suction_cup().lip_radius + 0.004
    scene = observe([Solid("box", (width, width, 0.03), at(0.5, 0.0, 0.015))])

    def plan(min_rim):
        parameters = SuctionParameters(min_rim=min_rim)
        return SuctionPlanner(suction_cup(), PlannerSettings(), parameters).plan(scene)

    assert plan(0.004).grasps[0].terms["rim"] * ENOUGH_RIM < 0.004
    with pytest.raises(NoGraspFound, match="would seal"):
        plan(0.008)


def test_the_hand_of_a_cell_is_what_its_file_says(tmp_path):
    table = (config_directory() / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
    (tmp_path / "cup.yaml").write_text(table.replace("robotiq_2f85", "suction_20mm"), encoding="utf-8")
    cup = hand_of(load_cell(tmp_path / "cup.yaml").end_effector)
    assert isinstance(cup, SuctionGripper)
    assert cup.boxes[:, 1, 2].max() == pytest.approx(0.0, abs=1e-9), "the lip is where the tcp is"
    assert cup.boxes[:, 0, 2].min() == pytest.approx(-0.18)
    assert cup.behind_bellows[:, 1, 2].max() == pytest.approx(-cup.stroke - cup.lip_give)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("lip_radius", -0.01, "lip_radius -0.01 m must be positive"),
        ("stroke", float("nan"), "stroke nan m must be positive"),
        ("boxes", np.zeros((1, 2, 3)), "a box of the hand has no volume"),
        ("boxes", np.zeros((0, 2, 3)), "hand boxes of shape"),
    ],
)
def test_an_impossible_cup_is_refused(field, value, sentence):
    good = suction_cup()
    values = {name: getattr(good, name) for name in SuctionGripper.__slots__}
    with pytest.raises(InvalidGripper, match=sentence):
        SuctionGripper(**{**values, field: value})


def test_planners_are_found_by_the_kind_of_hand():
    cup, fingers, settings = suction_cup(), straight_gripper(), PlannerSettings()
    assert "suction" in GRASP_PLANNERS.names_for(cup)
    assert "suction" not in GRASP_PLANNERS.names_for(fingers)
    assert isinstance(GRASP_PLANNERS.make("suction", cup, settings).plugin, SuctionPlanner)
    with pytest.raises(
        ConfigurationError,
        match="'antipodal' is for a parallel gripper, and the hand is a suction cup: those for it are suc",
    ):
        GRASP_PLANNERS.make("antipodal", cup, settings)
    with pytest.raises(
        ConfigurationError, match="'suction' is for a suction cup, and the hand is a parallel"
    ):
        GRASP_PLANNERS.make("suction", fingers, settings)


def test_auto_takes_the_planner_for_the_hand():
    settings = PlannerSettings()
    assert GRASP_PLANNERS.make("auto", suction_cup(), settings).name == "suction"
    assert GRASP_PLANNERS.make("auto", straight_gripper(), settings).name == "antipodal"


def test_parameters_of_the_planner_take_effect():
    """No ball is wide enough for a rim of 40 mm."""
    scene = observe([Solid("sphere", (0.03,), at(0.5, 0.0, 0.03))])
    given = {"suction.min_rim": 0.04}
    assert GRASP_PLANNERS.make("suction", suction_cup(), PlannerSettings()).plugin.plan(scene).grasps
    with pytest.raises(NoGraspFound, match="no place where a lip"):
        GRASP_PLANNERS.make("suction", suction_cup(), PlannerSettings(), given=given).plugin.plan(scene)
