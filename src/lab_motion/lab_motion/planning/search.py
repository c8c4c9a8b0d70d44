"""A way around obstacles: RRT-Connect on roboplan's collision world, and roboplan's shortcuts.

Source: J. Kuffner, S. LaValle, "RRT-Connect: an efficient approach to single-query path planning", ICRA 2000.

The trees are grown here and not by roboplan.rrt, whose loop ends by nodes or by the wall clock: with a goal
that is closed off no node is ever added, and it runs on, deaf to a cancel. Here every bound is a count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from roboplan import core

from lab_core.geometry import FloatArray
from lab_motion.planning.world import WorldText

GROUP = "manipulator"
_CHECK_STEP = 0.03
_LONGEST_EDGE = 0.8


class Tree:
    """Joint positions that are connected to the first one by free edges."""

    def __init__(self, root: FloatArray, capacity: int) -> None:
        self._positions = np.empty((capacity, len(root)))
        self._parents = [-1]
        self._positions[0] = root

    def __len__(self) -> int:
        return len(self._parents)

    def __getitem__(self, index: int) -> FloatArray:
        positions: FloatArray = self._positions[index]
        return positions

    def add(self, positions: FloatArray, parent: int) -> int:
        """The index of new positions (J,)."""
        self._positions[len(self)] = positions
        self._parents.append(parent)
        return len(self) - 1

    def nearest(self, positions: FloatArray) -> int:
        """The index of what is nearest."""
        offsets = self._positions[: len(self)] - positions
        return int(np.argmin(np.einsum("nj,nj->n", offsets, offsets)))

    def branch(self, index: int) -> list[FloatArray]:
        """Positions from the root to an index."""
        found: list[FloatArray] = []
        while index >= 0:
            found.append(self[index])
            index = self._parents[index]
        return found[::-1]


class PathSearch:
    """Searches in one world; its answers are likely, not certainly, free of collision."""

    def __init__(self, text: WorldText, joint_names: Sequence[str]) -> None:
        self._names = list(joint_names)
        self._scene = core.Scene("search", core.loadUrdfSceneDescriptionFromXml(text.urdf))
        self._scene.importSrdf(text.srdf)

    def blocked(self, positions: FloatArray) -> bool:
        """Whether something touches at joint positions (J,)."""
        return bool(self._scene.hasCollisions(positions))

    def path(
        self,
        start: FloatArray,
        goal: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        seed: int,
        samples: int,
        cancelled: Callable[[], bool],
    ) -> FloatArray | None:
        """Waypoints (N, J) from start to goal; None when so many samples find none, or when cancelled.

        lower, upper: (J,) between which positions are sampled.
        """
        random = np.random.default_rng(seed)
        # each sample adds at most one node to one tree and a row of nodes to the other
        capacity = samples * (2 + int(np.linalg.norm(upper - lower) / _LONGEST_EDGE)) + 2
        here, there = Tree(start, capacity), Tree(goal, capacity)
        forwards = True
        for _ in range(samples):
            if cancelled():
                return None
            grown = self._extend(here, random.uniform(lower, upper))
            if grown is not None:
                met = self._connect(there, here[grown])
                if met is not None:
                    both = here.branch(grown), there.branch(met)
                    first, last = both if forwards else both[::-1]
                    return np.array([*first, *last[::-1][1:]])
            here, there, forwards = there, here, not forwards
        return None

    def shortened(self, waypoints: FloatArray, seed: int, attempts: int) -> FloatArray:
        """A shorter path between the same ends, after so many attempts to shorten it."""
        path = core.JointPath()
        path.joint_names = self._names
        path.positions = list(waypoints)
        options = core.PathShortcuttingOptions(
            group_name=GROUP, max_step_size=_CHECK_STEP, max_iters=attempts, seed=seed
        )
        return np.array(core.PathShortcutter(self._scene, options).shortcut(path).positions)

    def _extend(self, tree: Tree, target: FloatArray) -> int | None:
        """Grow one edge towards a target; its end, or None when it is blocked."""
        nearest = tree.nearest(target)
        step = target - tree[nearest]
        length = float(np.linalg.norm(step))
        end = tree[nearest] + step * min(1.0, _LONGEST_EDGE / max(length, 1e-9))
        if length < 1e-9 or self._edge_blocked(tree[nearest], end):
            return None
        return tree.add(end, nearest)

    def _connect(self, tree: Tree, target: FloatArray) -> int | None:
        """Grow edges towards a target; the node that is there, or None when one is blocked."""
        while True:
            node = self._extend(tree, target)
            if node is None:
                return None
            if np.abs(tree[node] - target).max() < 1e-9:
                return node

    def _edge_blocked(self, start: FloatArray, end: FloatArray) -> bool:
        return bool(core.hasCollisionsAlongPath(self._scene, start, end, _CHECK_STEP, True))
