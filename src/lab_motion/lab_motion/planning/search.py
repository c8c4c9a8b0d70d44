"""A way around obstacles: RRT-Connect and shortcuts, compiled.

Source: J. Kuffner, S. LaValle, "RRT-Connect: an efficient approach to single-query path planning", ICRA 2000.
The smaller tree grows. Every bound is a count, so that the same seed finds the same way, and a goal that is
closed off ends the search too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray
from lab_motion.planning.clearance import IntArray, World, edge_is_clear

_LONGEST_EDGE = 0.5
# Between two looks at whether the search is cancelled: at most some 10 ms.
_SAMPLES_AT_ONCE = 100
_CUTS_AT_ONCE = 20
# Of a corner that is rounded: the curve is checked along so many chords.
_CHORDS = 8


class PathSearch:
    """Ways between two places in one world, where each edge is certain to be clear."""

    def __init__(self, world: World, start: FloatArray, goal: FloatArray) -> None:
        self._world = world
        self._start, self._goal = start, goal
        self._hint = np.zeros(1, dtype=np.int64)

    def path(
        self,
        lower: FloatArray,
        upper: FloatArray,
        random: np.random.Generator,
        samples: int,
        cancelled: Callable[[], bool],
    ) -> FloatArray | None:
        """Waypoints (N, J) from start to goal; None when so many samples find none, or when cancelled.

        lower, upper: (J,) between which positions are sampled.
        """
        joints = len(self._start)
        nodes = np.empty((2, 4 * _SAMPLES_AT_ONCE, joints))
        parents = np.full(nodes.shape[:2], -1, dtype=np.int64)
        counts = np.ones(2, dtype=np.int64)
        nodes[0, 0], nodes[1, 0] = self._start, self._goal
        while samples > 0:
            if cancelled():
                return None
            wanted = random.uniform(lower, upper, (min(samples, _SAMPLES_AT_ONCE), joints))
            while len(wanted):
                here, there, used = _grow(self._world, nodes, parents, counts, wanted, self._hint)
                if here >= 0:
                    return np.array(
                        [
                            *_branch(nodes[0], parents[0], here)[::-1],
                            *_branch(nodes[1], parents[1], there)[1:],
                        ]
                    )
                wanted = wanted[used:]
                samples -= used
                if len(wanted):  # a tree is full
                    nodes = np.concatenate([nodes, np.empty_like(nodes)], axis=1)
                    parents = np.concatenate([parents, np.full_like(parents, -1)], axis=1)
        return None

    def shortened(
        self,
        waypoints: FloatArray,
        random: np.random.Generator,
        attempts: int,
        cancelled: Callable[[], bool],
    ) -> FloatArray:
        """A shorter path between the same ends, after so many attempts to cut straight across it."""
        path = _without_corners(self._world, waypoints, self._hint)
        shares = np.sort(random.uniform(size=(attempts, 2)), axis=1)
        for begin in range(0, attempts, _CUTS_AT_ONCE):
            if len(path) == 2 or cancelled():
                break
            path = _cut(self._world, path, shares[begin : begin + _CUTS_AT_ONCE], self._hint)
            path = _without_corners(self._world, path, self._hint)
        return path

    def blends(self, waypoints: FloatArray, reaches: FloatArray) -> FloatArray:
        """(N - 2,) how far around each corner of a path (N, J) it can be rounded: the first of the reaches
        whose curve is clear, else the last.
        """
        return _blends(self._world, waypoints, reaches, self._hint)


def compile_search(world: World, positions: FloatArray) -> None:
    """Compile everything for worlds of an arm, so that the first search is as fast as all others."""
    hint = np.zeros(1, dtype=np.int64)
    path = positions + 1e-3 * np.arange(3.0)[:, None]
    nodes, parents = np.empty((2, 400, len(positions))), np.full((2, 400), -1, dtype=np.int64)
    nodes[:, 0] = path[[0, 2]]
    _grow(world, nodes, parents, np.ones(2, dtype=np.int64), path, hint)
    _without_corners(world, _cut(world, path, np.array([[0.1, 0.9]]), hint), hint)
    _blends(world, path, np.array([0.01]), hint)


def _branch(nodes: FloatArray, parents: IntArray, index: int) -> list[FloatArray]:
    """Positions from an index to the root."""
    found: list[FloatArray] = []
    while index >= 0:
        found.append(nodes[index])
        index = int(parents[index])
    return found


@compiled
def _nearest(nodes: FloatArray, count: int, target: FloatArray) -> int:
    best, least = 0, np.inf
    for n in range(count):
        squared = 0.0
        for j in range(len(target)):
            squared += (nodes[n, j] - target[j]) ** 2
        if squared < least:
            best, least = n, squared
    return best


@compiled
def _extend(
    world: World,
    nodes: FloatArray,
    parents: IntArray,
    counts: IntArray,
    near: int,
    target: FloatArray,
    hint: IntArray,
) -> int:
    """Grow one edge from a node towards a target (J,); its end, or -1 when it is not clear."""
    step = target - nodes[near]
    length = np.sqrt(np.sum(step * step))
    end = nodes[near] + step * min(1.0, _LONGEST_EDGE / max(length, 1e-9))
    if length < 1e-9 or not edge_is_clear(world, nodes[near], end, hint):
        return -1
    new: int = counts[0]
    nodes[new] = end
    parents[new] = near
    counts[0] += 1
    return new


@compiled
def _grow(
    world: World, nodes: FloatArray, parents: IntArray, counts: IntArray, samples: FloatArray, hint: IntArray
) -> tuple[int, int, int]:
    """Grow both trees (2, N, J) towards samples (K, J): where they meet, or -1, and how many were used.

    parents: (2, N). counts: (2,) nodes so far. Ends early when a tree may not have room for the next sample.
    """
    span = np.sqrt(samples.shape[1]) * 2.0 * np.pi * 4.0
    room = int(span / _LONGEST_EDGE) + 2
    for k in range(len(samples)):
        if counts.max() + room > nodes.shape[1]:
            return -1, -1, k
        tree = 0 if counts[0] <= counts[1] else 1
        other = 1 - tree
        near = _nearest(nodes[tree], counts[tree], samples[k])
        new = _extend(world, nodes[tree], parents[tree], counts[tree : tree + 1], near, samples[k], hint)
        if new < 0:
            continue
        target = nodes[tree, new]
        met = _nearest(nodes[other], counts[other], target)
        while met >= 0 and counts[other] < nodes.shape[1]:
            if np.max(np.abs(nodes[other, met] - target)) < 1e-9:
                return (new, met, k) if tree == 0 else (met, new, k)
            met = _extend(world, nodes[other], parents[other], counts[other : other + 1], met, target, hint)
    return -1, -1, len(samples)


@compiled
def _cut(world: World, path: FloatArray, shares: FloatArray, hint: IntArray) -> FloatArray:
    """The path (M, J) after straight cuts from one share (K, 2) of its length to another, where clear."""
    for k in range(len(shares)):
        lengths = np.zeros(len(path))
        for n in range(1, len(path)):
            lengths[n] = lengths[n - 1] + np.sqrt(np.sum((path[n] - path[n - 1]) ** 2))
        begin, end = shares[k, 0] * lengths[-1], shares[k, 1] * lengths[-1]
        i, j = _segment(lengths, begin), _segment(lengths, end)
        if i == j:
            continue
        here = path[i] + (path[i + 1] - path[i]) * (begin - lengths[i]) / (lengths[i + 1] - lengths[i])
        there = path[j] + (path[j + 1] - path[j]) * (end - lengths[j]) / (lengths[j + 1] - lengths[j])
        if edge_is_clear(world, here, there, hint):
            cut = np.empty((i + 2 + len(path) - j, path.shape[1]))
            cut[: i + 1] = path[: i + 1]
            cut[i + 1], cut[i + 2] = here, there
            cut[i + 3 :] = path[j + 1 :]
            path = cut
    return path


@compiled
def _segment(lengths: FloatArray, length: float) -> int:
    """In which segment of a polyline a length is."""
    n = 0
    while n < len(lengths) - 2 and lengths[n + 1] < length:
        n += 1
    return n


@compiled
def _without_corners(world: World, path: FloatArray, hint: IntArray) -> FloatArray:
    """From each corner straight to the last one that can be reached so."""
    kept = np.empty_like(path)
    kept[0] = path[0]
    count, here = 1, 0
    while here < len(path) - 1:
        there = len(path) - 1
        while there > here + 1 and not edge_is_clear(world, path[here], path[there], hint):
            there -= 1
        kept[count] = path[there]
        count, here = count + 1, there
    return kept[:count].copy()


@compiled
def _blends(world: World, path: FloatArray, reaches: FloatArray, hint: IntArray) -> FloatArray:
    found = np.full(len(path) - 2, reaches[-1])
    for n in range(len(found)):
        back, ahead = path[n] - path[n + 1], path[n + 2] - path[n + 1]
        first, second = np.sqrt(np.sum(back * back)), np.sqrt(np.sum(ahead * ahead))
        for reach in reaches:
            size = min(reach, 0.5 * first, 0.5 * second)
            last = path[n + 1] + back * (size / first)
            clear = True
            for k in range(1, _CHORDS + 1):
                t = k / _CHORDS
                point = path[n + 1] + (1.0 - t) ** 2 * back * (size / first) + t**2 * ahead * (size / second)
                if not edge_is_clear(world, last, point, hint):
                    clear = False
                    break
                last = point
            if clear:
                found[n] = reach
                break
    return found
