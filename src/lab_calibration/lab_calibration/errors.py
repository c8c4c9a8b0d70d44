"""What can go wrong with a calibration. Each text is one sentence that names the thing and the fix."""

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class CalibrationError(LabError):
    """A calibration cannot be made, or must not be used."""

    code = OutcomeCode.INVALID_REQUEST
    stage = "calibration"


class BoardNotFound(CalibrationError):
    """A picture does not show the board, or not enough of it."""

    code = OutcomeCode.NO_OBJECT


class WrongBoard(CalibrationError):
    """What is seen is not the board that was named: mirrored, scaled, bent or of another kind."""


class PosesRefused(CalibrationError):
    """Poses from which no calibration follows, or a file that does not hold what it should."""


class CalibrationRefused(CalibrationError):
    """A result that is not written: worse than what is there, or than the cell needs."""
