"""`lab new KIND NAME [FOLDER]`: makes a package and says how it is built, tested and run."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from lab_core.command_line import file_path
from lab_core.errors import ConfigurationError
from lab_templates.kinds import KINDS
from lab_templates.making import make_package

WRONG_USAGE = 2


def next_steps(kind: str, name: str, folder: Path) -> list[str]:
    """Command lines that build the package, run its tests, and run it in the simulated cell."""
    workspace = os.environ.get("LAB_WORKSPACE", "")
    inner = folder.parent if folder.name == "src" else folder  # colcon's own habit
    package = (folder / name).relative_to(inner)
    steps = [f"source {shlex.quote(f'{workspace}/.lab/activate')}"] if workspace else []
    steps.append(f"cd {shlex.quote(str(inner))} && python3 -m colcon build --paths {package}")
    steps.append(f"source install/setup.bash && python3 -m pytest {package}")
    plain = KINDS[kind].is_node or not workspace
    run = KINDS[kind].run or ("launch cell.launch.py" if plain else "demo")
    program = shlex.quote(f"{workspace}/lab") if workspace else "ros2"
    if not workspace:
        run = run.replace("launch ", "launch lab_bringup ", 1)
    run = f"{program} {run}"
    steps.append(f"{run} {KINDS[kind].argument}:={name}")
    return steps


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 2 when the words cannot be carried out."""
    parser = argparse.ArgumentParser(
        prog="lab new", description="Make a package of your own that extends the cell and works at once."
    )
    kinds = "; ".join(f"{name}: {kind.words}" for name, kind in KINDS.items())
    parser.add_argument("kind", metavar="KIND", help=kinds)
    parser.add_argument(
        "name", metavar="NAME", help="of the package and of what it brings, such as my_detector"
    )
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=file_path,
        default=Path(),
        help="where it goes; the current one",
    )
    options = parser.parse_args(argv)
    folder = options.folder.expanduser().resolve()
    try:
        files = make_package(options.kind, options.name, folder)
    except ConfigurationError as error:
        print(f"lab new: {error}", file=sys.stderr)
        return WRONG_USAGE
    print(
        f"{folder / options.name}: {KINDS[options.kind].words}, {len(files)} files. Build, test and run it:\n"
    )
    for step in next_steps(options.kind, options.name, folder):
        print(f"  {step}")
    print(f"\n{folder / options.name / 'README.md'} says what to change.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
