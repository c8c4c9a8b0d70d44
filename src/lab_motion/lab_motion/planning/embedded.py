"""The embedded motion planner: the straight way in joint space, else a way around by RRT-Connect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.parameters import parameter
from lab_description import Cell
from lab_motion.planning.checked_planner import CheckedPlanner
from lab_motion.planning.collision import CollisionChecker
from lab_motion.planning.paths import JointPath, blended_polyline
from lab_motion.planning.planner_parameters import PlannerParameters
from lab_motion.planning.port import MotionOptions
from lab_motion.planning.search import PathSearch, compile_search

# Around both ends of a motion, where the first search looks for a way, radians (metres).
_ROOM = 0.8
# How far before and after a corner its curve begins and ends, radians (metres): the first that is clear.
_BLENDS = np.array([0.8, 0.4, 0.2, 0.1, 0.05, 0.01])


@dataclass(frozen=True)
class EmbeddedParameters(PlannerParameters):
    """Bounds of the search. All of them are counts, so that the same seed gives the same plan."""

    samples: int = parameter(5000, "The number of samples of each search.", minimum=10, maximum=100000)
    shortcuts: int = parameter(
        40, "The number of attempts to make a way that was found shorter.", minimum=0, maximum=10000
    )


DEFAULTS = EmbeddedParameters()


class EmbeddedPlanner(CheckedPlanner):
    """A MotionPlanner that needs no ROS."""

    Parameters = EmbeddedParameters
    deterministic = True

    def __init__(self, cell: Cell, parameters: EmbeddedParameters = DEFAULTS) -> None:
        super().__init__(cell, parameters)
        self._search = parameters
        home = self._named[0]
        compile_search(self._checker(None).search_world(home), home)

    def close(self) -> None:
        """There is nothing to let go of."""

    def ways(
        self, start: FloatArray, goal: FloatArray, checker: CollisionChecker, options: MotionOptions
    ) -> Iterator[JointPath]:
        """The straight line in joint space if it looks free, then ways around, searched with seeds."""
        direct = np.stack([start, goal])
        if checker.first_blocked(direct, options.cancelled, coarsely=True) is None:
            yield blended_polyline(direct, 0.0)
        bounds, limits = self._search, self._limits
        search = PathSearch(checker.search_world(start, goal), start, goal)
        for attempt in range(bounds.attempts):
            random = np.random.default_rng([options.seed, attempt])
            # most ways around lead near the ends: look there first, everywhere later
            lower = np.maximum(limits.lower, np.minimum(start, goal) - _ROOM * (attempt + 1))
            upper = np.minimum(limits.upper, np.maximum(start, goal) + _ROOM * (attempt + 1))
            found = search.path(lower, upper, random, bounds.samples, options.cancelled)
            if options.cancelled():
                return
            if found is None:
                continue
            found = search.shortened(found, random, bounds.shortcuts, options.cancelled)
            if options.cancelled():
                return
            blends = search.blends(found, _BLENDS)
            for share in (1.0, 0.2):
                yield blended_polyline(found, share * blends)
