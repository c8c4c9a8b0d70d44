"""Messages to what the task knows, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Point
from lab_interfaces.msg import Attempt as AttemptMessage
from lab_interfaces.msg import Grasp, LeftObject, ObservedObject, Outcome, Scene, StageTime
from rclpy.time import Time
from std_msgs.msg import Header

from lab_core.errors import LabError
from lab_core.geometry import looks
from lab_core.outcomes import OutcomeCode
from lab_node.poses import matrix_from_pose
from lab_tasks.job import Attempt
from lab_tasks.ledger import Failure, Record, SeenObject, View
from lab_tasks.skills import GraspOption, Stage


class ReportedError(LabError):
    """A failure that another node reported."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.stage = outcome.stage
        known = set(OutcomeCode)
        self.code = OutcomeCode(outcome.code) if outcome.code in known else OutcomeCode.INTERNAL_ERROR


def view_from(scene: Scene) -> View:
    """The scene as the task sees it."""
    stamp = Time.from_msg(scene.header.stamp).nanoseconds
    return View(stamp, tuple(_seen_object(observed) for observed in scene.objects))


def grasp_options(grasps: Sequence[Grasp]) -> list[GraspOption]:
    """Grasps as the task sees them."""
    return [GraspOption(matrix_from_pose(grasp.pose), grasp) for grasp in grasps]


def stages_from(stages: Sequence[StageTime]) -> list[Stage]:
    """Stage times as the task keeps them."""
    return [Stage(stage.stage, stage.duration, stage.compute) for stage in stages]


def outcome_message(failure: Failure | None) -> Outcome:
    """The failure, or success."""
    if failure is None:
        return Outcome(code=Outcome.SUCCESS)
    return Outcome(code=int(failure.code), stage=failure.stage, message=failure.message)


def attempt_message(attempt: Attempt, header: Header) -> AttemptMessage:
    """The finished attempt."""
    return AttemptMessage(
        header=header,
        number=attempt.number,
        object_id=attempt.record.object.id,
        scene_stamp=time_message(attempt.view.stamp),
        outcome=outcome_message(attempt.failure),
        grasp=attempt.grasp.message if attempt.grasp is not None else Grasp(),
        held_width=attempt.held_width,
        held_force=attempt.held_force,
        destination=attempt.destination,
        stages=[StageTime(stage=s.name, duration=s.duration, compute=s.compute) for s in attempt.stages],
    )


def left_message(record: Record) -> LeftObject:
    """A part that stayed, and why."""
    x, y, z = record.object.centre.tolist()
    return LeftObject(
        object_id=record.object.id,
        position=Point(x=x, y=y, z=z),
        attempts=record.attempts,
        outcome=outcome_message(record.failure),
    )


def time_message(nanoseconds: int) -> TimeMessage:
    """Time of the cell's clock."""
    return Time(nanoseconds=nanoseconds).to_msg()


def _seen_object(observed: ObservedObject) -> SeenObject:
    centre, size = observed.box.center.position, observed.box.size
    return SeenObject(
        observed.id,
        np.array([centre.x, centre.y, centre.z]),
        np.array([size.x, size.y, size.z]),
        looks([observed.color.r, observed.color.g, observed.color.b]),
    )
