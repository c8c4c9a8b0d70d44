"""Runs a program of the workspace, a module or a file: loads it, and calls its `main`.

Three things are otherwise than with `python -m` or `python FILE`: what lies beside a file is found after all
that is installed (Python is started with a safe path, see commands.py); Ctrl-C ends the program without a
traceback at any time, and is not lost; and an output that nobody reads any more, or that no disk takes, is no
traceback either.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

INTERRUPTED = 130
UNREAD = 141
"""As a shell has it of what SIGPIPE ended."""
LOST = 1
AGAIN = 0.02
"""Seconds until an interrupt that was swallowed is raised anew."""
_CANNOT_BE_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def main() -> int:
    """The program's own exit code, or that of a shell's interrupted program."""
    end_at_interrupt()
    name, *arguments = sys.argv[1:]
    sys.argv = [name, *arguments]
    program = _loaded(name)
    try:
        try:
            raise_at_interrupt()
            return int(program.main() or 0)
        finally:
            end_at_interrupt()
            sys.stdout.flush()  # at the end of the interpreter it is too late to say anything
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _write_nowhere()
        return UNREAD
    except OSError as error:
        if error.errno not in _CANNOT_BE_WRITTEN:
            raise
        _write_nowhere()
        print(f"lab: what it says cannot be written: {error.strerror}", file=sys.stderr)
        return LOST


def end_at_interrupt() -> None:
    """From now on Ctrl-C ends this process at once: there is nothing yet, or nothing any more, to be put in
    order. Imports swallow a KeyboardInterrupt now and then, or take it for a library that is missing.
    """
    _take_interrupts(_end)


def raise_at_interrupt() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt, again and again until it ends something."""
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    sys.unraisablehook = _raise_again
    _take_interrupts(signal.default_int_handler)


def raise_swallowed() -> None:
    """Raise a KeyboardInterrupt that waits to be raised anew: in a moment this process is another program."""
    if signal.setitimer(signal.ITIMER_REAL, 0.0)[0]:
        raise KeyboardInterrupt


def _take_interrupts(handler: Any) -> None:
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # in the background Ctrl-C is for others
        signal.signal(signal.SIGINT, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see `lab` and commands.become


def _end(*_: object) -> None:
    with contextlib.suppress(OSError):
        os.write(2, b"\n")
    os._exit(INTERRUPTED)


def _raise_again(unraisable: Any) -> None:
    """Python drops an exception in a callback of its garbage collector or of a library."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    signal.setitimer(signal.ITIMER_REAL, AGAIN)


def _loaded(name: str) -> ModuleType:
    """The module that holds the program."""
    if not name.endswith(".py"):
        module = importlib.import_module(name)
        return importlib.import_module(f"{name}.__main__") if hasattr(module, "__path__") else module
    sys.path.append(str(Path(name).parent))
    spec = importlib.util.spec_from_file_location("lab_program", name)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _write_nowhere() -> None:
    """What still waits to be written would fail again when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
