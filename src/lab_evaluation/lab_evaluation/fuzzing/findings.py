"""What may be wrong with how an input is taken, and what was found."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """The columns of the table."""

    TRACEBACK = "tracebacks"
    HANG = "hangs"
    WRONG_SUCCESS = "wrong successes"
    SILENT = "silent acceptances"
    MOTION = "motion while stopped"
    LEFT_RUNNING = "left running"
    OTHER = "others"


class Hang(BaseException):
    """An input that took too long. No Exception: nothing on the way may swallow it."""


class Wrong(AssertionError):
    """An input that was taken, and should not have been, or was refused in a way that is none."""

    def __init__(self, words: str, verdict: Verdict = Verdict.SILENT) -> None:
        super().__init__(words)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Failure:
    """given: the smallest input that fails in this way, as Python writes it. words: what was raised."""

    verdict: Verdict
    given: str
    words: str


@dataclass
class Findings:
    """Of one target: how many inputs it was given and refused, wall seconds, and its failures by kind."""

    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    failures: dict[str, Failure] = field(default_factory=dict)

    def note(self, error: BaseException, given: object) -> None:
        """An input that failed."""
        verdict = Verdict.TRACEBACK
        if isinstance(error, Hang):
            verdict = Verdict.HANG
        elif isinstance(error, Wrong):
            verdict = error.verdict
        kind = f"{type(error).__name__} in {_where(error)}"
        # the first of a kind has been made small
        self.failures.setdefault(kind, Failure(verdict, repr(given)[:400], str(error)[:1000]))


def _where(error: BaseException) -> str:
    """The innermost line of this stack in a traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((one for one in reversed(frames) if "/lab_" in one.filename), frames[-1])
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
