"""Outcome messages from exceptions and back."""

from lab_interfaces.msg import Outcome, StageTime

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


def success() -> Outcome:
    """The outcome of what was done and measured."""
    return Outcome(code=Outcome.SUCCESS)


def outcome_from(error: LabError) -> Outcome:
    """The outcome that says what the exception says."""
    return Outcome(code=int(error.code), stage=error.stage, message=str(error))


def known_code(outcome: Outcome) -> OutcomeCode:
    """Its code; INTERNAL_ERROR where the code is of a newer version."""
    try:
        return OutcomeCode(outcome.code)
    except ValueError:
        return OutcomeCode.INTERNAL_ERROR


def name_of(outcome: Outcome) -> str:
    """Name of the code, such as NO_OBJECT; its number where the code is of a newer version."""
    try:
        return OutcomeCode(outcome.code).name
    except ValueError:
        return str(outcome.code)


def stage_time(stage: str, duration: float = 0.0, compute: float = 0.0) -> StageTime:
    """How long a stage took: seconds of the node's clock, and seconds of computing."""
    return StageTime(stage=stage, duration=duration, compute=compute)
