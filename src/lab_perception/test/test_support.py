"""The support plane in noise, clutter and tilt, and the sentence when there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_core.geometry import rotation_about
from lab_perception.errors import NoSupport
from lab_perception.support import find_support

CENTRE = np.array([0.5, 0.0, 0.0])


def table(rng, count=3000, height=0.0, tilt=0.0, noise=0.0016):
    """Noisy points of a table that is tilted about its middle."""
    points = np.column_stack([rng.uniform(-0.2, 0.2, (count, 2)), rng.normal(0.0, noise, count)])
    return (points @ rotation_about([1.0, 0.5, 0.0], tilt).T + CENTRE + np.array([0, 0, height])).astype(
        np.float32
    )


@settings(max_examples=30, deadline=None)
@given(height=st.floats(-0.015, 0.015), tilt=st.floats(-0.04, 0.04), seed=st.integers(0, 2**16))
def test_it_is_found_within_half_a_millimetre(height, tilt, seed):
    plane = find_support(table(np.random.default_rng(seed), height=height, tilt=tilt), CENTRE)
    assert plane.normal[2] > 0.99
    assert abs(plane.signed_distance(CENTRE + np.array([0, 0, height]))) < 0.0005
    expected = rotation_about([1.0, 0.5, 0.0], tilt)[:, 2]
    assert np.arccos(np.clip(plane.normal @ expected, -1, 1)) < 0.004


@pytest.mark.parametrize("top", [0.008, 0.015, 0.02])
def test_tops_of_equal_parts_over_most_of_the_view_are_not_the_support(top):
    rng = np.random.default_rng(1)
    points = np.vstack([table(rng, 1200), table(rng, 1800, height=top)])
    plane = find_support(points, CENTRE)
    assert abs(plane.signed_distance(CENTRE)) < 0.001


def test_the_same_points_give_the_same_plane():
    points = table(np.random.default_rng(3))
    first, second = find_support(points, CENTRE), find_support(points, CENTRE)
    assert np.array_equal(first.normal, second.normal)
    assert first.offset == second.offset


@pytest.mark.parametrize(
    "points",
    [
        np.empty((0, 3), np.float32),
        table(np.random.default_rng(0), height=0.1),
        table(np.random.default_rng(0), tilt=0.5),
        np.random.default_rng(0).uniform([0.3, -0.2, 0.0], [0.7, 0.2, 0.2], (3000, 3)).astype(np.float32),
    ],
    ids=["nothing", "too high", "too steep", "a cloud"],
)
def test_where_there_is_none_it_says_so(points):
    with pytest.raises(NoSupport, match=r"no level surface near z = 0\.000 m"):
        find_support(points, CENTRE)
