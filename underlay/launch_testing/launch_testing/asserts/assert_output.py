"""Assertions about output."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from launch.actions import ExecuteLocal

from ..util import resolveProcesses

_ANSI_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def assertInStdout(
    proc_output: Any,
    expected_output: Any,
    process: str | ExecuteLocal | None,
    cmd_args: Any = None,
    *,
    output_filter: Callable[[str], str] | None = None,
    strict_proc_matching: bool = True,
    strip_ansi_escape_sequences: bool = True,
) -> None:
    """AssertionError unless a process has written the output.

    expected_output: a text, a compiled regular expression, or a list of either, to be found in this order;
    texts of a list are whole lines. output_filter: applied to the output before. For the rest see
    resolveProcesses().
    """
    _assert_in_stream(
        "stdout",
        proc_output,
        expected_output,
        resolveProcesses(
            info_obj=proc_output,
            process=process,
            cmd_args=cmd_args,
            strict_proc_matching=strict_proc_matching,
        ),
        output_filter,
        strip_ansi_escape_sequences,
    )


def assertInStderr(
    proc_output: Any,
    expected_output: Any,
    process: str | ExecuteLocal | None,
    cmd_args: Any = None,
    *,
    output_filter: Callable[[str], str] | None = None,
    strict_proc_matching: bool = True,
    strip_ansi_escape_sequences: bool = True,
) -> None:
    """The same about standard error."""
    _assert_in_stream(
        "stderr",
        proc_output,
        expected_output,
        resolveProcesses(
            info_obj=proc_output,
            process=process,
            cmd_args=cmd_args,
            strict_proc_matching=strict_proc_matching,
        ),
        output_filter,
        strip_ansi_escape_sequences,
    )


def _assert_in_stream(
    stream: str,
    proc_output: Any,
    expected: Any,
    actions: list[ExecuteLocal],
    output_filter: Callable[[str], str] | None,
    strip_ansi: bool,
) -> None:
    if output_filter is not None and not callable(output_filter):
        raise ValueError("output_filter is not callable")
    matches = _matcher(expected)
    for action in actions:
        pieces = [piece.text for piece in proc_output[action] if getattr(piece, f"from_{stream}")]
        text = b"".join(pieces).decode(errors="replace")
        if strip_ansi:
            text = _ANSI_ESCAPES.sub("", text)
        if output_filter is not None:
            text = output_filter(text)
        if matches(text):
            return
    names = ", ".join(sorted(action.process_details["name"] for action in actions if action.process_details))
    raise AssertionError(f"Did not find '{expected}' in output for any of the matching processes: {names}")


def _matcher(expected: Any) -> Callable[[str], bool]:
    if isinstance(expected, str):
        return lambda actual: expected in actual
    if isinstance(expected, re.Pattern):
        return lambda actual: expected.search(actual.replace(os.linesep, "\n")) is not None
    if isinstance(expected, list | tuple) and expected:
        if all(isinstance(item, str) for item in expected):
            return lambda actual: _lines_in_order(expected, actual.splitlines())
        if all(isinstance(item, re.Pattern) for item in expected):
            return lambda actual: _patterns_in_order(expected, actual.replace(os.linesep, "\n"))
    raise ValueError("Unknown format for expected output")


def _lines_in_order(expected: Any, lines: list[str]) -> bool:
    rest = iter(lines)
    return all(any(line == wanted for line in rest) for wanted in expected)


def _patterns_in_order(expected: Any, text: str) -> bool:
    start = 0
    for pattern in expected:
        match = pattern.search(text, start)
        if match is None:
            return False
        start = match.end()
    return True
