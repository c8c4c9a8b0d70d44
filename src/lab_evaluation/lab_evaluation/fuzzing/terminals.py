"""Keys in bursts, and what a run shows in windows of any size and on its page; the targets that take them."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from rich.console import Console

from lab_console.live import live_view, summary
from lab_console.operator_keys import RESET, STOP, Keys
from lab_console.report import write_report
from lab_console.run_record import AttemptRecord, CandidateRecord, LeftRecord, LineRecord, RunRecord
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_evaluation.fuzzing.target import Target

GROUP = "terminals"
_KEYS = st.sampled_from(
    [
        *"sSrRxq1 \t\r\n\x1b\x7fäß",
        "\x1b[A",
        "\x1bOR",
        "\x1b[1;5R",
        "\x1b[200~",
        "order",
        "\u017f",
        "日本",
        "xyz" * 40,
    ]
)
BURSTS = st.lists(_KEYS, min_size=1, max_size=8).map("".join)
_SCRIPT = "<script>run()</script>"
_STEERS = ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\r")
_TEXTS = st.sampled_from(
    [
        "",
        "part_1",
        _SCRIPT,
        "[/red]",
        "[bold",
        "a" * 400,
        "日本" * 40,
        ":smiley:",
        "a\nb",
        "\\",
        "{x}",
        "\0",
        *_STEERS,
    ]
)
_NUMBERS = st.sampled_from([0.0, -1.0, 0.05, 1e300, float("nan"), float("inf")])


def heed_signals() -> None:
    """Take signals as a program does that a person has started in a terminal: begun in the background or by
    nohup, this process ignores some of them, and so would all programs that it starts and interrupts.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            heed = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, heed)


@contextmanager
def terminal() -> Iterator[int]:
    """A terminal as this process's standard input; the descriptor that types on it."""
    ours, its = os.openpty()
    before = sys.stdin
    try:
        with os.fdopen(its) as sys.stdin:
            yield ours
    finally:
        sys.stdin = before
        os.close(ours)


def asks_to_stop(burst: str) -> bool:
    """By the words of the manual: an s of either case, whatever else was hit with it."""
    return "s" in burst or "S" in burst


def _bursts(bursts: list[str]) -> None:
    with terminal() as ours, Keys() as keys:
        for burst in bursts:
            os.write(ours, burst.encode())
            got = keys.pressed(10.0)
            if asks_to_stop(burst) != (got == STOP):
                raise Wrong(f"{burst!r} was taken for {got!r}", Verdict.OTHER)
            if got == RESET and set(burst) - set("rR"):
                raise Wrong(f"{burst!r} was taken for a reset", Verdict.OTHER)
            if keys.pressed(0.0):
                raise Wrong(f"{burst!r} was taken twice", Verdict.OTHER)


def _record(texts: list[str], numbers: list[float]) -> RunRecord:
    a, b, c, d = texts
    x, y, z = numbers
    attempt = AttemptRecord(1, 1, a, b, "SUCCESS", c, d, x, y, z, x, (), neighbours=(a,))
    candidate = CandidateRecord(a, x, b)
    record = RunRecord(cell=a, scene=b, seed=1, speed=1.0)
    record.attempts = [attempt, AttemptRecord(2, 2, d, c, b, a, a, z, x, y, z, ())]
    record.lines = [LineRecord(a, b, (c, d), 1, "SUCCESS", d, (candidate, candidate))]
    record.left = [LeftRecord(a, (x, y, z), 1, b, c)]
    record.outcome, record.message = d, a
    return record


def _table(given: tuple[list[str], list[float], int, int]) -> None:
    texts, numbers, columns, rows = given
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=columns, height=rows, markup=False, emoji=False)
    record = _record(texts, numbers)
    console.print(live_view(record, texts[0], 1.0, "s: stop"))
    console.print(summary(record))
    said = shown.getvalue()
    for steer in _STEERS:
        if steer in said:
            raise Wrong(f"{steer!r} of a name reaches the terminal", Verdict.OTHER)


def _page(folder: Path, texts: list[str], numbers: list[float]) -> None:
    page = folder / "report.html"
    write_report(_record(texts, numbers), {}, None, page, folder)
    if _SCRIPT in page.read_text(encoding="utf-8"):
        raise Wrong("a name is a program in the report", Verdict.OTHER)


def targets(folder: Path) -> list[Target]:
    """Group "terminals", as far as it needs no other process. folder: to write to."""
    texts: Any = st.lists(_TEXTS, min_size=4, max_size=4)
    numbers = st.lists(_NUMBERS, min_size=3, max_size=3)
    sizes = st.integers(1, 250)
    return [
        Target("keys", GROUP, st.lists(BURSTS, min_size=1, max_size=4), _bursts),
        Target("live table", GROUP, st.tuples(texts, numbers, sizes, sizes), _table),
        Target("report", GROUP, st.tuples(texts, numbers), lambda given: _page(folder, *given)),
    ]
