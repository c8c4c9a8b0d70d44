import math

import numpy as np
import pytest
from synthetic import Pad

from lab_touch.hardness import hardness
from lab_touch.weight import GRAVITY, Scale

LEFT, RIGHT = np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0])


def hold(scale, pads, mass, samples=30):
    half = 0.5 * mass * GRAVITY
    for _ in range(samples):
        taken = [pad.held(8.0, half / (0.9 * 8.0), 0.9, angle=-math.pi / 2) for pad in pads]
        scale.add(taken, (LEFT, RIGHT))


@pytest.mark.parametrize("mass", [0.1, 0.4, 1.0])
def test_a_held_part_is_weighed(mass):
    pads = [Pad(1), Pad(2)]
    scale = Scale([pad.rest(200) for pad in pads])
    assert scale.value() is None
    hold(scale, pads, mass)
    weight = scale.value()
    assert weight is not None and weight.steady
    assert weight.mass == pytest.approx(mass, abs=0.02)
    assert weight.of_class(mass, 0.02) and not weight.of_class(2.0 * mass + 0.1, 0.02)


def test_a_part_that_is_set_down_meanwhile_is_not_steady():
    pads = [Pad(1), Pad(2)]
    scale = Scale([pad.rest() for pad in pads])
    for step in range(25):
        hold(scale, pads, 1.0 - 0.02 * step, 1)
    weight = scale.value()
    assert weight is not None and not weight.steady


def test_without_shear_nothing_is_weighed():
    pads = [Pad(1, shear=False), Pad(2, shear=False)]
    scale = Scale([pad.rest() for pad in pads])
    hold(scale, pads, 1.0)
    assert scale.value() is None


def squeeze(stiffness, pads, noise=0.02, seed=0):
    random = np.random.default_rng(seed)
    both = 1.0 / (1.0 / stiffness + 1.0 / pads) if math.isfinite(stiffness) else pads
    openings = 0.04 - np.linspace(0.0, 6.0 / both, 20)
    return openings, both * (0.04 - openings) + noise * random.standard_normal(20)


def test_soft_and_hard_parts_are_told_apart():
    pads = 1e5
    for stiffness in (2e3, 1e4, 5e4):
        told = hardness(*squeeze(stiffness, pads), 0.02, pads)
        assert told is not None and told.confidence > 0.9
        assert told.stiffness == pytest.approx(stiffness, rel=0.25)
    rigid = hardness(*squeeze(math.inf, pads), 0.02, pads)
    assert rigid is not None and (rigid.stiffness > 5e5)


def test_a_squeeze_that_tells_nothing_gives_nothing():
    assert hardness([0.04] * 8, [1.0] * 8, 0.02, 1e5) is None
    assert hardness([0.04, 0.039], [1.0, 2.0], 0.02, 1e5) is None
    openings, forces = squeeze(1e4, 1e5)
    assert hardness(openings, np.zeros_like(forces), 0.02, 1e5) is None
