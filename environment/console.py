"""What a person sees while the environment is made, and where the whole story is kept."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TAIL_LINES = 15
WIDTH = 100
SECONDS_BETWEEN_LINES = 10.0


class SetupError(Exception):
    """The environment cannot be made. The text is one sentence that names the thing and the fix."""


class Console:
    """Prints each step with its time; everything that the tools say goes to the log file."""

    def __init__(self, log_path: Path) -> None:
        self.log_path = log_path
        self._live = sys.stderr.isatty()
        self._shown = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announces a step and, when it succeeds, says how long it took."""
        started = time.monotonic()
        self._log(f"=== {title}")
        self._write(f"  {title} ...", end="" if self._live else "\n")
        yield
        self._clear()
        self._write(f"  {title}: {time.monotonic() - started:.1f} s")

    def detail(self, text: str) -> None:
        """Shows what the step is doing just now: in place on a terminal, now and then elsewhere."""
        if self._live:
            self._clear()
            self._write(f"    {text[:WIDTH]}", end="")
        elif time.monotonic() - self._shown > SECONDS_BETWEEN_LINES:
            self._write(f"    {text[:WIDTH]}")
            self._shown = time.monotonic()

    def say(self, text: str) -> None:
        self._clear()
        self._write(text)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        fix: str,
        cwd: Path | None = None,
        detail: Callable[[str], str | None] = lambda line: None,
    ) -> None:
        """Runs a command into the log. `detail` turns a line of output into progress, or None.

        Raises SetupError with `fix` after showing the last lines when the command fails.
        """
        words = [str(word) for word in command]
        self._log("$ " + " ".join(words))
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        with (
            self.log_path.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                words,
                env=dict(environment),
                cwd=cwd,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    log.write(line)
                    tail.append(line.rstrip())
                    if shown := detail(line.rstrip()):
                        self.detail(shown)
            except KeyboardInterrupt:
                process.terminate()
                raise
        if process.returncode != 0:
            self.say("\n".join(f"    | {line}" for line in tail))
            raise SetupError(f"{fix} (exit code {process.returncode}; the whole log is in {self.log_path})")

    def _log(self, text: str) -> None:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("a", encoding="utf-8") as log:
            log.write(text + "\n")

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")

    def _write(self, text: str, end: str = "\n") -> None:
        sys.stderr.write(text + end)
        sys.stderr.flush()
