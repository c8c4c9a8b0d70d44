"""Runs a launch file inside the environment, as `ros2 launch` does."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError
from ros2launch.api import (
    get_share_file_path_from_package,
    launch_a_launch_file,
    print_arguments_of_launch_file,
)
from ros2launch.api.api import MultipleLaunchFilesError

from lab_bringup.shared_memory import remove_unused
from lab_core.errors import ConfigurationError
from lab_node.domain import domain_id

WRONG_USAGE = 2


def main(words: Sequence[str] | None = None) -> int:
    """Launches `FILE` or `PACKAGE FILE` with `arg:=value ...`.

    Returns the exit code of the launch, or 2 when there is no such file.
    """
    words = sys.argv[1:] if words is None else words
    show = any(word in ("-s", "--show-args", "--show-arguments") for word in words)
    arguments = [word for word in words if ":=" in word]
    named = [word for word in words if ":=" not in word and not word.startswith("-")]
    try:
        domain = domain_id()
        path = _find(named)
    except (ConfigurationError, LookupError, OSError, MultipleLaunchFilesError) as error:
        print(f"lab: {error.args[-1]}", file=sys.stderr)
        return WRONG_USAGE
    if show:
        print_arguments_of_launch_file(launch_file_path=path)
        return 0
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        # a terminal that is closed ends the launch in order
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    logging.raiseExceptions = False  # a line of the log that nobody reads any more is no defect to trace
    code = launch_a_launch_file(
        launch_file_path=path, launch_file_arguments=arguments, noninteractive=not sys.stdin.isatty()
    )
    remove_unused(domain)
    return int(code or 0)


def _find(named: Sequence[str]) -> str:
    if len(named) == 1:
        return str(Path(named[0]).resolve())
    package, file, *unknown = named
    if unknown:
        raise LookupError(f"`{unknown[0]}` is not understood: arguments have the form name:=value")
    try:
        return str(get_share_file_path_from_package(package_name=package, file_name=file))
    except PackageNotFoundError as error:
        raise LookupError(f"there is no package `{package}` in this environment") from error


if __name__ == "__main__":
    sys.exit(main())
