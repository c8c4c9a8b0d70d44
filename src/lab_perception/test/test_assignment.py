"""The assignment is the one that SciPy finds, also where costs are equal."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lab_perception.assignment import assign
from lab_perception.region_graph import connected

SIZES = st.integers(0, 9)


@given(SIZES, SIZES, st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 1000]))
def test_pairs_are_those_of_scipy(rows, columns, seed, values):
    cost = np.random.default_rng(seed).integers(0, values, (rows, columns)) / 7.0
    expected = [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(cost), strict=True)]
    assert assign(cost) == expected


@given(st.integers(1, 40), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_heaps_are_those_of_scipy(count, links, seed):
    edges = np.random.default_rng(seed).integers(0, count, (links, 2)).astype(np.int32)
    graph = coo_array((np.ones(links, np.bool_), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, expected = connected_components(graph, directed=False)
    np.testing.assert_array_equal(connected(edges, count), expected)
