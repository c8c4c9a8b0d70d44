"""A part that lies in the middle of another one is a part of its own; the rim of a cup is not."""

import numpy as np
import pytest
from rendered_scenes import Part, box, cylinder, render

from lab_perception.frame import RgbdFrame, WorkArea
from lab_perception.pipeline import Perception
from lab_perception.segmentation import GeometricDetector, GeometricParameters

AREA = WorkArea(np.array([0.35, -0.22, 0.0]), np.array([0.70, 0.22, 0.2]), 0.0)
RED, BLUE = (0.8, 0.12, 0.12), (0.1, 0.25, 0.75)
BASE = box((0.10, 0.09, 0.04), 0.5, 0.05, yaw=0.3, rgb=RED)


def look(parts, **parameters):
    scene = render(parts, seed=1)
    perception = Perception(AREA, GeometricDetector(GeometricParameters(**parameters)))
    return perception.perceive(
        RgbdFrame(scene.color, scene.depth, scene.camera, scene.base_from_camera)
    ).objects


@pytest.mark.parametrize("rgb", [BLUE, RED])
@pytest.mark.parametrize(
    "top", [box((0.045, 0.04, 0.035), 0.5, 0.05, 0.04), cylinder(0.02, 0.03, 0.5, 0.05, 0.04)]
)
def test_two_levels_are_two_parts_whatever_their_colours(top, rgb):
    upper = Part(top.geoms, top.position, rgb=rgb)
    objects = look([BASE, upper])
    assert len(objects) == 2
    high = max(objects, key=lambda part: part.box.size[2])
    assert high.box.size[2] > 0.06
    assert np.all(high.box.size[:2] < 0.06) and np.allclose(high.box.centre[:2], (0.5, 0.05), atol=0.006)
    low = min(objects, key=lambda part: part.box.size[2])
    assert np.allclose(np.sort(low.box.size), (0.04, 0.09, 0.10), atol=0.008)


def test_nothing_is_split_where_nobody_wants_it():
    upper = box((0.045, 0.04, 0.035), 0.5, 0.05, 0.04, rgb=RED)
    assert len(look([BASE, upper], least_step=0.0)) == 1


def test_a_low_step_is_one_part():
    upper = box((0.06, 0.05, 0.006), 0.5, 0.05, 0.04, rgb=RED)
    assert len(look([BASE, upper])) == 1


def test_what_a_cup_surrounds_is_no_other_part():
    wall, half, height = 0.006, 0.038, 0.06
    sides = [
        ("box", (half, wall / 2, height / 2), (0.0, sign * (half - wall / 2), height / 2))
        for sign in (-1.0, 1.0)
    ]
    sides += [
        ("box", (wall / 2, half, height / 2), (sign * (half - wall / 2), 0.0, height / 2))
        for sign in (-1.0, 1.0)
    ]
    floor = ("box", (half, half, 0.003), (0.0, 0.0, 0.003))
    cup = [Part([*sides, floor], (0.5, 0.0, 0.0), rgb=BLUE)]
    assert len(look(cup)) == len(look(cup, least_step=0.0))
