"""The guarded move: straight on until something is felt, and no further than was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lab_core.errors import LabError
from lab_core.geometry import FloatArray
from lab_motion.errors import Felt, InvalidGoal
from lab_motion.planning.port import Contacts
from lab_motion.skills.grip.errors import GripTooWeak
from lab_motion.skills.grip.touch import TouchReading
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.reach import shifted
from lab_motion.skills.stages import Stages

# m/s of the tool while it feels its way: what it meets is met no harder than the arm can stop.
FEELING_SPEED = 0.02
# Metres over which the weight comes on slowly.
_GENTLE_LIFT = 0.01
# Of the weight that the pads carried: so much less says that something else carries it.
_TAKEN_OVER = 0.5
# N: a smaller change is noise of the pads.
_LEAST = 0.3


def move_until(
    robot: Manipulator,
    way: FloatArray,
    felt: Callable[[], str],
    stages: Stages,
    cancelled: Cancelled,
    contacts: Contacts,
    speed: float = FEELING_SPEED,
) -> str:
    """Move the tool along a straight way (3,), metres in base_link, until something is felt.

    felt: asked all the time; a sentence when something is. contacts: what may be touched. Returns that
    sentence, empty when the whole way was gone; the arm stands then.

    Raises InvalidGoal for a way or speed that is no number, a PlanningError, an ExecutionError,
    StaleInputError.
    """
    if not (np.isfinite(way).all() and 0.0 < float(np.linalg.norm(way)) < 1.0 and 0.0 < speed < 1.0):
        raise InvalidGoal(f"a guarded move along {np.round(way, 4).tolist()} m with {speed:g} m/s is none")
    options = replace(robot.straight_options(cancelled, contacts), tcp_speed=speed)
    start = robot.start()
    goal = shifted(robot.planner.forward(start), way)
    with stages.stage("plan", computing=True):
        trajectory = robot.planner.plan_straight(start, goal, options)

    def watch(elapsed: float) -> None:
        if sentence := felt():
            raise Felt(sentence)

    try:
        robot.follow({"feel": trajectory}, stages, cancelled, watch)
    except Felt as stop:
        return str(stop)
    return ""


def raise_gently(robot: Manipulator, stages: Stages, cancelled: Cancelled) -> None:
    """Raise the held part a little and slowly, so that a hand with touch can grip as hard as the weight asks.

    Raises GripTooWeak, with the part set down again, where it asks for more than the hand may use; else as
    move_until does.
    """
    up = np.array([0.0, 0.0, _GENTLE_LIFT])
    around = robot.everything()
    contacts = Contacts(hand=around, held=around)

    def too_heavy() -> str:
        reading = robot.hand.reading()
        return reading.excess if isinstance(reading, TouchReading) else ""

    if sentence := move_until(robot, up, too_heavy, stages, cancelled, contacts):
        move_until(robot, -up, lambda: "", stages, cancelled, contacts)
        raise GripTooWeak(sentence)


def lower_until_carried(
    robot: Manipulator, distance: float, stages: Stages, cancelled: Cancelled, contacts: Contacts
) -> str:
    """Lower the held part until something carries it, by what the pads carry; at most so far, metres.

    Returns what was felt, empty when nothing was, or when the hand does not feel weight. From here on the
    hand grips no harder: what the part stands on pushes it along the pads.

    Raises as move_until does, and ObjectLost.
    """
    reading = robot.hand.reading()
    if not isinstance(reading, TouchReading) or reading.carried is None:
        return ""
    weight = abs(reading.carried)

    def felt() -> str:
        now = robot.hand.reading()
        robot.holding(now)
        assert isinstance(now, TouchReading)
        if now.carried is None or weight - abs(now.carried) < max(_TAKEN_OVER * weight, _LEAST):
            return ""
        return f"the part stands: the pads carry {now.carried:.1f} N of {weight:.1f} N"

    robot.hand.tighten(False)
    try:
        return move_until(robot, np.array([0.0, 0.0, -distance]), felt, stages, cancelled, contacts)
    except LabError:
        robot.hand.tighten(True)
        raise
