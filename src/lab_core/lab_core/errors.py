"""Root of the exception trees: an expected failure is an exception with a code; it ends as an Outcome."""

from lab_core.outcomes import OutcomeCode


class LabError(Exception):
    """An expected failure. Subclasses set the code and the stage; the text is one sentence for a person."""

    code: OutcomeCode = OutcomeCode.INTERNAL_ERROR
    stage: str = ""

    def __str__(self) -> str:
        """One line, whatever it quotes: what would break it, or steer a terminal, in its escaped form."""
        text = super().__str__()
        if text.isprintable():
            return text
        return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class CancelledError(LabError):
    """The caller took the request back."""

    code = OutcomeCode.CANCELLED


class StoppedError(LabError):
    """The cell was stopped; only an operator's reset lets it move again."""

    code = OutcomeCode.STOPPED


class InvalidRequestError(LabError):
    """The request contradicts itself or names what does not exist."""

    code = OutcomeCode.INVALID_REQUEST


class StaleInputError(LabError):
    """The newest input is older than its limit, or never came."""

    code = OutcomeCode.STALE_INPUT


class DeadlineError(LabError):
    """Something took longer than its limit."""

    code = OutcomeCode.TIMEOUT


class UnavailableError(LabError):
    """Another node, server or device does not answer."""

    code = OutcomeCode.UNAVAILABLE


class ConfigurationError(LabError):
    """A file or parameter is missing, malformed or out of range; the text names it and the fix."""

    code = OutcomeCode.INVALID_REQUEST
