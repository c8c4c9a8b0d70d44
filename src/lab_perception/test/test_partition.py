"""Superpixels and the multicut over them."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_perception.multicut import contract
from lab_perception.region_graph import RegionGraph
from lab_perception.segmentation import WITH_NETWORK, join
from lab_perception.superpixels import superpixels


def objective(labels, edges, weights):
    """Sum of the weights inside clusters: what a multicut maximises."""
    return weights[labels[edges[:, 0]] == labels[edges[:, 1]]].sum()


def random_graph(seed, nodes):
    rng = np.random.default_rng(seed)
    pairs = np.array(list(itertools.combinations(range(nodes), 2)), np.int32).reshape(-1, 2)
    edges = pairs[rng.random(len(pairs)) < 0.6]
    return edges.reshape(-1, 2).astype(np.int32), rng.normal(0.0, 1.0, len(edges)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**20), nodes=st.integers(1, 24))
def test_no_two_clusters_attract_each_other_in_the_end(seed, nodes):
    edges, weights = random_graph(seed, nodes)
    labels = contract(nodes, edges, weights)
    assert sorted(set(labels)) == list(range(labels.max() + 1))
    between = np.zeros((nodes, nodes))
    np.add.at(between, (labels[edges[:, 0]], labels[edges[:, 1]]), weights)
    np.fill_diagonal(between, 0.0)
    assert (between + between.T).max() <= 1e-4


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_it_comes_near_the_best_partition(seed):
    """Against all 203 partitions of six nodes."""
    edges, weights = random_graph(seed, 6)
    best = 0.0
    for labels in itertools.product(range(6), repeat=6):
        if all(label <= max(labels[:i], default=-1) + 1 for i, label in enumerate(labels)):
            best = max(best, objective(np.array(labels), edges, weights))
    assert objective(contract(6, edges, weights), edges, weights) >= 0.6 * best


def test_strong_evidence_outweighs_a_weak_bridge():
    edges = np.array([[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5], [2, 3]])
    weights = np.array([2.0, 2.0, -0.5, 2.0, 2.0, -0.5, -1.0], np.float32)
    assert contract(6, edges, weights).tolist() == [0, 0, 0, 1, 1, 1]


def test_nothing_is_partitioned_into_nothing():
    assert len(contract(0, np.empty((0, 2), np.int32), np.empty(0, np.float32))) == 0
    assert contract(3, np.empty((0, 2), np.int32), np.empty(0, np.float32)).tolist() == [0, 1, 2]


def test_superpixels_cover_the_domain_and_are_connected():
    rng = np.random.default_rng(0)
    edges = cv2.GaussianBlur(rng.integers(0, 255, (70, 90)).astype(np.uint8), (0, 0), 2)
    domain = cv2.GaussianBlur(rng.random((70, 90)), (0, 0), 4) > 0.5
    labels, count = superpixels(edges, domain, 8)
    assert ((labels >= 0) == domain).all()
    assert set(labels[domain]) == set(range(count))
    for label in range(count):
        pieces, _ = cv2.connectedComponents((labels == label).astype(np.uint8), connectivity=4)
        assert pieces == 2


def test_superpixels_end_at_edges():
    edges = np.zeros((40, 40), np.uint8)
    edges[:, 19:21] = 200
    labels, _ = superpixels(edges, np.ones((40, 40), np.bool_), 8)
    left, right = set(labels[:, :19].ravel()), set(labels[:, 21:].ravel())
    assert not left & right


@pytest.mark.parametrize(("heap", "parts"), [(0.0012, 1), (0.01, 2)])
def test_what_stands_alone_and_is_small_is_one_part_of_two_materials(heap, parts):
    """A bolt with a dark head and a bright shank was two parts, and one was left when it had been placed."""
    one = np.ones(1, np.float32)
    graph = RegionGraph(
        area=np.full(2, 6e-4, np.float32),
        edges=np.array([[0, 1]], np.int32),
        length=8.0 * one,
        chroma=30.0 * one,
        lightness=0.0 * one,
        heap=heap * one,
        crowd=6e-4 * one,
        concavity=0.5 * one,
        step=1.0 * one,
        seen_edge=0.5 * one,
        votes_apart=one,
    )
    regions = np.repeat(np.array([[0, 1]], np.int32), 8, axis=1)
    assert join(regions, graph, WITH_NETWORK).max() + 1 == parts
