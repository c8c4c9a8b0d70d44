"""Putting the held part down: move above, lower straight, open just enough, verify, retreat straight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lab_core.geometry import FloatArray
from lab_grasping.contact import ContactLimits, Judgement, ObjectLost, PadReading
from lab_motion.errors import ExecutionCancelled, InvalidGoal, ObjectNotReleased, PlanningError
from lab_motion.planning.port import Contacts, PlanningScene, Trajectory
from lab_motion.skills.destinations import Destinations
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.reach import Target, plan_reach, shifted
from lab_motion.skills.stages import Stages

# Fingers that were stopped while they opened have let go once they stand this much wider, metres.
_LET_GO = 0.002


@dataclass(slots=True)
class Placed:
    """base_from_tcp: (4, 4) at release; None before."""

    base_from_tcp: FloatArray | None = None


def place(
    robot: Manipulator,
    destinations: Destinations,
    name: str,
    stages: Stages,
    cancelled: Cancelled,
    result: Placed,
) -> None:
    """Put the held part at the first free place of a destination that can be reached.

    Raises a MotionError, or StaleInputError. After ObjectLost the hand counts as empty, and the place that
    the part was lowered to as taken: it lies there, or has met another that nobody knew of. A cancel before
    the fingers have opened leaves the part in the hand, a later one at its place.
    """
    destination = destinations.get(name)
    robot.find_out()
    if robot.grip is None or robot.scene.held is None:
        raise InvalidGoal("the hand is empty: pick a part before placing it")
    robot.lift_clear(stages, cancelled)
    robot.holding(robot.hand.reading())
    grip, held, settings = robot.grip, robot.scene.held, robot.settings
    with stages.stage("plan", computing=True):
        start = robot.start()
        places = destinations.places(
            name, robot.planner.forward(start), held.box, settings.put_height, settings.drop_height
        )
        inside = Contacts(hand=frozenset([name]), held=frozenset([name]))
        targets = [
            Target(
                poses=candidate.poses,
                scene=robot.scene,
                arrive=np.array([0.0, 0.0, settings.lower_distance]),
                depart=None,
                contacts=inside,
                departure_contacts=inside,
            )
            for candidate in places
        ]
        chosen = plan_reach(
            robot.planner, start, targets, robot.options(cancelled), robot.straight_options(cancelled)
        )
    slot, lowering = places[chosen.index].slot, False

    def watch(elapsed: float) -> None:
        nonlocal lowering
        lowering = elapsed > chosen.move.duration
        robot.watch_grip(elapsed)

    try:
        robot.follow({"move": chosen.move, "lower": chosen.approach}, stages, cancelled, watch)
    except ObjectLost:
        if lowering:
            destinations.take(name, slot)
        raise
    interrupted: ExecutionCancelled | None = None
    # known before: joint states that fall silent must not hide that the part was let go
    released = robot.planner.forward(robot.start())
    robot.standing = True
    with stages.stage("open"):
        try:
            _open(robot, grip, cancelled)
        except ExecutionCancelled as error:
            if robot.hand.reading().opening < grip.opening + _LET_GO:
                raise
            interrupted = error
    result.base_from_tcp = released
    destinations.take(name, slot)
    robot.grip, robot.standing = None, False
    scene = replace(robot.scene, opening=robot.hand.reading().opening).detach(result.base_from_tcp)
    robot.set_scene(scene)
    put = robot.scene.objects[-1]
    try:
        if interrupted is not None:
            raise interrupted
        with stages.stage("plan", computing=True):
            retreat = _plan_retreat(robot, result.base_from_tcp, frozenset([name, held.id]), cancelled)
        robot.follow({"retreat": retreat}, stages, cancelled)
    finally:
        robot.set_scene(without(robot.scene, held.id))
        if destination.kind == "tray":
            # where a part that fell into a bin lies is not known
            robot.placed.append(replace(put, id=f"part in place {slot} of {name}"))


def without(scene: PlanningScene, name: str) -> PlanningScene:
    """The scene without one object."""
    return replace(scene, objects=tuple(body for body in scene.objects if body.id != name))


def _open(robot: Manipulator, grip: Judgement, cancelled: Cancelled) -> None:
    """Open a little, so that neighbours stay where they are; wide when the part sticks."""
    widest = robot.cell.gripper.maximum_opening
    for opening in (min(widest, grip.opening + robot.settings.release_room), widest):
        robot.hand.start(opening, robot.settings.force)
        robot.hand.finish(cancelled)
        try:
            _require_released(robot.hand.reading(), grip, robot.contact)
            return
        except ObjectNotReleased:
            if opening == widest:
                raise


def _require_released(reading: PadReading, grip: Judgement, limits: ContactLimits) -> None:
    """Raises ObjectNotReleased when opened fingers still hold the part."""
    if reading.opening > grip.opening and reading.force < limits.min_force:
        return
    raise ObjectNotReleased(
        f"the part does not come off: the fingers stand at {1e3 * reading.opening:.1f} mm, they held at"
        f" {1e3 * grip.opening:.1f} mm, and both pads feel {reading.force:.1f} N"
    )


def _plan_retreat(
    robot: Manipulator, pose: FloatArray, contacts: frozenset[str], cancelled: Cancelled
) -> Trajectory:
    """Back out of the part along the hand, else straight up."""
    start = robot.start()
    options = robot.straight_options(cancelled, Contacts(hand=contacts))
    distance = robot.settings.retreat_distance
    try:
        return robot.planner.plan_straight(start, shifted(pose, -distance * pose[:3, 2]), options)
    except PlanningError:
        return robot.planner.plan_straight(start, shifted(pose, np.array([0.0, 0.0, distance])), options)
