"""The parts that planners are judged on."""

import numpy as np
import pytest

from lab_evaluation.shapes import SETS, part_source
from lab_simulation.scenes.catalogue import KINDS

SHAPES = SETS["mixed"]
JAW = 0.080


def test_no_kind_is_one_that_the_planner_was_tuned_on():
    assert not {shape.name for shape in SHAPES} & set(KINDS)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_jaw_can_take_each_part_and_it_fits_the_workspace(shape):
    source = part_source([shape], standing=False)
    for seed in range(5):
        outline = source(0, np.random.default_rng(seed)).outline()
        extent = np.sort(np.ptp(outline, axis=0))
        assert extent[0] < JAW - 0.005
        assert extent[0] > 0.015 and extent[2] < 0.14


def test_the_same_seed_draws_the_same_part():
    source = part_source(SHAPES, standing=True)
    first, again = (source(3, np.random.default_rng([5, 3])) for _ in range(2))
    assert first.name == again.name and first.colour == again.colour
    assert np.array_equal(first.outline(), again.outline())


def test_only_what_stands_is_packed():
    source = part_source(SHAPES, standing=True)
    kinds = {source(0, np.random.default_rng(seed)).kind for seed in range(200)}
    assert kinds == {shape.name for shape in SHAPES if shape.stands}
