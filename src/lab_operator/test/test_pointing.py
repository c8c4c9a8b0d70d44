"""A click in the camera's picture means the part that is drawn there."""

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, invert, make_transform, transform_points
from lab_core.scene import Part, Scene
from lab_description import load_cell
from lab_operator.pointing import part_at, pixel_at

CELL = load_cell("ur5e_table")
PINHOLE = CELL.camera.pinhole


def part(name, x, y, size=(0.04, 0.04, 0.04)):
    box = OrientedBox(make_transform(np.eye(3), [x, y, 0.5 * size[2]]), np.array(size))
    return Part(id=name, box=box)


def pixel_of(x, y, z):
    seen = transform_points(invert(CELL.camera.base_from_camera), np.array([[x, y, z]]))
    return tuple(PINHOLE.project(seen)[0].tolist())


PARTS = Scene(
    0, "base_link", objects=(part("object_1", 0.45, 0.0), part("object_2", 0.6, 0.1, (0.05, 0.05, 0.12)))
)


@pytest.mark.parametrize(
    ("point", "name"),
    [((0.45, 0.0, 0.02), "object_1"), ((0.6, 0.1, 0.1), "object_2"), ((0.5, -0.1, 0.0), None)],
)
def test_a_part_is_meant_where_it_is_seen(point, name):
    found = part_at(pixel_of(*point), PARTS, CELL)
    assert (found.id if found is not None else None) == name


def test_of_two_in_one_place_the_nearer_is_meant():
    behind = Scene(0, "base_link", objects=(part("low", 0.5, 0.0), part("high", 0.5, 0.0, (0.04, 0.04, 0.2))))
    assert part_at(pixel_of(0.5, 0.0, 0.02), behind, CELL).id == "high"


def test_a_click_is_a_pixel_of_the_picture_in_its_place():
    width, height = PINHOLE.width, PINHOLE.height
    assert pixel_at((0.5 * width, 10.0), (width, height), PINHOLE) == (0.5 * width, 10.0)
    # twice as wide as the picture is: it stands in the middle
    assert pixel_at((width, 10.0), (2 * width, height), PINHOLE) == (0.5 * width, 10.0)
    assert pixel_at((10.0, 10.0), (2 * width, height), PINHOLE) is None
    assert pixel_at((1.0, 1.0), (0.0, 0.0), PINHOLE) is None
