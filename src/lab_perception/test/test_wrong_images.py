"""Images that look right and are not, and images that show nothing: each is handled, or said."""

from dataclasses import replace

import numpy as np
import pytest
from rendered_scenes import box, cylinder, render

from lab_core.geometry import make_transform, rotation_about
from lab_core.outcomes import OutcomeCode
from lab_perception.frame import RgbdFrame, WorkArea
from lab_perception.pipeline import Perception, Settings
from lab_perception.resolution import halved_camera, halved_depth
from lab_perception.segmentation import GeometricDetector

AREA = WorkArea(np.array([0.35, -0.22, 0.0]), np.array([0.70, 0.22, 0.2]), 0.0)
PARTS = [
    box((0.06, 0.04, 0.05), 0.45, 0.08, yaw=0.4, rgb=(0.8, 0.1, 0.1)),
    box((0.09, 0.05, 0.03), 0.46, -0.10, yaw=-0.5, rgb=(0.9, 0.8, 0.1)),
    cylinder(0.025, 0.06, 0.58, -0.02, rgb=(0.1, 0.2, 0.8)),
    cylinder(0.02, 0.04, 0.62, 0.14, rgb=(0.1, 0.6, 0.2)),
]


@pytest.fixture(scope="module")
def frame():
    return frame_of(PARTS)


def frame_of(parts):
    scene = render(parts)
    return RgbdFrame(scene.color, scene.depth, scene.camera, scene.base_from_camera)


def look(frame, area=AREA, settings=None):
    """The scene, and what is doubted about it."""
    perception = Perception(area, GeometricDetector(), settings)
    return perception.perceive(frame), perception.doubt


def mounted(frame, x=0.0, height=0.0, tilt=0.0):
    """The pose of the camera is off by a height, metres, and a tilt about the middle of the area, radians."""
    middle = make_transform(np.eye(3), AREA.centre)
    back = make_transform(np.eye(3), -AREA.centre)
    error = middle @ make_transform(rotation_about([1.0, 0.0, 0.0], tilt), [x, 0.0, height]) @ back
    return replace(frame, base_from_camera=error @ frame.base_from_camera)


def test_nothing_is_doubted_where_all_is_well(frame):
    scene, doubt = look(frame)
    assert len(scene.objects) == len(PARTS)
    assert doubt == ""


@pytest.mark.parametrize(
    ("light", "words"),
    [(0, "the colour image is dark"), (255, "the colour image is blown out (100%")],
)
def test_parts_that_depth_shows_are_found_in_any_light_and_it_is_said(frame, light, words):
    scene, doubt = look(replace(frame, color=np.full_like(frame.color, light)))
    assert scene.code == OutcomeCode.SUCCESS
    assert len(scene.objects) >= 2
    assert words in doubt


@pytest.mark.parametrize("light", [0, 255])
def test_that_nothing_lies_there_is_not_said_of_an_image_without_colour(light):
    empty = frame_of([])
    assert look(empty)[0].code == OutcomeCode.NO_OBJECT
    scene, _ = look(replace(empty, color=np.full_like(empty.color, light)))
    assert scene.code == OutcomeCode.NO_COLOUR
    assert "exposure" in scene.message


@pytest.mark.parametrize(("right", "down"), [(20, 0), (-14, 14), (0, -30)])
def test_colour_beside_depth_is_said(frame, right, down):
    shifted = np.ascontiguousarray(np.roll(frame.color, (down, right), (0, 1)))
    _, doubt = look(replace(frame, color=shifted))
    assert "shifted against the depth image" in doubt
    said = [int(word) for word in doubt.split() if word.isdigit()]
    assert said == pytest.approx([abs(pixels) for pixels in (right, down) if pixels], abs=4)
    assert ("left" in doubt, "up" in doubt) == (right < 0, down < 0)


@pytest.mark.parametrize("pixels", [2, 4])
def test_a_slight_shift_is_not_worth_a_word(frame, pixels):
    _, doubt = look(replace(frame, color=np.ascontiguousarray(np.roll(frame.color, pixels, 1))))
    assert doubt == ""


@pytest.mark.parametrize(
    ("off", "words"),
    [
        ({"height": 0.018}, "the table lies 18 mm above its height"),
        ({"height": -0.018}, "the table lies 18 mm below its height"),
        ({"tilt": np.deg2rad(3.2)}, "the table is tilted by 3.2°"),
    ],
)
def test_a_table_that_is_a_little_off_is_used_as_measured_and_said(frame, off, words):
    scene, doubt = look(mounted(frame, **off))
    assert len(scene.objects) == len(PARTS)
    assert words in doubt
    assert "it is used as it was measured" in doubt


def test_a_top_that_is_taken_for_the_table_is_doubted():
    parts = [box((0.16, 0.14, 0.06), 0.52, 0.0, rgb=(0.7, 0.3, 0.1))]
    scene, doubt = look(mounted(frame_of(parts), height=-0.06))
    assert scene.support is not None
    assert "a larger level surface lies" in doubt
    assert "may be the top of a part" in doubt


def test_an_image_that_stands_on_its_head_is_said(frame):
    turned = replace(
        frame,
        color=np.ascontiguousarray(frame.color[::-1, ::-1]),
        depth=np.ascontiguousarray(frame.depth[::-1, ::-1]),
    )
    scene, _ = look(turned)
    assert scene.code == OutcomeCode.NO_SUPPORT
    assert "upside down against the camera's pose" in scene.message


def test_metres_in_an_image_of_whole_millimetres_are_said(frame):
    far = frame.base_from_camera.copy()
    far[:3, 3] += 0.6 * (far[:3, 3] - AREA.centre)
    depth = 0.001 * np.floor(np.nan_to_num(1.6 * frame.depth)).astype(np.float32)
    scene, _ = look(replace(frame, depth=depth, base_from_camera=far))
    assert scene.code == OutcomeCode.NO_SUPPORT
    assert "a thousand times too small, as metres taken for millimetres" in scene.message


def test_a_table_that_is_gone_is_said(frame):
    x, y = frame.camera.rays()
    rays = np.ones((*frame.depth.shape, 3))
    rays[..., 0], rays[..., 1] = x[None], y[:, None]
    down = (rays @ frame.base_from_camera[:3, :3].T)[..., 2]
    floor = ((-0.72 - frame.base_from_camera[2, 3]) / down).astype(np.float32)
    scene, _ = look(replace(frame, depth=np.where((floor > 0.0) & (floor < 6.0), floor, np.nan)))
    assert scene.code == OutcomeCode.NO_SUPPORT
    assert "a surface lies 720 mm below it, as where the table is gone: put it back" in scene.message


def test_hardly_any_depth_is_no_depth(frame):
    lost = np.random.default_rng(0).random(frame.depth.shape) < 0.97
    scene, _ = look(replace(frame, depth=np.where(lost, np.nan, frame.depth).astype(np.float32)))
    assert scene.code == OutcomeCode.NO_DEPTH


@pytest.mark.parametrize("part", PARTS[:3], ids=["box", "flat box", "cylinder"])
def test_a_work_area_of_ten_centimetres_shows_its_part(frame, part):
    x, y = part.position[:2]
    area = WorkArea(np.array([x - 0.05, y - 0.05, 0.0]), np.array([x + 0.05, y + 0.05, 0.2]), 0.0)
    scene, doubt = look(frame, area)
    assert len(scene.objects) == 1, scene.message
    assert np.allclose(scene.objects[0].box.centre[:2], [x, y], atol=0.004)
    assert doubt == ""


def test_a_large_image_is_worked_on_at_half_its_size_and_parts_stay_where_they_are(frame):
    scene, _ = look(frame)
    halved, _ = look(frame, settings=Settings(max_pixels=150_000))
    assert halved.view.depth.shape == (120, 160)
    assert len(halved.objects) == len(scene.objects) == len(PARTS)
    by_place = sorted(part.box.centre.tolist() for part in scene.objects)
    assert np.allclose(sorted(part.box.centre.tolist() for part in halved.objects), by_place, atol=0.004)


def test_an_odd_image_is_halved_without_its_last_row_and_column(frame):
    camera = replace(frame.camera, width=1283, height=719)
    assert (halved_camera(camera).width, halved_camera(camera).height) == (641, 359)
    assert halved_depth(np.ones((719, 1283), np.float32)).shape == (359, 641)
