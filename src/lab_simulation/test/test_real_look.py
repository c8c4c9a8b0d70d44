"""The real look of the cell: by seed, honest about what it shows, dark in the shade."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from lab_core.geometry import PinholeCamera, invert, make_transform, rotation_angle, transform_points
from lab_description import Cell
from lab_simulation.look.cell_view import CellPaint, RealCellView, calibration_error, mounted_at, part_skin
from lab_simulation.look.geometry import RayGeometry
from lab_simulation.look.light_map import LightFrustum, ShadowCasters
from lab_simulation.look.shadows import lit_share
from lab_simulation.mujoco.camera import open_camera
from lab_simulation.mujoco.cell_model import CAMERA
from lab_simulation.mujoco.depth_noise import StereoModel
from lab_simulation.mujoco.rendering import RendererChoice
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.world import add_table, apply_settings
from lab_simulation.scenes.drawing import Area, Scene, make_scene
from lab_simulation.scenes.scene_file import load_scene_file

PINHOLE = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)
DOWN = make_transform(np.diag([1.0, -1.0, -1.0]), [0.0, 0.0, 0.8])
"""World from the optical frame of a camera that looks straight down on the origin."""


@pytest.fixture(scope="module")
def scene(area: Area) -> Scene:
    return make_scene(load_scene_file("scattered"), 4, area, 6)


@pytest.fixture
def simulation(renderer: RendererChoice, cell: Cell, scene: Scene):
    if renderer.renderer == "raycast":
        pytest.skip("the whole image by rays takes seconds")
    made = Simulation(cell, scene, 4, renderer.renderer)
    yield made
    made.close()


def test_the_same_seed_gives_the_same_images_and_another_one_does_not(
    simulation: Simulation, renderer: RendererChoice, cell: Cell, scene: Scene
) -> None:
    first, second = simulation.frame(), simulation.frame()
    simulation.reset()
    again = simulation.frame()
    assert np.array_equal(first.colour, again.colour)
    assert np.array_equal(first.depth, again.depth, equal_nan=True)
    assert not np.array_equal(first.colour, second.colour)
    assert not np.array_equal(first.depth, second.depth, equal_nan=True)
    other = Simulation(cell, scene, 5, renderer.renderer)
    assert np.abs(other.frame().colour.astype(int) - first.colour).mean() > 5.0
    other.close()


def test_an_image_does_not_depend_on_those_before_it(
    simulation: Simulation, renderer: RendererChoice, cell: Cell, scene: Scene
) -> None:
    """Only what has changed is lit anew; the result must be that of lighting all of it."""
    over_the_table = cell.robot.configuration("home") + np.array([0.0, 0.4, 0.0, 0.0, 0.0, 0.0])
    fresh = Simulation(cell, scene, 4, renderer.renderer)
    simulation.frame()
    for one in (simulation, fresh):
        one.put_robot(over_the_table)
        name = scene.parts[0].name
        state = one.entity(name)
        state.base_from_entity[:3, 3] += [0.01, 0.0, 0.02]
        one.move_entity(name, state)
    fresh.skip_frame()
    seen, expected = simulation.frame(), fresh.frame()
    fresh.close()
    assert np.array_equal(seen.colour, expected.colour)
    assert np.array_equal(seen.depth, expected.depth, equal_nan=True)


def test_the_plain_look_is_one_colour_a_part_and_independent_noise(
    renderer: RendererChoice, cell: Cell, scene: Scene
) -> None:
    plain = Simulation(cell, scene, 4, renderer.renderer, look="plain")
    frame = plain.frame()
    camera = open_camera(
        renderer.renderer, plain.model, CAMERA, cell.camera.pinhole, cell.camera.near, cell.camera.far
    )
    image = camera.render(plain.data)
    camera.close()
    plain.close()
    stereo, pinhole = cell.camera.noise, cell.camera.pinhole
    model = StereoModel(pinhole.fx, stereo.baseline, stereo.subpixel, stereo.disparity_step, stereo.grazing)
    assert np.array_equal(frame.colour, image.colour)
    assert np.array_equal(frame.depth, model.apply(image.depth, 4, 0), equal_nan=True)


def test_some_of_the_depth_is_lost(renderer: RendererChoice, cell: Cell, area: Area) -> None:
    lost = []
    for seed in range(4):
        made = Simulation(cell, make_scene(load_scene_file("scattered"), seed, area), seed, renderer.renderer)
        lost.append(float(np.isnan(made.frame().depth).mean()))
        made.close()
    assert 0.005 < np.median(lost) < 0.03
    assert max(lost) < 0.08


def test_colour_shows_the_silhouettes_that_the_truth_names(
    simulation: Simulation, cell: Cell, scene: Scene
) -> None:
    """Rays and OpenGL agree on what each pixel shows, and its colour has an edge where that changes."""
    view = RealCellView("egl", simulation.model, cell, simulation.parts, CellPaint(4), noise=False)
    seen = view.see(simulation.data, 0, 0.0)
    view.close()
    pinhole = cell.camera.pinhole
    cast = RayGeometry(simulation.model).view(simulation.data, mounted_at(simulation.data), pinhole)
    assert (seen.geoms == cast.geoms).mean() > 0.995
    bodies = np.where(seen.geoms >= 0, simulation.model.geom_bodyid[seen.geoms], -1)
    inside = np.isin(bodies, [simulation.model.body(part.name).id for part in scene.parts])
    across = np.abs(np.diff(seen.colour.astype(int), axis=1)).sum(axis=2)
    at_edges = across[np.diff(inside.astype(int), axis=1) != 0]
    assert np.median(at_edges) > 3.0 * np.median(across)


@pytest.mark.parametrize("wanted", [0.0, 0.003, 0.010])
def test_the_camera_stands_as_far_off_as_it_is_told(cell: Cell, wanted: float) -> None:
    """In the worst corner of the work area, to a side that the seed decides."""
    lower, upper = cell.workspace.lower, cell.workspace.upper
    corners = np.array(
        [[x, y, cell.table_height] for x in (lower[0], upper[0]) for y in (lower[1], upper[1])]
    )
    seen = transform_points(invert(cell.camera.base_from_camera), corners)
    shifts = []
    for seed in range(20):
        error = calibration_error(cell, seed, wanted)
        shift = transform_points(error, seen) - seen
        assert np.linalg.norm(shift, axis=1).max() == pytest.approx(wanted, abs=1e-6)
        assert np.array_equal(error, calibration_error(cell, seed, wanted))
        shifts.append(shift[0])
    assert np.ptp(np.array(shifts), axis=0).min() >= wanted


def test_the_camera_stands_a_little_off(simulation: Simulation, cell: Cell) -> None:
    errors = [calibration_error(cell, seed) for seed in range(200)]
    allowed = cell.camera.model.calibration_error
    shifts = np.array([error[:3, 3] for error in errors])
    assert shifts.std() == pytest.approx(allowed.position, rel=0.15)
    angles = np.array([rotation_angle(error[:3, :3]) for error in errors])
    assert np.sqrt((angles**2).mean() / 3.0) == pytest.approx(allowed.angle, rel=0.15)
    assert np.array_equal(calibration_error(cell, 7), calibration_error(cell, 7))
    exact = RealCellView("egl", simulation.model, cell, simulation.parts, CellPaint(4), noise=False)
    assert np.array_equal(exact.camera_from_true, np.eye(4))
    exact.close()


def test_a_skin_keeps_the_colour_that_a_person_asks_for(scene: Scene) -> None:
    for part in scene.parts:
        for seed in range(5):
            sides = part_skin(part, seed).sides[..., :3].reshape(-1, 3) / 255.0
            near = np.abs(sides - part.rgb).max(axis=1) < 0.15
            assert near.mean() > 0.1, (part.name, seed)


def test_a_box_throws_its_shadow_away_from_the_light_and_none_on_itself() -> None:
    spec = mujoco.MjSpec()
    apply_settings(spec)
    add_table(spec)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.03, 0.03, 0.03], pos=[0.0, 0.0, 0.03])
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    depth = RayGeometry(model).view(data, DOWN, PINHOLE).depth
    # At 45° from +x: the shadow is as long as the box is high, 6 cm.
    frustum = LightFrustum.towards(np.array([-1.0, 0.0, -1.0]), np.zeros(3), 0.4, 320)
    light_map = ShadowCasters(model).cast(data, frustum)
    lit, open_sky = lit_share(depth, PINHOLE, DOWN, frustum, light_map, 0.5)

    def at(x: float, y: float, z: float = 0.0) -> tuple[int, int]:
        u, v = PINHOLE.project(np.array([x, -y, 0.8 - z]))
        return round(float(v)), round(float(u))

    assert lit[at(-0.06, 0.0)] < 30
    assert lit[at(-0.11, 0.0)] > 225
    assert lit[at(0.06, 0.0)] > 225
    assert lit[at(0.0, 0.06)] > 225
    assert lit[at(0.0, 0.0, 0.06)] > 225
    assert open_sky[at(0.034, 0.0)] < open_sky[at(0.25, 0.1)] - 20
