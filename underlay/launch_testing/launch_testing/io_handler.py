"""What processes have written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from launch.actions import ExecuteLocal
from launch.events.process import ProcessIO

from .asserts.assert_output import assertInStderr, assertInStdout
from .util import NoMatchingProcessException, resolveProcesses


class IoHandler:
    """Pieces of output, in the order in which they came."""

    def __init__(self) -> None:
        self._sequence: list[ProcessIO] = []
        self._by_name: dict[str, list[ProcessIO]] = {}

    def track(self, process_name: str) -> None:
        """Know of a process that has not written anything."""
        self._by_name.setdefault(process_name, [])

    def append(self, process_io: ProcessIO) -> None:
        """Add a piece."""
        self._sequence.append(process_io)
        self._by_name.setdefault(process_io.process_name, []).append(process_io)

    def __iter__(self) -> Iterator[ProcessIO]:
        return iter(self._sequence)

    def processes(self) -> list[ExecuteLocal]:
        """Actions of the processes that have written something."""
        return [pieces[0].action for pieces in self._by_name.values() if pieces]

    def process_names(self) -> list[str]:
        """Names of the processes that have been heard of."""
        return list(self._by_name)

    def __getitem__(self, key: str | ExecuteLocal) -> list[ProcessIO]:
        """The pieces of one process, by name or action; KeyError if there is none."""
        if isinstance(key, str):
            return list(self._by_name[key])
        if key.process_details is None:
            raise KeyError(key)
        return list(self._by_name[key.process_details["name"]])


class ActiveIoHandler(IoHandler):
    """The same while processes run: for several threads, and with waiting."""

    def __init__(self) -> None:
        # A handler inside: after the shutdown, tests get that one, which no thread changes any more.
        self._io_handler = IoHandler()
        self._sync_lock = threading.Condition()

    @property
    def io_event(self) -> threading.Condition:
        """Notified with every piece."""
        return self._sync_lock

    def track(self, process_name: str) -> None:
        with self._sync_lock:
            self._io_handler.track(process_name)
            self._sync_lock.notify_all()

    def append(self, process_io: ProcessIO) -> None:
        with self._sync_lock:
            self._io_handler.append(process_io)
            self._sync_lock.notify_all()

    def __iter__(self) -> Iterator[ProcessIO]:
        with self._sync_lock:
            return iter(list(self._io_handler))

    def processes(self) -> list[ExecuteLocal]:
        with self._sync_lock:
            return self._io_handler.processes()

    def process_names(self) -> list[str]:
        with self._sync_lock:
            return self._io_handler.process_names()

    def __getitem__(self, key: str | ExecuteLocal) -> list[ProcessIO]:
        with self._sync_lock:
            return self._io_handler[key]

    def assertWaitFor(self, *args: Any, **kwargs: Any) -> None:
        """Wait for output as waitFor() does; AssertionError if it does not come."""
        if not self.waitFor(*args, **kwargs):
            raise AssertionError("Waiting for output timed out")

    def waitFor(
        self,
        expected_output: Any,
        process: str | ExecuteLocal | None = None,
        cmd_args: Any = None,
        *,
        strict_proc_matching: bool = True,
        output_filter: Callable[[str], str] | None = None,
        timeout: float = 10,
        strip_ansi_escape_sequences: bool = True,
        stream: str = "stderr",
    ) -> bool:
        """Whether a process writes the output within the seconds; arguments as assertInStdout() has them.

        stream: 'stdout' or 'stderr'. Raises an exception if no such process has written anything.
        """
        check = {"stdout": assertInStdout, "stderr": assertInStderr}[stream]

        def found() -> bool:
            try:
                check(
                    self._io_handler,
                    expected_output=expected_output,
                    process=process,
                    cmd_args=cmd_args,
                    output_filter=output_filter,
                    strict_proc_matching=strict_proc_matching,
                    strip_ansi_escape_sequences=strip_ansi_escape_sequences,
                )
            except (NoMatchingProcessException, AssertionError):
                return False
            return True

        with self._sync_lock:
            success = self._sync_lock.wait_for(found, timeout=timeout)
        if not success:
            try:
                resolveProcesses(self, process=process, cmd_args=cmd_args, strict_proc_matching=False)
            except NoMatchingProcessException as error:
                raise Exception(
                    f"After timeout, found no processes matching '{process}'  It either doesn't "
                    "exist, was never "
                    "launched, or didn't generate any output"
                ) from error
        return success
