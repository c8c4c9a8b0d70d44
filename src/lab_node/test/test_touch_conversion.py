import math

import numpy as np
import pytest

from lab_core.touch import InvalidPadSample, PadGrid, PadSample
from lab_node.conversions.touch import pad_from_message, pad_message

GRID = PadGrid(4, 3, 0.002, 0.003)


def sample(shear=True, level=0.0):
    random = np.random.default_rng(1)
    pulls = random.uniform(-1.0, 1.0, (4, 3, 2)) if shear else None
    return PadSample.of(12_345_678_901, "left_pad", GRID, random.uniform(0.0, 2.0, (4, 3)), pulls, level)


@pytest.mark.parametrize("shear", [True, False])
def test_a_sample_comes_back_as_it_went(shear):
    before = sample(shear)
    after = pad_from_message(pad_message(before))
    assert (after.stamp, after.frame, after.grid) == (before.stamp, before.frame, before.grid)
    assert after.normal == pytest.approx(before.normal, rel=1e-6)
    assert (after.shear is None) == (not shear)
    if shear:
        assert after.shear == pytest.approx(before.shear, rel=1e-6)
    for name in ("force", "torque", "centroid", "area"):
        assert getattr(after, name) == pytest.approx(getattr(before, name))


def test_a_pad_without_contact_has_no_centre():
    message = pad_message(sample(level=10.0))
    assert message.centroid.x == 0.0 and message.area == 0.0, "no number is NaN in a message of ours"
    assert np.isnan(pad_from_message(message).centroid).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: setattr(m, "rows", 5), "left_pad: 12 taxels, expected 5 rows × 3 columns"),
        (lambda m: setattr(m, "rows", 0), "a pad of 0 × 3 taxels"),
        (lambda m: setattr(m, "columns", 4_000_000), "more than 100000 are no pad"),
        (lambda m: setattr(m, "row_pitch", math.nan), "expected more than 0 and less than 1"),
        (lambda m: setattr(m, "shear_z", []), "left_pad: 0 taxels, expected 4 rows × 3 columns"),
        (
            lambda m: m.normal.__setitem__(4, math.nan),
            "normal force of row 1, column 1 is not a finite number",
        ),
        (lambda m: setattr(m.wrench.force, "y", math.inf), "force or torque of the whole pad is not finite"),
    ],
)
def test_malformed_messages_are_refused_in_one_sentence(change, sentence):
    message = pad_message(sample())
    change(message)
    with pytest.raises(InvalidPadSample, match=sentence.replace("is not finite", "is not a finite number")):
        pad_from_message(message)
