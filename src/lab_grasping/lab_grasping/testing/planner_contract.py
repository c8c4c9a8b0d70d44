"""What every GraspPlanner must keep, as tests. Inherit in a test module and say how a planner is made:

class TestMine(GraspPlannerContract):
def make(self, gripper, settings):
return MyPlanner(gripper, settings)

A planner for a suction cup inherits SuctionPlannerContract. Two kinds of questions are asked only of a
planner that says so by its attributes `deterministic` and `accurate_on_blocks`: see
`lab_grasping.port.GraspPlanner`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lab_core.geometry import FloatArray
from lab_core.grasp import Grasp
from lab_core.plugins import promises
from lab_core.scene import Scene
from lab_grasping.errors import (
    GraspingError,
    NoGraspFound,
    NothingToGrasp,
    ObjectTooWide,
    PlanningCancelled,
    TooFewPoints,
    UnknownObject,
)
from lab_grasping.gripper import ParallelGripper
from lab_grasping.port import GraspPlan, GraspPlanner, PlannerSettings
from lab_grasping.suction_gripper import SuctionGripper
from lab_grasping.testing.synthetic import (
    Solid,
    at,
    camera_pose,
    denser,
    observe,
    straight_gripper,
    suction_cup,
)

BLOCK = Solid("box", (0.03, 0.05, 0.04), at(0.50, 0.00, 0.02, 0.4))
POST = Solid("cylinder", (0.015, 0.06), at(0.42, 0.12, 0.03))
BALL = Solid("sphere", (0.02,), at(0.58, -0.12, 0.02))
SLAB = Solid("box", (0.05, 0.06, 0.04), at(0.50, 0.00, 0.02, 0.4))
DRUM = Solid("cylinder", (0.025, 0.05), at(0.40, 0.12, 0.025))
GLOBE = Solid("sphere", (0.03,), at(0.58, -0.12, 0.03))
"""Of them a lip of 20 mm finds enough to seal on."""
TOO_LARGE = Solid("box", (0.16, 0.16, 0.16), at(0.50, 0.0, 0.08))


def plan_on_solids(planner: GraspPlanner, scene: Scene, object_id: str | None = None) -> GraspPlan:
    """A plan; the test is skipped where there is none and the planner does not promise one."""
    try:
        return planner.plan(scene, object_id)
    except (NoGraspFound, TooFewPoints):
        if promises(planner, "accurate_on_blocks"):
            raise
        pytest.skip("the planner finds no grasp on plain solids, and does not promise to")


class PlannerContract:
    """What holds for any kind of hand."""

    def make(self, gripper: Any, settings: PlannerSettings) -> GraspPlanner:
        """The planner under test."""
        raise NotImplementedError

    @pytest.fixture
    def gripper(self) -> ParallelGripper | SuctionGripper:
        """Hand that the planner gets."""
        raise NotImplementedError

    @pytest.fixture
    def planner(self, gripper: ParallelGripper | SuctionGripper) -> GraspPlanner:
        """The planner under test with default settings."""
        return self.make(gripper, PlannerSettings())

    @pytest.fixture
    def scene(self) -> Scene:
        """Three parts with room between them."""
        return observe([BLOCK, POST, BALL], noise=0.001)

    def test_best_grasp_comes_first(self, planner: GraspPlanner, scene: Scene) -> None:
        """Scores never rise along the list."""
        scores = [grasp.score for grasp in plan_on_solids(planner, scene, "part_1").grasps]
        assert scores == sorted(scores, reverse=True)

    def test_keeps_no_more_than_it_was_told(
        self, gripper: ParallelGripper | SuctionGripper, scene: Scene
    ) -> None:
        """max_grasps holds for one part and for all."""
        planner = self.make(gripper, PlannerSettings(max_grasps=3))
        assert len(plan_on_solids(planner, scene, "part_1").grasps) <= 3
        assert len(plan_on_solids(planner, scene).grasps) <= 3

    def test_without_a_part_it_chooses_one(self, planner: GraspPlanner, scene: Scene) -> None:
        """No id: the best of all parts."""
        assert plan_on_solids(planner, scene).grasps[0].object_id in {"part_1", "part_2", "part_3"}

    def test_same_scene_and_seed_give_the_same_plan(
        self, gripper: ParallelGripper | SuctionGripper, scene: Scene
    ) -> None:
        """Twice with one planner, once with another."""
        planners = [self.make(gripper, PlannerSettings(seed=7)) for _ in range(2)]
        if not promises(planners[0], "deterministic"):
            pytest.skip("the planner does not promise it")
        plans = [plan_on_solids(each, scene) for each in (planners[0], planners[0], planners[1])]
        poses = [np.array([grasp.base_from_tcp for grasp in plan.grasps]) for plan in plans]
        np.testing.assert_array_equal(poses[0], poses[1])
        np.testing.assert_array_equal(poses[0], poses[2])

    def test_a_grasp_says_which_scene_it_belongs_to(self, planner: GraspPlanner, scene: Scene) -> None:
        """By stamp and frame: motion carries it out in that scene."""
        grasps = plan_on_solids(planner, replace(scene, stamp=7, frame="elsewhere")).grasps
        assert {(grasp.scene_stamp, grasp.frame) for grasp in grasps} == {(7, "elsewhere")}

    def test_an_empty_scene_is_said(self, planner: GraspPlanner, scene: Scene) -> None:
        """NO_OBJECT, with or without a wish."""
        with pytest.raises(NothingToGrasp):
            planner.plan(replace(scene, objects=()))

    def test_an_unknown_part_is_named(self, planner: GraspPlanner, scene: Scene) -> None:
        """OBJECT_UNKNOWN names what was asked for and what there is."""
        with pytest.raises(UnknownObject, match=r"part_9.*part_1"):
            planner.plan(scene, "part_9")

    @pytest.mark.parametrize("count", [0, 1, 10])
    def test_few_points_are_refused(self, planner: GraspPlanner, scene: Scene, count: int) -> None:
        """TOO_FEW_POINTS says how many there were."""
        part = scene.objects[0]
        thin = replace(part, points=part.points[:count], normals=part.normals[:count])
        with pytest.raises(TooFewPoints, match=str(count)):
            planner.plan(replace(scene, objects=(thin,)), part.id)

    def test_points_that_are_not_numbers_do_no_harm(self, planner: GraspPlanner, scene: Scene) -> None:
        """NaN in points and normals is left out."""
        part = scene.objects[0]
        points, normals = part.points.copy(), part.normals.copy()
        points[::7], normals[3::7] = np.nan, np.nan
        spoilt = replace(scene, objects=(replace(part, points=points, normals=normals),))
        plan = plan_on_solids(planner, spoilt, part.id)
        assert all(np.isfinite(grasp.base_from_tcp).all() for grasp in plan.grasps)

    def test_cancel_is_obeyed(self, planner: GraspPlanner, scene: Scene) -> None:
        """Whoever asks to stop gets no plan."""
        with pytest.raises(PlanningCancelled):
            planner.plan(scene, "part_1", cancelled=lambda: True)


class GraspPlannerContract(PlannerContract):
    """Of planners for parallel grippers: inherit and override make()."""

    @pytest.fixture
    def gripper(self) -> ParallelGripper:
        """Hand that the planner gets."""
        return straight_gripper()

    @pytest.mark.parametrize("solid", [BLOCK, POST, BALL], ids=["block", "post", "ball"])
    def test_grasps_lie_on_the_part_and_fit(
        self, planner: GraspPlanner, gripper: ParallelGripper, scene: Scene, solid: Solid
    ) -> None:
        """Poses are rigid, contacts lie around the part, widths fit into the opening, tips above the
        support.
        """
        part = f"part_{[BLOCK, POST, BALL].index(solid) + 1}"
        for grasp in _sound(plan_on_solids(planner, scene, part), part):
            assert 0.0 < grasp.width < grasp.opening <= gripper.max_opening + 1e-9
            assert _tips(grasp, gripper)[:, 2].min() > 0.0
            if promises(planner, "accurate_on_blocks"):
                assert _gap(grasp, gripper, solid) < 0.01

    def test_two_million_points_are_as_good_as_some_thousand(
        self, planner: GraspPlanner, gripper: ParallelGripper, scene: Scene
    ) -> None:
        """A camera of many megapixels, close by."""
        dense = replace(scene, objects=(denser(scene.objects[0], 2_000_000),))
        grasp = plan_on_solids(planner, dense, scene.objects[0].id).grasps[0]
        if promises(planner, "accurate_on_blocks"):
            assert _gap(grasp, gripper, BLOCK) < 0.01

    def test_a_part_wider_than_the_hand_is_refused(self, planner: GraspPlanner) -> None:
        """OBJECT_TOO_WIDE names both widths; a planner that measures no widths finds no grasp."""
        if promises(planner, "accurate_on_blocks"):
            with pytest.raises(ObjectTooWide, match=r"1[56]\d mm.*85 mm"):
                planner.plan(observe([TOO_LARGE]), "part_1")
        else:
            with pytest.raises((ObjectTooWide, NoGraspFound)):
                planner.plan(observe([TOO_LARGE]), "part_1")

    def test_a_wall_beside_the_part_is_respected(
        self, planner: GraspPlanner, gripper: ParallelGripper
    ) -> None:
        """The open hand stays out of what was observed around the part."""
        walls = [
            Solid("box", (0.02, 0.20, 0.12), at(0.465, 0.0, 0.06)),
            Solid("box", (0.02, 0.20, 0.12), at(0.535, 0.0, 0.06)),
        ]
        block = Solid("box", (0.025, 0.025, 0.10), at(0.50, 0.0, 0.05))
        scene = observe([block, *walls])
        try:
            plan = planner.plan(scene, "part_1")
        except GraspingError:
            return
        for grasp in plan.grasps:
            tips = _tips(grasp, gripper)
            for wall in walls:
                inside = np.abs(tips - wall.base_from_solid[:3, 3]) < 0.5 * wall.extent - 0.001
                assert not inside.all(axis=1).any()


class SuctionPlannerContract(PlannerContract):
    """Of planners for suction cups: inherit and override make()."""

    @pytest.fixture
    def gripper(self) -> SuctionGripper:
        """Hand that the planner gets."""
        return suction_cup()

    @pytest.fixture
    def scene(self) -> Scene:
        """Three parts with room between them."""
        return observe([SLAB, DRUM, GLOBE], noise=0.001)

    @pytest.mark.parametrize("solid", [SLAB, DRUM, GLOBE], ids=["slab", "drum", "globe"])
    def test_the_lip_lies_on_the_part(
        self, planner: GraspPlanner, gripper: SuctionGripper, scene: Scene, solid: Solid
    ) -> None:
        """Poses are rigid, all of the lip is over the part, and the bellows take up what it lies deeper."""
        part = f"part_{[SLAB, DRUM, GLOBE].index(solid) + 1}"
        for grasp in _sound(plan_on_solids(planner, scene, part), part):
            assert grasp.width == grasp.opening == 0.0
            if not promises(planner, "accurate_on_blocks"):
                continue
            depth = _depth_under_lip(grasp, gripper, solid)
            assert np.ptp(depth) < gripper.lip_give + 0.002
            assert -gripper.stroke - 0.002 < depth.min() < 0.002

    def test_two_million_points_are_as_good_as_some_thousand(
        self, planner: GraspPlanner, gripper: SuctionGripper, scene: Scene
    ) -> None:
        """A camera of many megapixels, close by."""
        dense = replace(scene, objects=(denser(scene.objects[0], 2_000_000),))
        grasp = plan_on_solids(planner, dense, scene.objects[0].id).grasps[0]
        if promises(planner, "accurate_on_blocks"):
            assert np.ptp(_depth_under_lip(grasp, gripper, SLAB)) < gripper.lip_give

    def test_a_part_smaller_than_the_lip_is_refused(self, planner: GraspPlanner) -> None:
        """NO_GRASP_FOUND says that no lip of this size would seal."""
        pin = Solid("box", (0.012, 0.012, 0.05), at(0.50, 0.0, 0.025))
        sentence = "no place where a lip of 20 mm would seal"
        with pytest.raises(NoGraspFound, match=sentence if promises(planner, "accurate_on_blocks") else ""):
            planner.plan(observe([pin]), "part_1")

    def test_a_wall_beside_the_part_is_respected(self, planner: GraspPlanner) -> None:
        """What holds the cup stays out of what was observed around the part."""
        walls = [
            Solid("box", (0.02, 0.30, 0.20), at(0.46, 0.0, 0.10)),
            Solid("box", (0.02, 0.30, 0.20), at(0.54, 0.0, 0.10)),
        ]
        block = Solid("box", (0.05, 0.05, 0.03), at(0.50, 0.0, 0.015))
        sentence = "a neighbouring thing" if promises(planner, "accurate_on_blocks") else ""
        with pytest.raises(NoGraspFound, match=sentence):
            planner.plan(observe([block, *walls], camera_pose(np.deg2rad(88.0))), "part_1")


def _tips(grasp: Grasp, gripper: ParallelGripper) -> FloatArray:
    """(8, 3) corners of both pads at the approach opening, in the base frame."""
    end = float(gripper.pad_centre(grasp.opening)) + 0.5 * gripper.pad_length
    start, half = end - gripper.pad_length, 0.5 * gripper.pad_width
    corners = [
        [x, y, z]
        for x in (-half, half)
        for y in (-0.5 * grasp.opening, 0.5 * grasp.opening)
        for z in (start, end)
    ]
    tips: FloatArray = np.array(corners) @ grasp.base_from_tcp[:3, :3].T + grasp.base_from_tcp[:3, 3]
    return tips


def _gap(grasp: Grasp, gripper: ParallelGripper, solid: Solid) -> float:
    """Distance of the line between the closed pads' middles from the solid's own box, metres."""
    centre = float(gripper.pad_centre(grasp.width))
    along = np.linspace(-0.5 * grasp.width, 0.5 * grasp.width, 21)
    depth = np.linspace(-0.5 * gripper.pad_length, 0.5 * gripper.pad_length, 11)
    local = np.array([[0.0, y, centre + z] for y in along for z in depth])
    points = local @ grasp.base_from_tcp[:3, :3].T + grasp.base_from_tcp[:3, 3]
    in_solid = (points - solid.base_from_solid[:3, 3]) @ solid.base_from_solid[:3, :3]
    excess = np.maximum(np.abs(in_solid) - 0.5 * solid.extent, 0.0)
    return float(np.linalg.norm(excess, axis=1).min())


def _sound(plan: GraspPlan, part: str) -> tuple[Grasp, ...]:
    """The grasps of a plan, which are on the part, with rigid poses and numbers in their ranges."""
    assert plan.grasps
    assert plan.candidates >= len(plan.grasps)
    for grasp in plan.grasps:
        assert grasp.object_id == part
        rotation = grasp.base_from_tcp[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) > 0.0
        np.testing.assert_array_equal(grasp.base_from_tcp[3], [0.0, 0.0, 0.0, 1.0])
        assert 0.0 < grasp.score <= 1.0
        assert grasp.approach_distance >= 0.0
    return plan.grasps


def _depth_under_lip(grasp: Grasp, cup: SuctionGripper, solid: Solid) -> FloatArray:
    """(24,) way of points of the lip along the approach to the solid, metres, negative within it."""
    angle = np.arange(24) * (np.pi / 12.0)
    ring = cup.lip_radius * np.stack([np.cos(angle), np.sin(angle), np.zeros(24)], axis=1)
    approach = grasp.base_from_tcp[:3, 2]
    points = ring @ grasp.base_from_tcp[:3, :3].T + grasp.base_from_tcp[:3, 3] - 0.05 * approach
    depth: FloatArray = np.array([solid.hit(point, approach[None])[0][0] for point in points]) - 0.05
    return depth
