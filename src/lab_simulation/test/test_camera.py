"""The camera: its geometry, the agreement of its renderers, its noise."""

from __future__ import annotations

import json
import subprocess
import sys

import mujoco
import numpy as np
import pytest

from lab_core.geometry import PinholeCamera, make_transform, rotation_about
from lab_description import Cell
from lab_simulation.errors import RendererUnavailable
from lab_simulation.mujoco.camera import RayCamera, open_camera
from lab_simulation.mujoco.depth_noise import StereoModel
from lab_simulation.mujoco.rendering import RendererChoice, choose_renderer
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.world import add_camera, add_table, apply_settings, image_size
from lab_simulation.scenes.drawing import Area, make_scene
from lab_simulation.scenes.scene_file import load_scene_file

STEREO = StereoModel(focal=616.8, baseline=0.05, subpixel=0.08, disparity_step=0.0, grazing=0.14)


def test_renderers_agree_on_the_whole_cell(renderer: RendererChoice, cell: Cell, area: Area) -> None:
    if renderer.renderer == "raycast":
        pytest.skip("no OpenGL here to compare with")
    scene = make_scene(load_scene_file("pile"), 2, area)
    simulation = Simulation(cell, scene, 0, renderer.renderer, noise=False, look="plain")
    drawn = simulation.frame()
    pinhole, camera = cell.camera.pinhole, cell.camera
    cast = RayCamera(simulation.model, "camera", pinhole, camera.near, camera.far).render(simulation.data)
    simulation.close()
    difference = np.abs(drawn.depth - cast.depth)
    assert np.nanpercentile(difference, 99) < 0.001
    assert np.isnan(difference).mean() < 0.002
    # They light the scene differently, and only one knows textures; colours must still be the same colours.
    assert np.median(np.abs(drawn.colour.astype(int) - cast.colour.astype(int))) < 60


@pytest.mark.parametrize("centre", [(159.5, 119.5), (140.0, 128.0)])
def test_a_known_ball_is_where_the_pinhole_says(
    renderer: RendererChoice, centre: tuple[float, float]
) -> None:
    pinhole = PinholeCamera(320, 240, 300.0, 310.0, *centre)
    spec = mujoco.MjSpec()
    apply_settings(spec)
    image_size(spec, 320, 240)
    add_table(spec)
    ball = np.array([0.07, -0.04, 0.02])
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], pos=ball, rgba=[1, 0, 0, 1])
    world_from_optical = make_transform(rotation_about([1.0, 0.0, 0.0], np.pi), [0.0, 0.0, 0.6])
    add_camera(spec.worldbody, "camera", pinhole, world_from_optical)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    in_camera = np.array([ball[0], -ball[1], 0.6 - ball[2]])
    expected = pinhole.project(in_camera[None])[0]
    for kind in {renderer.renderer, "raycast"}:
        camera = open_camera(kind, model, "camera", pinhole, 0.1, 2.0)
        frame = camera.render(data)
        camera.close()
        red = (frame.colour[..., 0] > 90) & (frame.colour[..., 1] < 60)
        v, u = np.nonzero(red)
        assert [u.mean(), v.mean()] == pytest.approx(expected, abs=0.6), kind
        assert frame.depth[120, 30] == pytest.approx(0.6, abs=1e-4), kind
        assert np.nanmin(frame.depth) == pytest.approx(0.56, abs=1e-3), kind


def test_depth_out_of_range_is_no_data(renderer: RendererChoice, cell: Cell, area: Area) -> None:
    simulation = Simulation(cell, make_scene(load_scene_file("empty"), 0, area))
    camera = open_camera(renderer.renderer, simulation.model, "camera", cell.camera.pinhole, 0.1, 0.3)
    frame = camera.render(simulation.data)
    camera.close()
    assert np.isnan(frame.depth).mean() > 0.99


def test_noise_grows_with_the_square_of_the_distance() -> None:
    for z in (0.5, 1.0, 2.0):
        depth = np.full((240, 320), z, dtype=np.float32)
        noisy = STEREO.apply(depth, seed=1, frame=0)
        expected = z * z * 0.08 / (616.8 * 0.05)
        assert np.nanstd(noisy) == pytest.approx(expected, rel=0.03)
        assert np.nanmean(noisy) == pytest.approx(z, abs=expected * 0.05)
        centred = (noisy - z)[~np.isnan(noisy)]
        shifted = np.corrcoef(centred[:-1], centred[1:])[0, 1]
        assert abs(shifted) < 0.02, "neighbours share noise"


def test_disparity_comes_in_steps() -> None:
    model = StereoModel(616.8, 0.05, 0.08, disparity_step=0.25, grazing=0.0)
    noisy = model.apply(np.full((50, 50), 0.8, dtype=np.float32), 0, 0)
    disparity = 616.8 * 0.05 / noisy
    assert np.abs(disparity / 0.25 - np.rint(disparity / 0.25)).max() < 1e-3


def test_a_near_thing_casts_a_shadow_to_its_left_only() -> None:
    near, far, focal, baseline = 0.6, 0.8, 616.8, 0.05
    depth = np.full((40, 200), far, dtype=np.float32)
    depth[:, 90:130] = near
    noisy = StereoModel(focal, baseline, 0.0, 0.0, 0.0).apply(depth, 0, 0)
    lost = np.nonzero(np.isnan(noisy[20]))[0]
    width = focal * baseline * (1.0 / near - 1.0 / far)
    assert len(lost) == pytest.approx(width, abs=1.0)
    assert lost.max() == 89
    assert (np.diff(lost) == 1).all()


def test_grazing_surfaces_give_no_depth_and_slopes_do() -> None:
    v = np.arange(100, dtype=np.float32)[:, None] * np.ones((1, 100), dtype=np.float32)
    steep, gentle = 0.5 + 0.01 * v, 0.5 + 0.001 * v
    model = StereoModel(616.8, 0.05, 0.0, 0.0, grazing=0.14)
    assert np.isnan(model.apply(steep, 0, 0)[1:30]).all()
    assert not np.isnan(model.apply(gentle, 0, 0)).any()


def test_noise_is_the_same_for_the_same_seed_and_frame_and_else_not() -> None:
    depth = np.full((60, 80), 0.7, dtype=np.float32)
    one = STEREO.apply(depth, 3, 7)
    assert np.array_equal(one, STEREO.apply(depth, 3, 7), equal_nan=True)
    assert not np.array_equal(one, STEREO.apply(depth, 3, 8), equal_nan=True)
    assert not np.array_equal(one, STEREO.apply(depth, 4, 7), equal_nan=True)


def test_dropout_loses_its_share() -> None:
    model = StereoModel(616.8, 0.05, 0.08, 0.0, 0.0, dropout=0.1)
    assert np.isnan(model.apply(np.full((200, 200), 0.7, dtype=np.float32), 0, 0)).mean() == pytest.approx(
        0.1, abs=0.01
    )


def test_a_renderer_that_is_not_there_names_the_packages() -> None:
    """In a process of its own: a process binds to one OpenGL platform for good."""
    script = """
import json, os
os.environ["LD_LIBRARY_PATH"] = ""
import lab_simulation.mujoco.rendering as r
r._PROBE = "raise ImportError('no lib')"
choice = r.choose_renderer("auto")
try:
    r.choose_renderer("osmesa"); refused = ""
except r.RendererUnavailable as error:
    refused = str(error)
print(json.dumps([choice.renderer, choice.warning, refused]))
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    renderer, warning, refused = json.loads(done.stdout.strip().splitlines()[-1])
    assert renderer == "raycast"
    assert "apt-get install libegl1 libegl-mesa0" in warning
    assert "ten times slower" in warning
    assert "apt-get install libosmesa6" in refused


def test_an_unknown_renderer_is_refused() -> None:
    with pytest.raises(RendererUnavailable, match="no renderer 'vulkan'; use one of: auto, egl"):
        choose_renderer("vulkan")
