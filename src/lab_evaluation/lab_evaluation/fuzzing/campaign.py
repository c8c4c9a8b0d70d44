"""Feeds inputs to targets and judges what becomes of them; what is wrong is made as small as it can be."""

from __future__ import annotations

import itertools
import math
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from lab_core.errors import LabError
from lab_evaluation.fuzzing.findings import Findings, Hang, Verdict, Wrong
from lab_evaluation.fuzzing.shares import in_turn, shares
from lab_evaluation.fuzzing.target import Target

# Bytes that an input may want beside what this process has; and what this process may come to hold.
MEMORY, HELD = 4 << 30, 6 << 30
# Inputs of one turn of a quick target, each of which begins with the simplest input.
_TURN = 100


def campaign(
    targets: Sequence[Target],
    number: int,
    inputs: int,
    groups: Mapping[str, float],
    found: dict[str, Findings],
    end: float = math.inf,
    done: Callable[[Target, Findings], None] = lambda target, findings: None,
) -> None:
    """Give the targets so many inputs of a seed, each its share.

    groups: shares of the groups. found: findings by target, which are added to. end: by time.monotonic;
    nothing is fed afterwards. done: called after each turn.
    """
    seeds = random.Random(number)
    for target in targets:
        found.setdefault(target.name, Findings())
    turns, drawn = list[tuple[Target, list[int]]](), dict[str, Iterator[Any]]()
    for target, share in zip(targets, shares(targets, inputs, groups), strict=True):
        if target.slow:
            drawn[target.name] = itertools.cycle(examples(target.inputs, seeds.randrange(2**32), share))
            turns.append((target, [1] * share))
        else:
            whole, rest = divmod(share, _TURN)
            turns.append((target, [_TURN] * whole + [rest] * (rest > 0)))
    for target, size in in_turn(turns):
        if time.monotonic() >= end:
            break
        findings = found[target.name]
        begun = time.monotonic()
        if target.slow:
            feed(target, next(drawn[target.name]), findings)
        else:
            fuzz(target, seeds.randrange(2**32), size, findings, end)
        findings.seconds += time.monotonic() - begun
        done(target, findings)
        if (held := _held()) > HELD:
            findings.note(Wrong(f"this process holds {held >> 20} MiB", Verdict.OTHER), target.name)
            break


def examples(inputs: SearchStrategy[Any], number: int, count: int) -> list[Any]:
    """So many inputs of a seed, fewer when there are no more; the simplest, which always comes first, is
    left out where there are others.
    """
    values: list[Any] = []

    @seed(number)
    @_quiet(count + 1, (Phase.generate,))
    @given(inputs)
    def draw(value: Any) -> None:
        values.append(value)

    draw()
    return values[1:] or values


def fuzz(target: Target, number: int, count: int, findings: Findings, end: float = math.inf) -> None:
    """Feed so many inputs of a seed to a target; the smallest input of each failure is kept."""
    seeds, wanted = random.Random(number), findings.inputs + count
    while (left := wanted - findings.inputs) > 0 and time.monotonic() < end:
        _search(target, seeds.randrange(2**32), left, findings, end)
        if wanted - findings.inputs == left:
            break


def _search(target: Target, number: int, count: int, findings: Findings, end: float) -> None:
    """Feed at most so many inputs, which ends with the first failure."""
    # what has failed once is not made smaller again: that can take minutes
    phases = (Phase.generate,) if findings.failures else (Phase.generate, Phase.shrink)
    failing: list[Any] = []

    @seed(number)
    @_quiet(count, phases)
    @given(target.inputs)
    def take(value: Any) -> None:
        if time.monotonic() < end:
            try:
                _take(target, value, findings)
            except BaseException:
                failing.append(value)
                raise

    try:
        take()
    except (Exception, Hang, SystemExit) as error:
        findings.note(error, failing[-1] if failing else "?")


def feed(target: Target, value: Any, findings: Findings) -> None:
    """One input."""
    try:
        _take(target, value, findings)
    except (Exception, Hang, SystemExit) as error:
        findings.note(error, value)


def _quiet(count: int, phases: tuple[Phase, ...]) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )


def _take(target: Target, value: Any, findings: Findings) -> None:
    findings.inputs += 1
    try:
        with _bounded(target):
            target.take(value)
    except LabError as error:
        findings.refused += 1
        text = str(error)
        if not text or "\n" in text or len(text) > 2000:
            lines = text.count("\n") + 1
            words = f"a refusal of {len(text)} letters in {lines} lines: {text[:200]!r}"
            raise Wrong(words, Verdict.OTHER) from None
    except SystemExit as ended:
        findings.refused += 1
        if ended.code != 2:
            words = f"ended with exit code {ended.code}, expected 2"
            raise Wrong(words, Verdict.WRONG_SUCCESS) from None


@contextmanager
def _bounded(target: Target) -> Iterator[None]:
    """Raise Hang in this, the main, thread after too long, and MemoryError for too much; what is slow is work
    of other processes, which are not held to the latter.
    """

    def ring(*_: object) -> None:
        raise Hang(f"took more than {target.hang:.0f} s")

    memory = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, target.hang)
    if not target.slow:
        resource.setrlimit(resource.RLIMIT_AS, (_pages(0) + MEMORY, memory[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, memory)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _held() -> int:
    """Bytes of this process that lie in memory."""
    return _pages(1)


def _pages(column: int) -> int:
    """Bytes, by a column of statm."""
    return int(Path("/proc/self/statm").read_text().split()[column]) * resource.getpagesize()
