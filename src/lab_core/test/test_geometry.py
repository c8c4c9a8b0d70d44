"""Axioms of the transforms and consistency of projection, planes and boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_core.geometry import (
    OrientedBox,
    PinholeCamera,
    Plane,
    fit_plane,
    invert,
    make_transform,
    matrix_from_quaternion,
    matrix_from_rpy,
    minimum_area_rectangle,
    quaternion_from_matrix,
    rotation_about,
    rotation_angle,
    transform_from_xyz_rpy,
    transform_points,
)

angles = st.floats(-np.pi, np.pi)
lengths = st.floats(-2.0, 2.0)
vectors = st.tuples(lengths, lengths, lengths).map(np.array)
transforms = st.builds(transform_from_xyz_rpy, vectors, st.tuples(angles, angles, angles))


@given(transforms, vectors)
def test_inverse_takes_points_back(target_from_source, point):
    there = transform_points(target_from_source, point)
    assert np.allclose(transform_points(invert(target_from_source), there), point, atol=1e-9)


@given(transforms, transforms)
def test_inverse_of_a_stack_is_the_stack_of_inverses(first, second):
    assert np.allclose(invert(np.stack([first, second])), np.stack([invert(first), invert(second)]))


@given(transforms)
def test_quaternion_and_matrix_agree(transform):
    rotation = transform[:3, :3]
    assert np.allclose(matrix_from_quaternion(quaternion_from_matrix(rotation)), rotation, atol=1e-9)


@given(st.tuples(angles, angles, angles), st.floats(0.0, 3.1))
def test_rotation_angle_is_the_angle(rpy, angle):
    axis = matrix_from_rpy(rpy)[:, 0]
    assert rotation_angle(rotation_about(axis, angle)) == pytest.approx(angle, abs=1e-7)


def test_rpy_is_that_of_urdf():
    """URDF: roll about x first, then pitch about the fixed y, then yaw about the fixed z."""
    assert np.allclose(matrix_from_rpy([np.pi / 2, 0, np.pi / 2]) @ [0, 1, 0], [0, 0, 1])
    assert np.allclose(matrix_from_rpy([np.pi / 2, 0, np.pi / 2]) @ [1, 0, 0], [0, 1, 0])


def test_a_quaternion_without_length_is_refused():
    with pytest.raises(ValueError, match="no length"):
        matrix_from_quaternion([0.0, 0.0, 0.0, 0.0])


CAMERA = PinholeCamera(width=640, height=480, fx=615.0, fy=614.0, cx=319.5, cy=239.5)


@given(st.floats(0.2, 3.0))
def test_projection_inverts_deprojection(depth):
    points = CAMERA.deproject(np.full((480, 640), depth, dtype=np.float32))
    pixels = CAMERA.project(points.astype(np.float64))
    assert np.allclose(pixels[17, 23], [23, 17], atol=1e-2)
    assert np.allclose(pixels[479, 639], [639, 479], atol=1e-2)


def test_scaling_keeps_directions():
    """A pixel edge of the small image is a pixel edge of the large one."""
    point = np.array([[0.1, -0.2, 0.8]])
    large, small = CAMERA.project(point), CAMERA.scaled(0.5).project(point)
    assert np.allclose((small + 0.5) * 2, large + 0.5)


def test_points_behind_the_camera_have_no_pixel():
    assert np.isnan(CAMERA.project(np.array([[0.0, 0.0, -1.0]]))).all()


def test_impossible_camera_is_refused():
    with pytest.raises(ValueError, match="impossible"):
        PinholeCamera(640, 480, 0.0, 600.0, 320, 240)


@given(transforms)
def test_plane_moves_with_its_points(target_from_source):
    rng = np.random.default_rng(0)
    points = np.c_[rng.uniform(-1, 1, (50, 2)), np.full(50, 0.3)]
    moved = Plane(np.array([0.0, 0.0, 1.0]), -0.3).transformed(target_from_source)
    moved_points = transform_points(target_from_source, points)
    assert np.abs(moved.signed_distance(moved_points)).max() < 1e-9
    fitted = fit_plane(moved_points)
    assert abs(fitted.normal @ moved.normal) == pytest.approx(1.0)


def test_box_contains_its_corners_but_not_more():
    box = OrientedBox(transform_from_xyz_rpy([0.4, 0.1, 0.2], [0.3, -0.2, 1.0]), np.array([0.1, 0.05, 0.02]))
    assert box.contains(box.corners(), margin=1e-9).all()
    assert not box.contains(box.centre + 1.01 * (box.corners() - box.centre)).any()


@given(angles)
def test_rectangle_finds_the_turned_rectangle(yaw):
    rng = np.random.default_rng(1)
    inside = rng.uniform([-0.04, -0.015], [0.04, 0.015], (500, 2))
    corners = np.array([[-0.04, -0.015], [0.04, -0.015], [0.04, 0.015], [-0.04, 0.015]])
    turn = make_transform(rotation_about([0, 0, 1], yaw), [0, 0, 0])[:2, :2]
    centre, size, found = minimum_area_rectangle(np.vstack([inside, corners]) @ turn.T + [0.5, 0.1])
    assert np.allclose(centre, [0.5, 0.1], atol=1e-4)
    assert np.allclose(size, [0.08, 0.03], atol=1e-4)
    assert abs(np.sin(found - yaw)) < 1e-2


@pytest.mark.parametrize(
    ("offset", "yaw", "depth"),
    [
        ([0.03, 0.0, 0.0], 0.0, 0.01),
        ([0.05, 0.0, 0.0], 0.0, 0.0),
        ([0.0, 0.0, 0.0], 0.0, 0.04),
        # a corner that points at a face
        ([0.02 + 0.02 * np.sqrt(2.0) - 0.005, 0.0, 0.0], np.pi / 4, 0.005),
        ([0.02 + 0.02 * np.sqrt(2.0) + 0.001, 0.0, 0.0], np.pi / 4, 0.0),
    ],
)
def test_how_deep_one_box_is_in_another(offset, yaw, depth):
    turned = make_transform(rotation_about([0.0, 0.0, 1.0], yaw), offset)
    anywhere = make_transform(rotation_about([0.3, -0.5, 0.2], 1.1), [0.4, -0.2, 0.7])
    size = np.full(3, 0.04)
    first, second = OrientedBox(anywhere, size), OrientedBox(anywhere @ turned, size)
    assert first.penetration(second) == pytest.approx(depth, abs=1e-9)
    assert second.penetration(first) == pytest.approx(depth, abs=1e-9)
