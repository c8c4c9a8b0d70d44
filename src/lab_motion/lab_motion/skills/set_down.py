"""Setting a part down that slipped on its way, where that is safe; elsewhere the hand keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

import numpy as np

from lab_core.geometry import OrientedBox
from lab_core.outcomes import OutcomeCode
from lab_description import Workspace
from lab_motion.errors import PlanningError
from lab_motion.planning.port import Contacts, Trajectory
from lab_motion.skills.approval import Plan
from lab_motion.skills.grip.errors import PartSlipped, SlippedInHand
from lab_motion.skills.grip.touch import TouchReading
from lab_motion.skills.guarded import lower_until_carried, move_until
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.letting_go import let_go, lower_to_the_floor, plan_retreat
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.reach import shifted
from lab_motion.skills.slipping import SLIPPED
from lab_motion.skills.stages import Stages

# Radians by which a part may lean that is set down: from a larger one it falls over.
_UPRIGHT = 0.1
# Metres; a shorter way is none that could be planned.
_LEAST = 1e-3
_HELD = f"{SLIPPED}: the hand holds it, as it cannot be set down here"


def set_down(robot: Manipulator, stages: Stages, cancelled: Cancelled) -> NoReturn:
    """Set the held part down on the table straight below, after the arm has stopped.

    Safe is where the camera finds it again and where it stands: over the workspace, upright, with a clear way
    down. The part is an object of the scene afterwards.

    Raises PartSlipped when it is done; SlippedInHand, with the part in the hand where the arm stopped, when
    it is not safe; else a MotionError, a ContactError, StaleInputError.
    """
    grip, held = robot.grip, robot.scene.held
    assert grip is not None and held is not None
    table = frozenset(box.link for box in robot.cell.furniture)
    box = OrientedBox(robot.planner.forward(robot.start()) @ held.box.frame_from_box, held.box.size)
    if unsafe := _unsafe(box, robot.cell.workspace):
        raise SlippedInHand(f"{_HELD}: {unsafe}")
    with _held_without_a_way():
        with stages.stage("plan", computing=True):
            way = _plan_down(robot, float(box.corners()[:, 2].min()), cancelled)
        end = robot.planner.forward(way.positions[-1])
        robot.propose(Plan("place", {"lower": way}, robot.scene, end, held.id), stages, cancelled)
    robot.follow({"lower": way}, stages, cancelled, lambda elapsed: robot.holding(robot.hand.reading()))
    # no further than to where the fingers took hold of it: they would touch the table
    feel = min(robot.settings.feel_distance, robot.settings.put_height)
    lower_to_the_floor(robot, feel, stages, cancelled, Contacts(held=table))
    # known before: joint states that fall silent must not hide that the part was let go
    released = robot.planner.forward(robot.start())
    interrupted = let_go(robot, grip, stages, cancelled)
    robot.grip, robot.standing = None, False
    robot.set_scene(replace(robot.scene, opening=robot.hand.reading().opening).detach(released))
    if interrupted is not None:
        raise interrupted
    with stages.stage("plan", computing=True):
        retreat = plan_retreat(robot, released, frozenset([held.id]), cancelled)
    robot.follow({"retreat": retreat}, stages, cancelled)
    x, y = robot.scene.objects[-1].box.centre[:2]
    raise PartSlipped(f"{SLIPPED}: it was set down on the table at x = {x:.2f} m, y = {y:.2f} m")


def put_back(robot: Manipulator, lay: float, stages: Stages, cancelled: Cancelled) -> None:
    """Lower a part that slipped while it was lifted, until it stands or the tool is where it took hold of it.

    lay: z of the tool there in the base frame, metres. The part may touch what it touched before.

    Raises SlippedInHand, with the part in the hand, where there is no way; else an ExecutionError,
    ObjectLost, StaleInputError, or PlanningCancelled.
    """
    around = robot.everything()
    contacts = Contacts(hand=around, held=around)
    height = float(robot.planner.forward(robot.start())[2, 3]) - lay
    reading = robot.hand.reading()
    with _held_without_a_way():
        if isinstance(reading, TouchReading) and reading.carried is not None:
            lower_until_carried(robot, height, stages, cancelled, contacts)
        else:
            move_until(robot, np.array([0.0, 0.0, -height]), lambda: "", stages, cancelled, contacts)


@contextmanager
def _held_without_a_way() -> Iterator[None]:
    """Where no way down can be planned, or a person does not approve it, the hand keeps the part."""
    try:
        yield
    except PlanningError as error:
        if error.code == OutcomeCode.CANCELLED:
            raise
        raise SlippedInHand(f"{_HELD}: {error}") from error


def _unsafe(box: OrientedBox, workspace: Workspace) -> str:
    """Why a part with this box in the base frame is not set down straight below; empty when nothing is."""
    corners = box.corners()[:, :2]
    if (corners < workspace.lower[:2]).any() or (corners > workspace.upper[:2]).any():
        return "it is not over the workspace, where the camera would find it"
    if np.abs(box.frame_from_box[2, :3]).max() < np.cos(_UPRIGHT):
        return "it leans, and would fall over"
    return ""


def _plan_down(robot: Manipulator, lowest: float, cancelled: Cancelled) -> Trajectory:
    """Straight down, slowly, until the part is as high above the table as it is put down on a tray.

    lowest: z of the part's lowest point in the base frame, metres. Raises a PlanningError.
    """
    options = robot.straight_options(cancelled, Contacts())
    options = replace(options, tcp_speed=options.tcp_speed * robot.slipping.speed)
    start = robot.start()
    height = max(lowest - robot.cell.table_height - robot.settings.put_height, _LEAST)
    below = shifted(robot.planner.forward(start), np.array([0.0, 0.0, -height]))
    robot.planner.update_scene(robot.scene)
    return robot.planner.plan_straight(start, below, options)
