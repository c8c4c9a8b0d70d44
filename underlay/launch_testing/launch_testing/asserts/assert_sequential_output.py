"""Assertions about the order of output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from launch.actions import ExecuteLocal

from ..util import resolveProcesses

_CONTEXT_LINES = 2


class SequentialTextChecker:
    """Finds texts, each after the one before."""

    def __init__(self, output: Sequence[str]) -> None:
        """output: the pieces that a process wrote; a text that is looked for lies within one of them."""
        self._output = list(output)
        self._piece = 0
        self._position = 0

    def assertInText(self, msg: str) -> None:
        """The same as assertInStdout()."""
        self.assertInStdout(msg)

    def assertInStdout(self, msg: str) -> None:
        """AssertionError unless the text comes after the one that was found last."""
        position = self._position
        for piece in range(self._piece, len(self._output)):
            found = self._output[piece].find(msg, position)
            if found != -1:
                self._piece, self._position = piece, found + len(msg)
                return
            position = 0
        raise AssertionError(
            f"'{msg}' not found in sequence after previous match.  The output near the last matched line:\n"
            f"{self.get_nearby_lines()}"
        )

    def get_nearby_lines(self) -> str:
        """The lines about the place of the last match."""
        before = "".join(self._output[: self._piece]) + "".join(self._output[self._piece :])[: self._position]
        after = "".join(self._output)[len(before) :]
        start = before.split("\n")[-_CONTEXT_LINES - 1 :]
        end = after.split("\n")[: _CONTEXT_LINES + 1]
        return "\n".join(start) + "\n".join(end)


@contextmanager
def assertSequentialStdout(
    proc_output: Any, process: str | ExecuteLocal, cmd_args: Any = None
) -> Iterator[SequentialTextChecker]:
    """Gives a checker of the output of one process; see resolveProcesses() for which one is meant."""
    (action,) = resolveProcesses(proc_output, process=process, cmd_args=cmd_args, strict_proc_matching=True)
    yield SequentialTextChecker([piece.text.decode(errors="replace") for piece in proc_output[action]])
