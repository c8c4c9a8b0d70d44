"""Taking a part: move above it, approach straight, take hold, verify, lift straight, verify."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab_core.errors import StaleInputError
from lab_core.geometry import make_transform, rotation_about
from lab_core.grasp import Grasp
from lab_core.outcomes import OutcomeCode
from lab_motion.errors import GripperFailed, InvalidGoal, PlanningError
from lab_motion.planning.port import Contacts, PlanningScene, Trajectory
from lab_motion.skills.approval import Plan
from lab_motion.skills.grip.errors import ContactError, GraspEmpty, PartSlipped, SlippedInHand
from lab_motion.skills.grip.port import Reading
from lab_motion.skills.guarded import raise_gently
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.reach import Reach, Target, plan_reach
from lab_motion.skills.set_down import put_back
from lab_motion.skills.slipping import SLIPPED
from lab_motion.skills.stages import Stages

# Metres of opening beyond the planned width, to which fingers with touch close at their usual speed.
_CLOSED_FAST = 0.008
# On a shorter way to the approach, seconds, the hand might not come to be open.
_OPENING_SECONDS = 1.0


@dataclass(slots=True)
class Picked:
    """What came of a pick, also of one that failed.

    grasp: index of the grasp that was carried out, -1 before one was chosen. reading: of the hand, after
    lifting.
    """

    grasp: int = -1
    reading: Reading | None = None


def pick(
    robot: Manipulator,
    scene: PlanningScene,
    grasps: Sequence[Grasp],
    stages: Stages,
    cancelled: Cancelled,
    result: Picked,
    cleared: bool = True,
    seen: Callable[[], None] = lambda: None,
) -> None:
    """Take the part by the first grasp that can be reached; fills in `result` on the way.

    cleared: the grasps were found clear of everything in the scene by points, which know more than its boxes
    do: the hand may be inside the boxes of neighbours then. seen: asked until the hand takes hold; raises
    when nobody looks at the cell any more.

    After a failure the hand is empty and the arm is where the straight approach began, or holds where it
    failed. After a cancel, when the hand cannot be read, or when a part slipped that cannot be put back, the
    arm holds where it was; what the hand holds by then it keeps.

    Raises a MotionError, or StaleInputError.
    """
    robot.find_out()
    if robot.scene.held is not None:
        raise InvalidGoal(f"the hand holds '{robot.scene.held.id}': place it before the next pick")
    if not grasps:
        raise InvalidGoal("no grasp was given: plan grasps first")
    passable = frozenset(body.id for body in scene.objects) if cleared else frozenset[str]()
    scene = replace(scene, objects=(*scene.objects, *robot.placed))
    robot.set_scene(scene)
    with stages.stage("plan", computing=True):
        chosen = _choose(robot, scene, passable, grasps, cancelled)
    grasp = grasps[chosen.index]
    result.grasp = chosen.index
    robot.set_scene(replace(scene, opening=grasp.opening))
    way = {"move": chosen.move, "approach": chosen.approach}
    robot.propose(Plan("pick", way, robot.scene, chosen.base_from_tcp, grasp.object_id), stages, cancelled)
    expected = robot.expected(grasp.object_id, grasp.width, grasp.opening)
    robot.hand.release(grasp.opening, robot.settings.force)
    if chosen.move.duration < _OPENING_SECONDS:
        robot.hand.finish(cancelled)

    def watch(elapsed: float) -> None:
        seen()
        if elapsed < chosen.move.duration:
            return
        if problem := robot.sensor.not_ready(robot.hand.reading(), expected):
            raise GripperFailed(problem)

    robot.follow(way, stages, cancelled, watch)
    feels = robot.cell.end_effector.feels_touch
    try:
        with stages.stage("close"):
            robot.hand.finish(cancelled)
            if feels:
                # what is left is closed slowly: the inertia of the drive would hit the part
                robot.hand.release(min(grasp.opening, grasp.width + _CLOSED_FAST), robot.settings.force)
                robot.hand.finish(cancelled)
            robot.doubt = expected
            robot.hand.grip(robot.settings.force)
            robot.hand.finish(cancelled)
        with stages.stage("verify"):
            reading = robot.hand.reading()
            grip = robot.sensor.closed(reading, expected)
            if not grip.held:
                raise GraspEmpty(grip.reason)
        empty = robot.scene
        with stages.stage("plan", computing=True):
            lift = _plan_lift(robot, grasp.object_id, grip.opening, cancelled)
        if feels:
            try:
                raise_gently(robot, stages, cancelled)
                with stages.stage("plan", computing=True):
                    lift = robot.plan_lift(cancelled)
            except BaseException:
                robot.set_scene(empty)
                raise
    except (ContactError, GripperFailed, PlanningError) as error:
        if error.code == OutcomeCode.CANCELLED:
            _find_out(robot)
        else:
            _back_off(robot, chosen, grasp, stages, cancelled)
        raise
    except BaseException:
        _find_out(robot)
        raise
    robot.doubt = None
    robot.grip, robot.standing = grip, True
    try:
        robot.follow({"lift": lift}, stages, cancelled, robot.watch_slip)
    except SlippedInHand as error:
        put_back(robot, float(chosen.base_from_tcp[2, 3]), stages, cancelled)
        robot.grip, robot.standing = None, False
        robot.set_scene(empty)
        _back_off(robot, chosen, grasp, stages, cancelled)
        raise PartSlipped(f"{SLIPPED}: it was set down again where it lay") from error
    robot.standing = False
    with stages.stage("verify"):
        reading = robot.hand.reading()
        result.reading = reading
        robot.holding(reading)


def _choose(
    robot: Manipulator,
    scene: PlanningScene,
    passable: frozenset[str],
    grasps: Sequence[Grasp],
    cancelled: Cancelled,
) -> Reach:
    settings = robot.settings
    everything = robot.everything()
    turns = [
        make_transform(rotation_about([0.0, 0.0, 1.0], angle), np.zeros(3))
        for angle in robot.cell.end_effector.turns
    ]
    targets = []
    for grasp in grasps:
        pose = grasp.base_from_tcp
        distance = min(settings.approach_distance, grasp.approach_distance)
        targets.append(
            Target(
                poses=tuple(pose @ turn for turn in turns),
                scene=replace(scene, opening=grasp.opening),
                arrive=-distance * pose[:3, 2],
                depart=np.array([0.0, 0.0, settings.lift_height]),
                contacts=Contacts(hand=passable | {grasp.object_id}),
                departure_contacts=Contacts(hand=everything),
            )
        )
    return plan_reach(
        robot.planner, robot.start(), targets, robot.options(cancelled), robot.straight_options(cancelled)
    )


def _plan_lift(robot: Manipulator, name: str, opening: float, cancelled: Cancelled) -> Trajectory:
    empty = robot.scene
    robot.set_scene(robot.attached(replace(empty, opening=opening), name))
    try:
        return robot.plan_lift(cancelled)
    except BaseException:
        robot.set_scene(empty)
        raise


def _find_out(robot: Manipulator) -> None:
    """Know what the hand has; while it cannot be read the doubt stays, and nothing else is done before."""
    with contextlib.suppress(StaleInputError):
        robot.find_out()


def _back_off(robot: Manipulator, chosen: Reach, grasp: Grasp, stages: Stages, cancelled: Cancelled) -> None:
    """Let go and go back the way of the approach."""
    with stages.stage("open"):
        robot.hand.release(grasp.opening, robot.settings.force)
        robot.hand.finish(cancelled)
    robot.doubt = None
    robot.follow({"retreat": chosen.approach.reversed()}, stages, cancelled)
