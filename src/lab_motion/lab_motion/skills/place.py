"""Putting the held part down: move above, lower straight, let go, verify, retreat straight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.errors import InvalidGoal
from lab_motion.planning.port import Contacts, PlanningScene
from lab_motion.skills.approval import Plan
from lab_motion.skills.destinations import Destinations
from lab_motion.skills.grip.errors import ObjectLost, SlippedInHand
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.letting_go import let_go, lower_to_the_floor, plan_retreat
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.reach import Target, plan_reach
from lab_motion.skills.set_down import set_down
from lab_motion.skills.stages import Stages


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
    allowed: Sequence[int] = (),
) -> None:
    """Put the held part at the first free place of a destination that can be reached.

    allowed: places that may be used, counted from 1; empty: all.

    Raises a MotionError, a ContactError, or StaleInputError. After ObjectLost the hand counts as empty, and
    the place that the part was lowered to as taken: it lies there, or has met another that nobody knew of. A
    cancel before the hand has let go leaves the part in the hand, a later one at its place. A part that slips
    on its way may end up elsewhere, see set_down.
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
            name,
            robot.planner.forward(start),
            held.box,
            settings.put_height,
            settings.drop_height,
            allowed,
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
    way = {"move": chosen.move, "lower": chosen.approach}
    robot.propose(Plan("place", way, robot.scene, chosen.base_from_tcp, held.id, name), stages, cancelled)

    def watch(elapsed: float) -> None:
        nonlocal lowering
        lowering = elapsed > chosen.move.duration
        robot.watch_grip(elapsed, lowering)

    try:
        robot.follow(way, stages, cancelled, watch)
    except ObjectLost:
        if lowering:
            destinations.take(name, slot)
        raise
    except SlippedInHand:
        set_down(robot, stages, cancelled)
    lower_to_the_floor(robot, settings.feel_distance, stages, cancelled, inside)
    # known before: joint states that fall silent must not hide that the part was let go
    released = robot.planner.forward(robot.start())
    interrupted = let_go(robot, grip, stages, cancelled)
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
            retreat = plan_retreat(robot, result.base_from_tcp, frozenset([name, held.id]), cancelled)
        robot.follow({"retreat": retreat}, stages, cancelled)
    finally:
        robot.set_scene(without(robot.scene, held.id))
        if destination.kind == "tray":
            # where a part that fell into a bin lies is not known
            robot.placed.append(replace(put, id=f"part in place {slot} of {name}"))


def without(scene: PlanningScene, name: str) -> PlanningScene:
    """The scene without one object."""
    return replace(scene, objects=tuple(body for body in scene.objects if body.id != name))
