"""Motion planning by MoveIt: the direct way by Pilz PTP, ways around by OMPL, straight lines by Pilz LIN.

MoveIt finds the ways; kinematics, times and the checks of what it found are those of every planner here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lab_core.errors import ConfigurationError
from lab_core.geometry import FloatArray
from lab_core.parameters import parameter
from lab_description import Cell
from lab_description.stored_pairs import disabled_pairs
from lab_motion.errors import PathNotStraight
from lab_motion.planning.checked_planner import CheckedPlanner
from lab_motion.planning.collision import CollisionChecker
from lab_motion.planning.moveit.binding import MoveItSession
from lab_motion.planning.moveit.configuration import SEARCH_TIME, Search
from lab_motion.planning.moveit.scene import moveit_scene, samples_between
from lab_motion.planning.paths import JointPath, blended_polyline, smooth_path
from lab_motion.planning.planner_parameters import PlannerParameters
from lab_motion.planning.port import MotionOptions
from lab_motion.planning.straight import require_straight

# MoveIt keeps this much more distance than is checked: its own checks lie at samples, metres.
_ROUNDING = 0.0005
# Samples of MoveIt begin and end this close to where they should, radians (metres).
_MEETING = 1e-3
# MoveIt's model agrees with ours within this, metres and as a rotation matrix.
_SAME = 1e-5
# A curve through samples of MoveIt that are closer than this to the end of a joint's range may leave it,
# radians (metres).
_GRAZING = 1e-4


@dataclass(frozen=True)
class MoveItParameters(PlannerParameters):
    """What MoveIt is asked for."""

    attempts: int = parameter(
        30, "The number of searches before a way counts as not found.", minimum=1, maximum=1000
    )
    search_planner: str = parameter(
        "RRTConnect",
        "The planner of OMPL that searches for a way.",
        choices=("RRTConnect", "RRT", "RRTstar", "KPIECE", "BKPIECE", "LBKPIECE", "EST", "PRM"),
    )
    search_time: float = parameter(
        SEARCH_TIME,
        "The time of one search. A cancel is heard between two searches.",
        unit="s",
        minimum=0.02,
        maximum=5.0,
    )


DEFAULTS = MoveItParameters()


class MoveItPlanner(CheckedPlanner):
    """A MotionPlanner around one MoveItPy. Import it only where moveit_py is installed."""

    Parameters = MoveItParameters
    # OMPL draws from a generator of the whole process, which MoveIt lets nobody seed.
    deterministic = False

    def __init__(self, cell: Cell, parameters: MoveItParameters = DEFAULTS) -> None:
        """Raises ConfigurationError when MoveIt lacks a plug-in, does not start, or knows another arm."""
        super().__init__(cell, parameters)
        self._never_checked = [(pair.first, pair.second) for pair in disabled_pairs(cell)]
        self._moveit = MoveItSession(
            cell, self._text.hand, Search(parameters.search_planner, parameters.search_time)
        )
        try:
            self._require_same_arm()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends MoveIt."""
        self._moveit.close()

    def ways(
        self, start: FloatArray, goal: FloatArray, checker: CollisionChecker, options: MotionOptions
    ) -> Iterator[JointPath]:
        """The straight line in joint space if MoveIt finds it free, then one search after another.

        MoveIt has no way to where the arm is already: that line is as short as its samples are exact.
        """
        self._tell(checker, options)
        there = np.abs(goal - start).max() < _MEETING
        if there or self._moveit.direct(start, goal) is not None:
            yield blended_polyline(np.stack([start, goal]), 0.0)
        for _ in range(self._parameters.attempts):
            if options.cancelled():
                return
            found = self._moveit.search(start, goal)
            samples = None if found is None else samples_between(found, start, goal, _MEETING)
            if samples is not None:
                yield smooth_path(samples)

    def line(
        self, start: FloatArray, goal: FloatArray, checker: CollisionChecker, options: MotionOptions
    ) -> JointPath:
        """By Pilz LIN; by our own inverse kinematics where that fails, is not straight enough, or grazes the
        end of a joint's range.
        """
        self._tell(checker, options)
        found = self._moveit.straight(start, goal)
        samples = None if found is None else samples_between(found, start, found[-1], _MEETING)
        if samples is not None and self._clear_of_ends(samples):
            path = smooth_path(samples)
            try:
                require_straight(self._chain, path, start, goal)
            except PathNotStraight:
                pass
            else:
                return path
        return super().line(start, goal, checker, options)

    def _clear_of_ends(self, samples: FloatArray) -> bool:
        """Whether samples (N, J) keep inside the ranges, apart from the first, which the arm stands at."""
        lower, upper = self._limits.lower + _GRAZING, self._limits.upper - _GRAZING
        return bool(np.all((samples[1:] >= lower) & (samples[1:] <= upper)))

    def _tell(self, checker: CollisionChecker, options: MotionOptions) -> None:
        """Bring MoveIt's planning scene up to date for one request."""
        close = options.contacts is not None
        self._moveit.set_scene(
            moveit_scene(
                self._cell,
                self._scene,
                self._cell.end_effector.joints_at(self._scene.opening),
                contacts=self._allowed(options.contacts),
                close_pairs=checker.relaxed(),
                never_checked=self._never_checked,
                margin=0.0 if close else checker.margin + _ROUNDING,
                padding=0.0 if close else self._parameters.padding,
            )
        )

    def _require_same_arm(self) -> None:
        """Ways of another arm than the one that is checked would be of no use."""
        for name in self._cell.robot.configurations:
            positions = self._cell.robot.configuration(name)
            error = float(np.abs(self._moveit.forward(positions) - self.forward(positions)).max())
            if error > _SAME:
                raise ConfigurationError(
                    f"MoveIt's arm is not the cell's: at '{name}' the tool differs by {error:.3g};"
                    " use planner:=embedded"
                )
