"""Going somewhere by a free motion and a straight one, decided as a whole before anything moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.errors import (
    GoalInCollision,
    LimitsExceeded,
    NoPath,
    OutOfReach,
    PathNotStraight,
    PlanningCancelled,
    PlanningError,
    StartInCollision,
)
from lab_motion.planning.port import Contacts, MotionOptions, MotionPlanner, PlanningScene, Trajectory

# Which failure says most about what is in the way: the further the planning came, the more.
_PROGRESS: tuple[type[PlanningError], ...] = (
    OutOfReach,
    GoalInCollision,
    StartInCollision,
    PathNotStraight,
    LimitsExceeded,
    NoPath,
)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A pose to arrive at, and how.

    poses: (4, 4) base_from_tcp each, equally good. scene: what is true then. arrive: (3,) where the straight
    way to the pose begins, depart: (3,) where a straight way from it ends, both from the pose, in its tcp
    frame or in the base frame. contacts: what may touch on the straight ways.
    """

    poses: tuple[FloatArray, ...]
    scene: PlanningScene
    arrive: FloatArray
    depart: FloatArray | None
    contacts: Contacts
    departure_contacts: Contacts


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A planned way: `move` freely, then straight by `approach`, to `base_from_tcp` of the target `index`."""

    index: int
    base_from_tcp: FloatArray
    move: Trajectory
    approach: Trajectory


def shifted(pose: FloatArray, offset: FloatArray) -> FloatArray:
    """A pose (4, 4), moved by an offset (3,) in the base frame."""
    moved = pose.copy()
    moved[:3, 3] += offset
    return moved


def plan_reach(
    planner: MotionPlanner,
    start: FloatArray,
    targets: Sequence[Target],
    options: MotionOptions,
    straight_options: MotionOptions,
    solutions_each: int = 4,
) -> Reach:
    """The way to the first of the targets, in their order, that can be reached and left again.

    Of the poses of one target, and of the joint positions of each, those nearest to the start come first. The
    planner is left with the scene of the last target that was tried.

    Raises PlanningCancelled, or the failure of the target that came furthest.
    """
    failure: PlanningError | None = None
    for index, target in enumerate(targets):
        planner.update_scene(target.scene)
        try:
            return _reach(planner, start, index, target, options, straight_options, solutions_each)
        except PlanningCancelled:
            raise
        except PlanningError as error:
            failure = further(failure, error)
    if failure is None:
        raise OutOfReach("there is nothing to reach for")
    raise failure


def further(first: PlanningError | None, second: PlanningError) -> PlanningError:
    """The failure that came further; the earlier of two equals."""
    if first is None:
        return second
    return second if _progress(second) > _progress(first) else first


def _progress(error: PlanningError) -> int:
    return _PROGRESS.index(type(error)) if type(error) in _PROGRESS else len(_PROGRESS)


def _reach(
    planner: MotionPlanner,
    start: FloatArray,
    index: int,
    target: Target,
    options: MotionOptions,
    straight_options: MotionOptions,
    solutions_each: int,
) -> Reach:
    close = replace(straight_options, contacts=target.contacts)
    failure: PlanningError | None = None
    candidates: list[tuple[float, FloatArray, FloatArray]] = []
    for pose in target.poses:
        try:
            found = planner.inverse(pose, start, close)
        except (OutOfReach, GoalInCollision) as error:
            failure = further(failure, error)
            continue
        candidates += [(float(np.abs(q - start).max()), q, pose) for q in found[:solutions_each]]
    for _, positions, pose in sorted(candidates, key=lambda candidate: candidate[0])[: 2 * solutions_each]:
        try:
            approach = planner.plan_straight(positions, shifted(pose, target.arrive), close).reversed()
            if target.depart is not None:
                leaving = replace(close, contacts=target.departure_contacts)
                planner.plan_straight(positions, shifted(pose, target.depart), leaving)
            move = planner.plan_joint(start, approach.positions[0], options)
        except PlanningCancelled:
            raise
        except PlanningError as error:
            failure = further(failure, error)
            continue
        return Reach(index, pose, move, approach)
    assert failure is not None
    raise failure
