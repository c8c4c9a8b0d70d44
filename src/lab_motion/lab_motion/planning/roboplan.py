"""The embedded motion planner: the straight way in joint space, else a way around by roboplan's search."""

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
from lab_motion.planning.search import PathSearch

# Around both ends of a motion, where the first search looks for a way, radians (metres).
_ROOM = 0.8


@dataclass(frozen=True)
class RoboplanParameters(PlannerParameters):
    """Bounds of the search. All of them are counts, so that the same seed gives the same plan."""

    samples: int = parameter(200, "The number of samples of each search.", minimum=10, maximum=100000)
    shortcuts: int = parameter(
        60, "The number of attempts to make a way that was found shorter.", minimum=0, maximum=10000
    )


DEFAULTS = RoboplanParameters()


class RoboplanPlanner(CheckedPlanner):
    """A MotionPlanner that needs no ROS."""

    Parameters = RoboplanParameters
    deterministic = True

    def __init__(self, cell: Cell, parameters: RoboplanParameters = DEFAULTS) -> None:
        super().__init__(cell, parameters)
        self._search = parameters

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
        allowed = [*self._allowed(options.contacts), *checker.relaxed()]
        world = self._world(options.contacts is not None, allowed, checker.margin)
        search = PathSearch(world, self.joint_names)
        if search.blocked(start) or search.blocked(goal):
            return
        for attempt in range(bounds.attempts):
            seed = options.seed + attempt
            # most ways around lead near the ends: look there first, everywhere later
            lower = np.maximum(limits.lower, np.minimum(start, goal) - _ROOM * (attempt + 1))
            upper = np.minimum(limits.upper, np.maximum(start, goal) + _ROOM * (attempt + 1))
            found = search.path(start, goal, lower, upper, seed, bounds.samples, options.cancelled)
            if options.cancelled():
                return
            if found is None:
                continue
            found = search.shortened(found, seed, bounds.shortcuts)
            if options.cancelled():
                return
            for blend in (0.4, 0.1, 0.01):
                yield blended_polyline(found, blend)
