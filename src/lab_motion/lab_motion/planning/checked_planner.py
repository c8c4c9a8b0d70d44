"""A motion planner around any search for ways: kinematics, timing, and certain checks of what is found.

Whoever finds the ways, the embedded planner or MoveIt, is not believed: each way gets its times here and is
then checked as it will be executed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lab_core.geometry import FloatArray
from lab_description import Cell, build_srdf, build_urdf
from lab_motion.errors import (
    GoalInCollision,
    InvalidGoal,
    LimitsExceeded,
    NoPath,
    OutOfReach,
    PathNotStraight,
    PlanningCancelled,
    PlanningError,
    StartInCollision,
)
from lab_motion.planning.chain import Chain
from lab_motion.planning.collision import CollisionChecker, Touch, sentence
from lab_motion.planning.paths import JointPath
from lab_motion.planning.planner_parameters import PlannerParameters
from lab_motion.planning.port import Contacts, MotionOptions, PlanningScene, Trajectory
from lab_motion.planning.straight import straight_path
from lab_motion.planning.timing import JointLimits, check_limits, densified, time_path, travel_limit
from lab_motion.planning.world import HELD, OBJECT, CellText, WorldText

# Straight ways out of an object that the arm touches at the start, metres.
_WAYS_OUT = (0.03, 0.06, 0.10, 0.15)
# A search hardly finds a way out from beside an object so near, and has room where none is nearer than that,
# metres beyond the margin.
_BESIDE = 0.03
_ROOM = 0.005
# A start so little beyond the end of a range counts as at its end, radians (metres).
_BEYOND = 1e-3


class CheckedPlanner(ABC):
    """A MotionPlanner without its search. See lab_motion.planning.port for what each method promises."""

    def __init__(self, cell: Cell, parameters: PlannerParameters) -> None:
        self._cell = cell
        self._parameters = parameters
        robot, effector = cell.robot, cell.end_effector
        urdf = build_urdf(cell, visuals=False)
        self._limits = JointLimits(
            robot.position_lower, robot.position_upper, robot.velocity, robot.acceleration
        )
        self._chain = Chain.from_urdf(urdf, robot.base_link, effector.tcp_link, robot.joint_names)
        self._text = CellText(urdf, build_srdf(cell), robot.base_link, effector.tcp_link, robot.joint_names)
        self._named = np.array([robot.configuration(name) for name in robot.configurations])
        self._checkers: dict[bool, CollisionChecker] = {}
        self._scene = PlanningScene(opening=effector.maximum_opening)
        self._frozen = self._text.freeze(effector.joints_at(self._scene.opening))

    @property
    def joint_names(self) -> tuple[str, ...]:
        """(J,) from base to tool."""
        return self._chain.names

    @abstractmethod
    def ways(
        self, start: FloatArray, goal: FloatArray, checker: CollisionChecker, options: MotionOptions
    ) -> Iterator[JointPath]:
        """Paths between joint positions (J,) that are likely to be free, best first.

        checker: permits what may touch, and knows what is close at both ends. Cancelling is checked between
        two of them; a longer search has to ask for itself and end, or raise PlanningCancelled.
        """

    def line(
        self, start: FloatArray, goal: FloatArray, checker: CollisionChecker, options: MotionOptions
    ) -> JointPath:
        """A path whose tool goes straight to a pose (4, 4), within the tolerances of the port.

        Raises PathNotStraight.
        """
        return straight_path(self._chain, start, goal, self._limits)

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""

    def update_scene(self, scene: PlanningScene) -> None:
        """What is true from now on; the collision worlds are built when they are first needed."""
        if scene.opening != self._scene.opening:
            self._frozen = self._text.freeze(self._cell.end_effector.joints_at(scene.opening))
        self._scene = scene
        self._checkers.clear()

    def forward(self, positions: FloatArray) -> FloatArray:
        """base_from_tcp (..., 4, 4) at joint positions (..., J)."""
        return self._chain.forward(positions)

    def inverse(self, base_from_tcp: FloatArray, near: FloatArray, options: MotionOptions) -> FloatArray:
        """All solutions (K, J) that seeded restarts find, free of collision, soonest reached first."""
        solutions = self._solutions(base_from_tcp, near, options.seed)
        checker = self._checker(options.contacts)
        free = [checker.clear(solution) for solution in solutions]
        if options.cancelled():
            raise PlanningCancelled()
        if not any(free):
            raise GoalInCollision(
                f"the tool would reach {_place(base_from_tcp)}, but {self._obstacle(checker, solutions)}"
            )
        chosen: FloatArray = solutions[np.array(free)]
        return chosen

    def plan_joint(self, start: FloatArray, goal: FloatArray, options: MotionOptions) -> Trajectory:
        """The straight line in joint space if it is free, else a way around by RRT-Connect."""
        start, goal = self._inside(start), self._positions(goal, "goal")
        self._check_range(goal)
        checker = self._checker(options.contacts)
        touched = self._check_start(checker, start)
        touches = checker.touches(goal)
        if touches:
            raise GoalInCollision(f"at the goal {sentence(touches)}")
        failure: PlanningError = StartInCollision(
            f"before the arm has moved {sentence(touched)}, and no straight way leads out"
        )
        if not touched:
            try:
                return self._free(start, goal, options)
            except NoPath as error:
                near = checker.touches(start, checker.margin + _BESIDE)
                failure, touched = error, [touch for touch in near if touch.of(OBJECT)]
        for way in self._ways_out(start, touched, options):
            try:
                return way.then(self._free(way.positions[-1], goal, options))
            except NoPath as error:
                failure = error
        raise failure

    def plan_pose(
        self, start: FloatArray, goals: Sequence[FloatArray], options: MotionOptions
    ) -> tuple[int, Trajectory]:
        """Free motion to the first pose that can be reached, by the solution that is reached soonest."""
        if not goals:
            raise InvalidGoal("no pose to go to was given")
        start = self._inside(start)
        failure: PlanningError | None = None
        for index, pose in enumerate(goals):
            try:
                solutions = self.inverse(pose, start, options)
            except (OutOfReach, GoalInCollision) as error:
                failure = _closer(failure, error)
                continue
            for solution in solutions[:3]:
                try:
                    return index, self.plan_joint(start, solution, options)
                except (NoPath, GoalInCollision, LimitsExceeded) as error:
                    failure = _closer(failure, error)
        assert failure is not None
        raise failure

    def plan_straight(self, start: FloatArray, goal: FloatArray, options: MotionOptions) -> Trajectory:
        """Along a line, checked between its samples."""
        start = self._inside(start)
        checker = self._checker(options.contacts)
        self._check_start(checker, start)
        checker.relax(start)
        path = self.line(start, _rigid(goal), checker, options)
        trajectory = self._timed(path, checker, options, PathNotStraight)
        _raise_if_cancelled(options)
        return trajectory

    def _checker(self, contacts: Contacts | None) -> CollisionChecker:
        """With these contacts permitted and nothing relaxed."""
        close = contacts is not None
        if close not in self._checkers:
            margin = self._parameters.close_margin if close else self._parameters.margin
            self._checkers[close] = CollisionChecker(self._world(close), self._chain, margin)
        self._checkers[close].permit(self._allowed(contacts))
        return self._checkers[close]

    def _world(
        self, close: bool, allowed: Sequence[tuple[str, str]] = (), inflation: float = 0.0
    ) -> WorldText:
        """close: of motions among parts, where objects are as large as they were seen."""
        scene = self._scene
        frozen = (
            self._text.freeze(self._cell.end_effector.joints_at(scene.opening), inflation)
            if inflation
            else self._frozen
        )
        padding = 0.0 if close else self._parameters.padding
        return self._text.world(frozen, scene.objects, scene.held, padding, allowed)

    def _allowed(self, contacts: Contacts | None) -> list[tuple[str, str]]:
        """Pairs of links that may touch."""
        if contacts is None:
            return []
        objects = {body.id for body in self._scene.objects}

        def links(names: frozenset[str]) -> list[str]:
            return [OBJECT + name if name in objects else name for name in sorted(names)]

        pairs = [(link, other) for link in self._cell.end_effector.links for other in links(contacts.hand)]
        if self._scene.held is not None:
            pairs += [(HELD + self._scene.held.id, other) for other in links(contacts.held)]
        return pairs

    def _solutions(self, base_from_tcp: FloatArray, near: FloatArray, seed: int) -> FloatArray:
        """Different solutions (K, J), soonest reached from `near` first."""
        limits = self._limits
        random = np.random.default_rng(seed)
        count = max(1, self._parameters.ik_seeds - 1 - len(self._named))
        seeds = np.concatenate(
            [near[None], self._named, random.uniform(limits.lower, limits.upper, (count, len(near)))]
        )
        found, converged = self._chain.inverse(
            _rigid(base_from_tcp), seeds, limits.lower, limits.upper, self._parameters.ik_iterations
        )
        found = found[converged]
        if len(found) == 0:
            raise OutOfReach(f"no joint positions bring the tool to {_place(base_from_tcp)}")
        cost = np.abs((found - near) / limits.velocity)
        found = found[np.argsort(cost.max(axis=1) + 0.1 * cost.sum(axis=1), kind="stable")]
        different: list[FloatArray] = []
        for solution in found:
            if all(np.abs(solution - other).max() > 1e-3 for other in different):
                different.append(solution)
        return np.array(different)

    def _check_start(self, checker: CollisionChecker, start: FloatArray) -> list[Touch]:
        """What the arm touches at the start: observed objects, not deeper than the tolerance."""
        touches, parameters = checker.touches(start), self._parameters

        def deepest(touch: Touch) -> float:
            of_hand = any(link in touch.pair for link in self._cell.end_effector.links)
            return parameters.hand_tolerance if of_hand else parameters.start_tolerance

        bad = [touch for touch in touches if not touch.of(OBJECT) or touch.distance < -deepest(touch)]
        if bad:
            raise StartInCollision(f"before the arm has moved {sentence(bad)}: move it away by hand")
        return touches

    def _free(self, start: FloatArray, goal: FloatArray, options: MotionOptions) -> Trajectory:
        """Free motion between two ends that touch nothing."""
        checker = self._checker(options.contacts)
        checker.relax(start, goal)
        for way in self.ways(start, goal, checker, options):
            try:
                return self._timed(way, checker, options)
            except NoPath:
                _raise_if_cancelled(options)
        _raise_if_cancelled(options)
        blocked = checker.first_blocked(np.stack([start, goal]), options.cancelled)
        ahead = (
            ""
            if blocked is None
            else f"; straight ahead, {sentence(checker.touches(blocked, checker.margin))}"
        )
        raise NoPath(f"no way found in {self._parameters.attempts} searches{ahead}")

    def _ways_out(self, start: FloatArray, touched: list[Touch], options: MotionOptions) -> list[Trajectory]:
        """Straight ways from objects that are touched or near, back along the tool and up, to where nothing
        is touched; those that end where there is room for a search come first.
        """
        names = frozenset(
            body.id for body in self._scene.objects if any(t.of(OBJECT + body.id) for t in touched)
        )
        if not names:
            return []
        given = options.contacts or Contacts()
        close = replace(options, contacts=Contacts(given.hand | names, given.held | names))
        pose, room = self.forward(start), self._parameters.margin + _ROOM
        roomy: list[Trajectory] = []
        cramped: list[Trajectory] = []
        for direction in (-pose[:3, 2], np.array([0.0, 0.0, 1.0])):
            for distance in _WAYS_OUT:
                goal = pose.copy()
                goal[:3, 3] += distance * direction
                try:
                    way = self.plan_straight(start, goal, close)
                except (PathNotStraight, StartInCollision):
                    break
                near = self._checker(options.contacts).touches(way.positions[-1], room)
                if not near or near[0].distance >= 0.0:
                    found = cramped if any(touch.of(OBJECT) for touch in near) else roomy
                    found.append(way)
        return roomy + cramped

    def _timed(
        self,
        path: JointPath,
        checker: CollisionChecker,
        options: MotionOptions,
        blocked_as: type[PlanningError] = NoPath,
    ) -> Trajectory:
        """The trajectory along a path, checked as it will be executed."""
        limits = self._limits.scaled(options.speed, options.acceleration)
        slow = None
        if np.isfinite(options.tcp_speed):
            slow = travel_limit(path, self._chain.forward, options.tcp_speed)
        trajectory = time_path(self.joint_names, path, limits, self._parameters.period, slow)
        check_limits(trajectory, limits)
        where = checker.first_blocked(densified(trajectory, 4), options.cancelled)
        _raise_if_cancelled(options)
        if where is not None:
            raise blocked_as(f"on the way {sentence(checker.touches(where, checker.margin))}")
        return trajectory

    def _obstacle(self, checker: CollisionChecker, solutions: FloatArray) -> str:
        return sentence(checker.touches(solutions[0], checker.margin))

    def _positions(self, positions: FloatArray, what: str) -> FloatArray:
        array = np.array(positions, dtype=np.float64)
        if array.shape != (len(self.joint_names),) or not np.all(np.isfinite(array)):
            raise InvalidGoal(
                f"the {what} has joint positions {array.tolist()}, expected {len(self.joint_names)} numbers"
            )
        return array

    def _inside(self, start: FloatArray) -> FloatArray:
        """Where the arm is, without the hair by which encoders may be beyond the end of a range.

        Raises InvalidGoal, LimitsExceeded.
        """
        positions, limits = self._positions(start, "start"), self._limits
        inside: FloatArray = np.clip(positions, limits.lower, limits.upper)
        beyond = np.abs(positions - inside)
        worst = int(np.argmax(beyond))
        if beyond[worst] > _BEYOND:
            raise LimitsExceeded(
                f"{self.joint_names[worst]} stands at {positions[worst]:.3f}, its range is"
                f" {limits.lower[worst]:.3f} to {limits.upper[worst]:.3f}: move it back by hand"
            )
        return inside

    def _check_range(self, positions: FloatArray) -> None:
        limits = self._limits
        beyond = np.maximum(limits.lower - positions, positions - limits.upper)
        worst = int(np.argmax(beyond))
        if beyond[worst] > 1e-6:
            raise LimitsExceeded(
                f"{self.joint_names[worst]} cannot go to {positions[worst]:.3f},"
                f" its range is {limits.lower[worst]:.3f} to {limits.upper[worst]:.3f}"
            )


def _closer(first: PlanningError | None, second: PlanningError) -> PlanningError:
    """The failure that came closer to success: later stages have higher codes."""
    order = (OutOfReach, GoalInCollision, LimitsExceeded, NoPath)
    return second if first is None or order.index(type(second)) > order.index(type(first)) else first


def _raise_if_cancelled(options: MotionOptions) -> None:
    if options.cancelled():
        raise PlanningCancelled()


def _rigid(pose: FloatArray) -> FloatArray:
    array: FloatArray = np.array(pose, dtype=np.float64)
    if array.shape != (4, 4) or not np.all(np.isfinite(array)):
        raise InvalidGoal(f"a pose of shape {array.shape} was given, expected a finite (4, 4) transform")
    return array


def _place(pose: FloatArray) -> str:
    x, y, z = pose[:3, 3]
    return f"({x:.3f}, {y:.3f}, {z:.3f}) m at this orientation"
