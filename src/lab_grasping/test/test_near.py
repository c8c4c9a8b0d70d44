"""Neighbours within a radius, held against SciPy's tree."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from lab_grasping.near import MOST_CELLS, near


@pytest.mark.parametrize("seed", range(20))
def test_near_says_what_a_tree_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(random.integers(1, 300), 3)) * random.uniform(0.001, 0.05, 3)
    queries = random.normal(size=(400, 3)) * 0.06
    radius = float(random.uniform(0.001, 0.03))
    distance, _ = cKDTree(points).query(queries)
    np.testing.assert_array_equal(near(points, queries, radius), distance < radius)


def test_points_that_lie_far_apart_need_no_larger_grid() -> None:
    points = np.array([[0.0, 0.0, 0.0], [500.0, 500.0, 500.0]])
    assert MOST_CELLS < (1000.0 / 1e-3) ** 3
    found = near(points, np.array([[0.0, 0.0, 0.0005], [250.0, 250.0, 250.0], [500.0, 500.0, 500.002]]), 1e-3)
    assert found.tolist() == [True, False, False]


def test_points_in_a_plane() -> None:
    points = np.zeros((5, 3))
    assert near(points, np.array([[0.001, 0.0, 0.0], [0.0, 0.0, 0.01]]), 0.002).tolist() == [True, False]
