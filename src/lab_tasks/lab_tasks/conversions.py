"""Messages to what the task knows, and back."""

from __future__ import annotations

from collections.abc import Sequence

from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Point
from lab_interfaces.msg import Attempt as AttemptMessage
from lab_interfaces.msg import Candidate, LeftObject, LineResult, Outcome, StageTime
from lab_interfaces.msg import Grasp as GraspMessage
from lab_interfaces.msg import Handling as HandlingMessage
from lab_interfaces.msg import OrderLine as OrderLineMessage
from rclpy.time import Time
from std_msgs.msg import Header

from lab_core.errors import LabError
from lab_node.conversions.grasp import grasp_message
from lab_node.conversions.outcomes import known_code
from lab_tasks.job import Attempt
from lab_tasks.ledger import Failure, Record
from lab_tasks.orders.order import Handling, OrderLine
from lab_tasks.orders.progress import Progress
from lab_tasks.skills import Stage


class ReportedError(LabError):
    """A failure that another node reported."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.stage = outcome.stage
        self.code = known_code(outcome)


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
        scene_stamp=time_message(attempt.scene.stamp),
        outcome=outcome_message(attempt.failure),
        grasp=grasp_message(attempt.grasp) if attempt.grasp is not None else GraspMessage(),
        held_width=attempt.held_width,
        held_force=attempt.held_force,
        destination=attempt.destination,
        stages=[StageTime(stage=s.name, duration=s.duration, compute=s.compute) for s in attempt.stages],
    )


def left_message(record: Record) -> LeftObject:
    """A part that stayed, and why."""
    x, y, z = record.object.box.centre.tolist()
    return LeftObject(
        object_id=record.object.id,
        position=Point(x=x, y=y, z=z),
        attempts=record.attempts,
        outcome=outcome_message(record.failure),
    )


def line_message(line: OrderLine) -> OrderLineMessage:
    """A line of an order, as it was given."""
    return OrderLineMessage(
        what=line.what,
        language=line.language,
        side=line.side,
        how_many=line.how_many,
        to=list(line.to),
        clear_away_to=line.clear_away_to,
        handling=handling_message(line.handling),
    )


def handling_message(handling: Handling) -> HandlingMessage:
    """How a part is handled."""
    return HandlingMessage(speed=handling.speed, max_force=handling.max_force, places=list(handling.places))


def lines_from(messages: Sequence[OrderLineMessage]) -> list[OrderLine]:
    """The lines of an order that came as messages; left empty, a language is English and a side the
    operator's.
    """
    return [
        OrderLine(
            what=message.what,
            to=tuple(message.to),
            how_many=message.how_many,
            language=message.language or "en",
            side=message.side or "operator",  # checked when the order is understood
            clear_away_to=message.clear_away_to,
            handling=Handling(
                message.handling.speed, message.handling.max_force, tuple(message.handling.places)
            ),
        )
        for message in messages
    ]


def line_results(progress: Progress, ended: bool) -> list[LineResult]:
    """What came of each line so far. ended: the order has, so that what is missing is a failure."""
    failures = dict(progress.failures()) if ended else {}
    return [
        LineResult(
            line=line_message(state.line.given),
            meaning=str(state.line.query),
            placed=progress.placed(index),
            outcome=outcome_message(failures.get(index, None if ended else state.failure)),
            candidates=[
                Candidate(object_id=scored.id, score=scored.score, misses=scored.misses)
                for scored in state.candidates
            ],
        )
        for index, state in enumerate(progress.states)
    ]


def time_message(nanoseconds: int) -> TimeMessage:
    """Time of the cell's clock."""
    return Time(nanoseconds=nanoseconds).to_msg()
