"""Runs a program of the workspace, a module or a file, as `python -m` or `python FILE` would.

Two things are otherwise: what lies beside a file is found after all that is installed (Python is started with
a safe path, see commands.py), and Ctrl-C ends the program without a traceback, also while it still loads.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

INTERRUPTED = 130


def main() -> int:
    """The program's own exit code, or that of a shell's interrupted program."""
    name, *arguments = sys.argv[1:]
    try:
        if name.endswith(".py"):
            sys.argv = [name, *arguments]
            sys.path.append(str(Path(name).parent))
            runpy.run_path(name, run_name="__main__")
        else:
            sys.argv = [name, *arguments]
            runpy.run_module(name, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
