"""Feeds inputs to targets and judges what becomes of them; what is wrong is made as small as it can be."""

from __future__ import annotations

import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from lab_core.errors import LabError

# Wall seconds that one input may take on a busy machine.
HANG = 60.0
# What takes seconds has so many times as long beside that; a turn of a target takes about so many seconds.
_HANG_TIMES, _TURN = 30.0, 20.0


class Hang(BaseException):
    """An input that took too long. No Exception: nothing on the way may swallow it."""


class Wrong(AssertionError):
    """An input that was taken, and should not have been, or the other way round."""


@dataclass(frozen=True)
class Target:
    """One place where something enters.

    group: of the campaign, such as "files". take: called with each input; it may return, or raise a LabError
    or SystemExit with code 2 and a sentence; anything else is a finding. Wrong is raised by what judges.
    seconds: that an input takes. Where it is one or more, few are given a turn, and what fails is not made
    smaller.
    """

    name: str
    group: str
    inputs: SearchStrategy[Any]
    take: Callable[[Any], object]
    seconds: float = 0.0

    @property
    def slow(self) -> bool:
        return self.seconds >= 1.0

    @property
    def hang(self) -> float:
        """Wall seconds after which an input is taken for one that never ends."""
        return HANG + _HANG_TIMES * self.seconds

    def turn(self, examples: int) -> int:
        """How many inputs it is given at a time."""
        return max(1, min(examples, int(_TURN / self.seconds))) if self.slow else examples


@dataclass
class Findings:
    """Of one target: how many inputs it was given and refused, and what was raised: kind → input, words."""

    inputs: int = 0
    refused: int = 0
    failures: dict[str, tuple[str, str]] = field(default_factory=dict)


def fuzz(target: Target, number: int, examples: int, findings: Findings) -> None:
    """Feed so many inputs of a seed to a target; the smallest input of each failure is kept."""
    failing: list[Any] = []

    @seed(number)
    @settings(
        max_examples=target.turn(examples),
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate,) if target.slow else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def feed(value: Any) -> None:
        findings.inputs += 1
        try:
            with _bounded(target.hang):
                target.take(value)
        except LabError as error:
            findings.refused += 1
            _judge_sentence(str(error), value, failing)
        except SystemExit as ended:
            findings.refused += 1
            if ended.code != 2:
                failing.append(value)
                raise Wrong(f"ended with exit code {ended.code}, expected 2") from None
        except BaseException:
            failing.append(value)
            raise

    try:
        feed()
    except (Exception, Hang) as error:
        kind = f"{type(error).__name__} in {_where(error)}"
        findings.failures[kind] = (repr(failing[-1])[:400] if failing else "?", str(error)[:300])


def campaign(
    targets: Sequence[Target], number: int, goes_on: Callable[[Findings], bool], examples: int = 100
) -> dict[str, Findings]:
    """Every target in turn, again and again with other seeds, until `goes_on` says no; findings by target."""
    found = {target.name: Findings() for target in targets}
    seeds = random.Random(number)
    total = Findings()
    while goes_on(total):
        for target in targets:
            before = found[target.name].inputs
            fuzz(target, seeds.randrange(2**32), examples, found[target.name])
            total.inputs += found[target.name].inputs - before
            if not goes_on(total):
                break
    return found


def for_minutes(minutes: float) -> Callable[[Findings], bool]:
    """For `campaign`: until so much of the wall's time has gone by."""
    end = time.monotonic() + 60.0 * minutes
    return lambda total: time.monotonic() < end


def _judge_sentence(text: str, value: Any, failing: list[Any]) -> None:
    """A refusal is one line that a person reads."""
    if not text or "\n" in text or len(text) > 2000:
        failing.append(value)
        raise Wrong(f"a refusal of {len(text)} letters in {text.count(chr(10)) + 1} lines: {text[:200]!r}")


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raise Hang in this, the main, thread after so long."""

    def ring(*_: object) -> None:
        raise Hang(f"took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _where(error: BaseException) -> str:
    """The innermost line of this stack in a traceback."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "/lab_" in frame.filename]
    frame = ours[-1] if ours else traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
