"""From pixels to boxes, colours and segments, on rendered images with the noise of a stereo camera."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_scenes import Part, box, cylinder, l_piece, lying_cylinder, render, sphere

from lab_core.geometry import (
    PinholeCamera,
    Plane,
    invert,
    make_transform,
    rotation_about,
    transform_points,
)
from lab_core.outcomes import OutcomeCode
from lab_perception.color_names import color_name
from lab_perception.frame import RgbdFrame, WorkArea
from lab_perception.objects import (
    box_on_support,
    dominant_color,
    reduce_points,
    support_frame,
    without_flying_pixels,
)
from lab_perception.pipeline import Perception
from lab_perception.segmentation import GeometricDetector, GeometricParameters

AREA = WorkArea(np.array([0.35, -0.22, 0.0]), np.array([0.70, 0.22, 0.2]), 0.0)
RED, BLUE, GREEN, YELLOW = (0.8, 0.12, 0.12), (0.1, 0.25, 0.75), (0.1, 0.55, 0.2), (0.95, 0.8, 0.1)
GREY = (0.42, 0.43, 0.45)


def frame_of(scene, **changes) -> RgbdFrame:
    fields = {
        "color": scene.color,
        "depth": scene.depth,
        "camera": scene.camera,
        "base_from_camera": scene.base_from_camera,
    }
    return RgbdFrame(**(fields | changes))


WITHOUT_NETWORK = GeometricDetector(GeometricParameters(network=""))


def look(parts, seed=0, detector=None, **how):
    perception = Perception(AREA, detector or GeometricDetector())
    return perception.perceive(frame_of(render(parts, seed=seed, **how)))


@pytest.mark.parametrize("yaw", [0.0, 0.4, 1.1])
@pytest.mark.parametrize("size", [(0.06, 0.03, 0.04), (0.05, 0.04, 0.012), (0.03, 0.025, 0.07)])
def test_a_box_gets_its_own_box(size, yaw):
    scene = look([box(size, 0.5, 0.04, yaw=yaw, rgb=RED)])
    assert scene.code == OutcomeCode.SUCCESS
    [item] = scene.objects
    assert np.allclose(item.box.centre, [0.5, 0.04, size[2] / 2], atol=0.003)
    assert np.allclose(item.box.size, size, atol=0.005)
    turn = item.box.frame_from_box[:3, 0] @ [np.cos(yaw), np.sin(yaw), 0.0]
    assert abs(turn) > np.cos(np.radians(8))
    assert item.color_name == "red"
    assert not item.truncated


@pytest.mark.parametrize(
    ("part", "centre"),
    [
        (cylinder(0.02, 0.05, 0.45, -0.1, rgb=BLUE), (0.45, -0.1)),
        (lying_cylinder(0.014, 0.07, 0.6, 0.1, yaw=0.7, rgb=GREEN), (0.6, 0.1)),
        (sphere(0.02, 0.52, 0.15, rgb=YELLOW), (0.52, 0.15)),
    ],
)
def test_round_parts_are_within_five_millimetres(part, centre):
    [item] = look([part]).objects
    assert np.linalg.norm(item.box.centre[:2] - centre) < 0.005


def test_points_lie_on_the_part_and_normals_stand_on_it():
    [item] = look([sphere(0.025, 0.5, 0.0, rgb=BLUE)]).objects
    from_centre = item.points - np.array([0.5, 0.0, 0.025])
    distance = np.linalg.norm(from_centre, axis=1)
    assert np.percentile(np.abs(distance - 0.025), 95) < 0.0015
    angles = np.arccos(np.clip((item.normals * from_centre).sum(1) / distance, -1, 1))
    assert np.median(angles) < np.radians(8)
    assert 50 < len(item.points) <= 2000


def test_touching_parts_of_two_colours_are_two_where_parts_have_no_print():
    """With the network they may be one: nothing tells them from one box with two halves printed on it."""
    parts = [box((0.04, 0.04, 0.03), 0.5, 0.0, rgb=RED), box((0.04, 0.04, 0.03), 0.5, 0.04, rgb=BLUE)]
    scene = look(parts, detector=WITHOUT_NETWORK)
    assert sorted(item.color_name for item in scene.objects) == ["blue", "red"]
    for item in scene.objects:
        assert np.allclose(sorted(item.box.size), [0.03, 0.04, 0.04], atol=0.006)


def test_grey_parts_that_touch_are_told_apart_by_their_shape():
    """Four in a zigzag, so that they are more than one part could be and no two faces are flush."""
    heights = (0.03, 0.05, 0.02, 0.06)
    parts = [
        box((0.045, 0.045, height), 0.5 + 0.012 * (i % 2), -0.07 + 0.045 * i, rgb=GREY)
        for i, height in enumerate(heights)
    ]
    scene = look(parts, detector=WITHOUT_NETWORK)
    assert np.allclose(sorted(item.box.size[2] for item in scene.objects), sorted(heights), atol=0.003)


@pytest.mark.parametrize("yaw", [0.0, 0.8, 2.0])
def test_a_part_that_is_not_convex_stays_one(yaw):
    bolt = Part(
        [("cylinder", (0.016, 0.008), (0, 0, 0.03)), ("cylinder", (0.008, 0.03), (0, 0, 0))],
        (0.55, -0.1, 0.016),
        yaw=yaw,
        tilt=np.pi / 2,
        rgb=GREEN,
    )
    scene = look([l_piece(0.06, 0.018, 0.02, 0.45, 0.05, yaw=yaw, rgb=YELLOW), bolt])
    assert sorted(item.color_name for item in scene.objects) == ["green", "yellow"]


def test_a_part_over_the_border_of_the_image_is_truncated():
    eye_to_the_side = make_transform(rotation_about([0, 0, 1], 0.0), [0.0, 0.40, 0.0])
    view = eye_to_the_side @ render([]).base_from_camera
    scene = look([box((0.06, 0.06, 0.03), 0.45, -0.04, rgb=RED)], base_from_camera=view)
    assert scene.code == OutcomeCode.OBJECT_OUT_OF_VIEW
    assert scene.objects[0].truncated
    assert f"{scene.ids[0]} reaches over the border of the image" in scene.message
    both = look(
        [box((0.06, 0.06, 0.03), 0.45, -0.04, rgb=RED), box((0.04, 0.04, 0.03), 0.45, 0.1, rgb=BLUE)],
        base_from_camera=view,
    )
    assert both.code == OutcomeCode.SUCCESS
    assert {item.color_name: item.truncated for item in both.objects} == {"red": True, "blue": False}


def test_parts_beside_the_work_area_are_not_objects():
    scene = look([box((0.04, 0.04, 0.04), 0.5, 0.26, rgb=RED), box((0.04, 0.04, 0.04), 0.5, 0.1, rgb=BLUE)])
    assert [item.color_name for item in scene.objects] == ["blue"]


def test_a_part_on_the_border_of_the_work_area_is_seen_whole():
    [item] = look([box((0.04, 0.06, 0.04), 0.5, 0.2, rgb=RED)]).objects
    assert np.allclose(sorted(item.box.size), [0.04, 0.04, 0.06], atol=0.005)


SCENE = render([box((0.06, 0.03, 0.04), 0.5, 0.05, yaw=0.3, rgb=RED), sphere(0.02, 0.45, -0.1, rgb=BLUE)])


@settings(max_examples=12, deadline=None)
@given(yaw=st.floats(-3.1, 3.1), x=st.floats(-0.3, 0.3), y=st.floats(-0.3, 0.3))
def test_moving_camera_and_world_together_moves_the_boxes(yaw, x, y):
    """The same image from a camera that stands elsewhere shows the same parts elsewhere."""
    there_from_here = make_transform(rotation_about([0, 0, 1], yaw), [x, y, 0.0])
    x, y, _ = transform_points(there_from_here, [0.5, 0.0, 0.0])
    area = WorkArea(np.array([x - 0.25, y - 0.25, 0.0]), np.array([x + 0.25, y + 0.25, 0.2]), 0.0)
    here = Perception(
        WorkArea(np.array([0.25, -0.25, 0.0]), np.array([0.75, 0.25, 0.2]), 0.0), GeometricDetector()
    )
    there = Perception(area, GeometricDetector())
    before = here.perceive(frame_of(SCENE)).objects
    after = there.perceive(frame_of(SCENE, base_from_camera=there_from_here @ SCENE.base_from_camera)).objects
    assert len(before) == len(after) == 2
    for one, other in zip(before, after, strict=True):
        assert np.allclose(transform_points(there_from_here, one.box.centre), other.box.centre, atol=0.0015)
        assert np.allclose(one.box.size, other.box.size, atol=0.003)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**16), voxel=st.floats(0.001, 0.01), most=st.integers(10, 500))
def test_reduced_points_stay_near_the_points(seed, voxel, most):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.03, 0.03, (800, 3)).astype(np.float32)
    normals = np.tile(np.array([0.0, 0.6, 0.8], np.float32), (800, 1))
    reduced, directions = reduce_points(points, normals, voxel, most)
    assert 0 < len(reduced) <= most
    assert np.allclose(directions, [0.0, 0.6, 0.8], atol=1e-5)
    assert (reduced.min(0) >= points.min(0)).all()
    assert (reduced.max(0) <= points.max(0)).all()


def test_few_points_are_left_alone():
    points = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]], np.float32)
    normals = np.array([[0.0, 0.0, 1.0]] * 2, np.float32)
    reduced, _ = reduce_points(points, normals, 0.002, 10)
    assert np.allclose(np.sort(reduced, axis=0), points)


def test_the_box_stands_on_a_tilted_support():
    tilt = rotation_about([0, 1, 0], 0.05)
    base_from_support = make_transform(tilt, [0.0, 0.0, 0.01])
    plane = Plane(np.array([0.0, 0.0, 1.0]), 0.0).transformed(base_from_support)
    point = np.array([0.3, 0.2, 0.1])
    assert transform_points(support_frame(plane), point)[2] == pytest.approx(plane.signed_distance(point))
    rng = np.random.default_rng(0)
    local = rng.uniform([-0.03, -0.02, 0.02], [0.03, 0.02, 0.05], (4000, 3)) + np.array([0.5, 0.1, 0.0])
    found = box_on_support(
        transform_points(base_from_support, local).astype(np.float32), support_frame(plane)
    )
    assert np.allclose(found.size, [0.06, 0.04, 0.05], atol=0.002)
    assert transform_points(invert(base_from_support), found.corners())[:, 2].min() == pytest.approx(
        0.0, abs=1e-4
    )


def test_shade_is_not_the_dominant_colour():
    lit, shade = [[200, 40, 40]] * 60, [[60, 12, 12]] * 40
    assert np.allclose(dominant_color(np.array(lit + shade, np.uint8)), np.array([200, 40, 40]) / 255)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((200, 28, 30), "red"),
        ((130, 10, 15), "red"),
        ((237, 115, 15), "orange"),
        ((242, 199, 26), "yellow"),
        ((33, 140, 56), "green"),
        ((13, 158, 173), "blue"),
        ((26, 69, 184), "blue"),
        ((90, 160, 230), "blue"),
        ((115, 46, 158), "purple"),
        ((230, 107, 158), "pink"),
        ((255, 180, 200), "pink"),
        ((18, 18, 20), "black"),
        ((128, 128, 128), "grey"),
        ((200, 201, 205), "grey"),
        ((250, 250, 248), "white"),
        ((101, 67, 33), "brown"),
    ],
)
def test_colours_have_their_names(rgb, name):
    assert color_name(np.array(rgb) / 255) == name


CAMERA = PinholeCamera(width=40, height=40, fx=600.0, fy=600.0, cx=20.0, cy=20.0)


def kept_columns(depth, mask=None):
    """Columns of a part, by the depth (40,) of each, of which any pixel is kept."""
    inverse = np.tile(1.0 / np.asarray(depth, np.float32), (40, 1))
    mask = np.ones((40, 40), np.bool_) if mask is None else mask
    return np.flatnonzero(without_flying_pixels(mask, inverse, CAMERA).any(axis=0)).tolist()


def test_a_seam_with_the_depth_of_what_lies_behind_is_no_part_of_it():
    depth = np.full(40, 0.60)
    depth[38:] = 0.65
    assert kept_columns(depth) == list(range(37))


def test_a_part_that_something_hides_in_the_middle_keeps_both_ends():
    depth = np.full(40, 0.60)
    depth[20:] = 0.70
    kept = kept_columns(depth)
    assert kept[0] == 0 and kept[-1] == 39 and len(kept) == 38


def test_a_steep_side_is_no_jump():
    across = np.arange(40)
    steep = 0.60 + across * np.tan(np.radians(78)) * 0.60 / CAMERA.fx
    assert kept_columns(steep) == list(across)


def test_a_part_of_nothing_but_jumps_is_kept():
    depth = np.where(np.arange(40) % 2, 0.60, 0.70)
    assert kept_columns(depth) == list(range(40))
