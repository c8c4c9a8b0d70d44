"""Runs a program of the workspace, a module or a file, as `python -m` or `python FILE` would.

Three things are otherwise: what lies beside a file is found after all that is installed (Python is started
with a safe path, see commands.py); Ctrl-C ends the program without a traceback, also while it still loads;
and so does an output that nobody reads any more, or that no disk takes.
"""

from __future__ import annotations

import errno
import os
import runpy
import signal
import sys
from pathlib import Path

INTERRUPTED = 130
UNREAD = 141
"""As a shell has it of what SIGPIPE ended."""
LOST = 1
_CANNOT_BE_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def main() -> int:
    """The program's own exit code, or that of a shell's interrupted program."""
    try:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see commands.become
            _run(*sys.argv[1:])
        finally:
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
    return 0


def _run(name: str, *arguments: str) -> None:
    sys.argv = [name, *arguments]
    if name.endswith(".py"):
        sys.path.append(str(Path(name).parent))
        runpy.run_path(name, run_name="__main__")
    else:
        runpy.run_module(name, run_name="__main__", alter_sys=True)


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
