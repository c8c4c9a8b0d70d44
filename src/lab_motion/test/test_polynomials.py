"""Polynomials that are those of SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from lab_motion.planning.polynomials import hermite, spline

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, count):
    """Ascending x, values, slopes, and where to look, also beyond both ends."""
    random = np.random.default_rng(seed)
    x = np.cumsum(random.uniform(0.01, 1.0, count))
    at = np.concatenate([x, random.uniform(x[0] - 0.1, x[-1] + 0.1, 20)])
    return x, random.normal(size=(count, 6)), random.normal(size=(count, 6)), at


@given(SEEDS, st.integers(2, 30), st.integers(0, 2))
def test_cubics_with_slopes_are_those_of_scipy_to_the_last_bit(seed, count, order):
    x, values, slopes, at = drawn(seed, count)
    np.testing.assert_array_equal(
        hermite(x, values, slopes)(at, order), CubicHermiteSpline(x, values, slopes)(at, order)
    )


@given(SEEDS, st.integers(3, 60), st.integers(0, 2))
def test_splines_are_those_of_scipy(seed, count, order):
    x, values, _, at = drawn(seed, count)
    expected = CubicSpline(x, values)(at, order)
    np.testing.assert_allclose(
        spline(x, values)(at, order), expected, rtol=1e-9, atol=1e-9 * abs(expected).max()
    )


def test_two_values_give_a_line():
    line = spline(np.array([1.0, 3.0]), np.array([[0.0], [4.0]]))
    assert line(2.0) == pytest.approx(2.0)
    assert line(2.0, 1) == pytest.approx(2.0)
    assert line(2.0, 2) == pytest.approx(0.0)
