"""The default planner: the port's contract, and what it promises beyond."""

from dataclasses import replace

import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_core.geometry import make_transform, rotation_about, transform_points
from lab_grasping.errors import NoGraspFound
from lab_grasping.gripper import ParallelGripper
from lab_grasping.planner import AntipodalPlanner
from lab_grasping.port import GRASP_PLANNERS, GraspPlanner, PlannerSettings
from lab_grasping.testing.planner_contract import GraspPlannerContract
from lab_grasping.testing.synthetic import Solid, at, camera_pose, observe, straight_gripper


class TestAntipodalContract(GraspPlannerContract):
    def make(self, gripper: ParallelGripper, settings: PlannerSettings) -> GraspPlanner:
        return AntipodalPlanner(gripper, settings)


@pytest.fixture(scope="module")
def planner() -> AntipodalPlanner:
    return AntipodalPlanner(straight_gripper(), PlannerSettings())


PARTS = {
    "box": Solid("box", (0.03, 0.06, 0.04), at(0.5, 0.0, 0.02, 0.7)),
    "plate": Solid("box", (0.05, 0.07, 0.015), at(0.5, 0.0, 0.0075, 0.2)),
    "widest box": Solid("box", (0.074, 0.074, 0.05), at(0.5, 0.0, 0.025, 0.3)),
    "post": Solid("cylinder", (0.012, 0.08), at(0.5, 0.0, 0.04)),
    "lying cylinder": Solid("cylinder", (0.012, 0.08), at(0.5, 0.0, 0.012, 0.9, lying=True)),
    "ball": Solid("sphere", (0.015,), at(0.5, 0.0, 0.015)),
    "large ball": Solid("sphere", (0.034,), at(0.5, 0.0, 0.034)),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("elevation", [30.0, 60.0, 85.0])
def test_the_best_grasp_squeezes_the_true_part(
    planner: AntipodalPlanner, name: str, elevation: float
) -> None:
    """Closing on the true solid: both contacts inside the friction cone, although half of it was never
    seen."""
    solid = PARTS[name]
    scene = observe([solid], camera_pose(np.deg2rad(elevation)), noise=0.001, seed=3)
    grasp = planner.plan(scene, "part_1").grasps[0]
    contacts, normals = squeeze(solid, grasp.base_from_tcp)
    closing = grasp.base_from_tcp[:3, 1]
    assert 0.0 < (contacts[1] - contacts[0]) @ closing < grasp.opening
    angles = np.arccos(np.clip([-normals[0] @ closing, normals[1] @ closing], -1.0, 1.0))
    assert angles.max() < np.arctan(0.6)


def squeeze(solid: Solid, base_from_tcp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First points of the solid that pads of 22 x 37 mm meet, and outward normals there, (2, 3) each."""
    x, z = np.meshgrid(np.linspace(-0.011, 0.011, 23), np.linspace(-0.0185, 0.0185, 38))
    contacts, normals = [], []
    for side in (-1.0, 1.0):
        start = np.stack([x.ravel(), np.full(x.size, side * 0.2), z.ravel()], axis=1)
        origins = transform_points(base_from_tcp, start)
        ray = -side * base_from_tcp[:3, 1]
        hits = [solid.hit(origin, ray[None]) for origin in origins]
        distance = np.array([hit[0][0] for hit in hits])
        first = int(np.argmin(distance))
        assert np.isfinite(distance[first]), "the pad closes beside the part"
        contacts.append(origins[first] + distance[first] * ray)
        # flat faces touch with many points at once: their normals agree
        touching = distance < distance[first] + 1e-4
        normals.append(np.mean([hit[1][0] for hit, t in zip(hits, touching, strict=True) if t], axis=0))
    return np.array(contacts), np.array(normals)


def test_not_only_from_above(planner: AntipodalPlanner) -> None:
    """Ranked grasps of a tall post differ in approach by more than 15 degrees."""
    plan = planner.plan(observe([PARTS["post"]]), "part_1")
    approaches = np.array([grasp.base_from_tcp[:3, 2] for grasp in plan.grasps])
    assert (approaches @ approaches.T).min() < np.cos(np.deg2rad(15.0))
    assert (approaches[:, 2] > -0.97).any()


def test_grasps_differ_from_each_other(planner: AntipodalPlanner) -> None:
    """No two within a centimetre and 25 degrees, half turns about the approach counted as the same."""
    plan = planner.plan(observe([PARTS["box"]]), "part_1")
    poses = np.array([grasp.base_from_tcp for grasp in plan.grasps])
    assert len(poses) > 3
    for k, pose in enumerate(poses[:-1]):
        rest = poses[k + 1 :]
        near = np.linalg.norm(rest[:, :3, 3] - pose[:3, 3], axis=1) < 0.010
        alike = (rest[:, :3, 2] @ pose[:3, 2] > np.cos(np.deg2rad(25.0))) & (
            np.abs(rest[:, :3, 1] @ pose[:3, 1]) > np.cos(np.deg2rad(25.0))
        )
        assert not (near & alike).any()


def test_neighbours_narrow_the_opening(planner: AntipodalPlanner) -> None:
    """Between two posts the fingers open less than they do in the open."""
    block = Solid("box", (0.03, 0.03, 0.05), at(0.5, 0.0, 0.025))
    # both sides of both closing directions are fenced, far enough for a finger of 12 mm
    fence = [
        Solid("box", (0.02, 0.02, 0.05), at(0.5 + x, y, 0.025))
        for x, y in ((0.055, 0.0), (-0.055, 0.0), (0.0, 0.055), (0.0, -0.055))
    ]
    alone = planner.plan(observe([block]), "part_1").grasps[0]
    fenced = planner.plan(observe([block, *fence]), "part_1")
    assert alone.opening > 0.055
    square = [
        grasp
        for grasp in fenced.grasps
        if grasp.base_from_tcp[2, 2] < -0.999 and np.abs(grasp.base_from_tcp[:2, 1]).max() > 0.999
    ]
    assert all(grasp.opening < 0.055 for grasp in square)


class _InAHurry(AntipodalPlanner):
    """Finds nothing in the share of the time that a part has beside others."""

    def plan_part(self, scene, view, index, among, cancelled):  # type: ignore[no-untyped-def]
        if among is not None:
            raise NoGraspFound(scene.objects[index].id, 0, "no time")
        return super().plan_part(scene, view, index, among, cancelled)


def test_where_shared_time_finds_nothing_each_part_is_searched_as_if_alone() -> None:
    """A crowded photograph had no grasp as a whole, and two when each part was asked for."""
    scene = observe([PARTS["box"], Solid("box", (0.03, 0.03, 0.04), at(0.5, 0.15, 0.02))])
    planner = _InAHurry(straight_gripper(), PlannerSettings())
    assert {grasp.object_id for grasp in planner.plan(scene).grasps} == {"part_1", "part_2"}


def test_moving_the_world_moves_the_grasps(planner: AntipodalPlanner) -> None:
    """Shifted and turned together, camera and part get the same quality of grasp."""
    moved = make_transform(rotation_about([0, 0, 1], 0.8), [0.1, -0.2, 0.0])
    solid = PARTS["box"]
    pose = camera_pose()
    first = planner.plan(observe([solid], pose), "part_1").grasps[0]
    second = planner.plan(
        observe([Solid(solid.kind, solid.size, moved @ solid.base_from_solid)], moved @ pose), "part_1"
    ).grasps[0]
    assert abs(first.score - second.score) < 0.05
    assert abs(first.width - second.width) < 0.004


def test_a_tilted_support_is_no_obstacle(planner: AntipodalPlanner) -> None:
    """The plane decides what is up, not the base frame."""
    scene = observe([PARTS["box"]])
    tilt = make_transform(rotation_about([0, 1, 0], 0.3), [0.0, 0.0, 0.4])
    tilted = replace(
        scene,
        support=scene.support.transformed(tilt),
        objects=tuple(item.moved(tilt) for item in scene.objects),
        view=replace(scene.view, base_from_camera=tilt @ scene.view.base_from_camera),
    )
    best = planner.plan(tilted, "part_1").grasps[0]
    assert best.score > 0.8
    assert best.base_from_tcp[:3, 2] @ scene.support.transformed(tilt).normal < -0.4


def test_planners_are_found_by_name() -> None:
    assert "antipodal" in GRASP_PLANNERS.names()
    made = GRASP_PLANNERS.make("antipodal", straight_gripper(), PlannerSettings())
    assert isinstance(made.plugin, AntipodalPlanner)


def test_parameters_of_the_planner_take_effect() -> None:
    scene = observe([Solid("box", (0.03, 0.04, 0.04), at(0.5, 0.0, 0.02))])
    candidates = [
        GRASP_PLANNERS.make("antipodal", straight_gripper(), PlannerSettings(), given=given)
        .plugin.plan(scene, "part_1")
        .candidates
        for given in ({"antipodal.max_pairs": 10}, {})
    ]
    assert 0 < candidates[0] < candidates[1]


def test_an_unknown_planner_names_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"'nonsense'.*antipodal"):
        GRASP_PLANNERS.make("nonsense", straight_gripper(), PlannerSettings())
