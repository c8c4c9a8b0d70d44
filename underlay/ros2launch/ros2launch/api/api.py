"""Finding, showing and launching launch files."""

from __future__ import annotations

import os
from collections.abc import ItemsView, Sequence

import launch
from ament_index_python.packages import get_package_share_directory
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)


class MultipleLaunchFilesError(Exception):
    """Several launch files of a package have the name."""

    def __init__(self, msg: str, paths: list[str]) -> None:
        super().__init__(msg)
        self.paths = paths


def get_share_file_path_from_package(*, package_name: str, file_name: str) -> str:
    """Path of a file anywhere below a package's share folder.

    Raises PackageNotFoundError, FileNotFoundError, or MultipleLaunchFilesError if several have the name.
    """
    share = get_package_share_directory(package_name)
    paths = [os.path.join(folder, file_name) for folder, _, files in os.walk(share) if file_name in files]
    if not paths:
        raise FileNotFoundError(
            f"file '{file_name}' was not found in the share directory of package '{package_name}' "
            f"which is at '{share}'"
        )
    if len(paths) > 1:
        listed = ", ".join(f"'{path}'" for path in paths)
        raise MultipleLaunchFilesError(
            f"file '{file_name}' was found more than once in the share directory of package "
            f"'{package_name}': "
            f"[{listed}]",
            paths,
        )
    return paths[0]


def print_arguments_of_launch_description(*, launch_description: launch.LaunchDescription) -> None:
    """Print the arguments that a launch description declares."""
    print("Arguments (pass arguments as '<name>:=<value>'):")
    arguments = launch_description.get_launch_arguments()
    for argument in arguments:
        mark = "*" if argument._conditionally_included else ""
        text = f"\n    '{argument.name}':{mark}\n        {argument.description}"
        if argument.default_value is not None:
            default = " + ".join(token.describe() for token in argument.default_value)
            text += f"\n        (default: {default})"
        print(text)
    if not arguments:
        print("\n  No arguments.")
    elif any(argument._conditionally_included for argument in arguments):
        print("\n* argument(s) which are only used if specific conditions occur")


def print_arguments_of_launch_file(*, launch_file_path: str) -> None:
    """Print the arguments that a launch file declares."""
    description = get_launch_description_from_any_launch_file(launch_file_path)
    print_arguments_of_launch_description(launch_description=description)


def parse_launch_arguments(launch_arguments: Sequence[str]) -> ItemsView[str, str]:
    """Pairs of names and values from `name:=value`; the last of the same name counts. RuntimeError if
    malformed.
    """
    parsed: dict[str, str] = {}
    for argument in launch_arguments:
        name, separator, value = argument.partition(":=")
        if not (name and separator and value):
            raise RuntimeError(f"malformed launch argument '{argument}', expected format '<name>:=<value>'")
        parsed[name] = value
    return parsed.items()


def launch_a_launch_file(
    *,
    launch_file_path: str,
    launch_file_arguments: Sequence[str],
    noninteractive: bool = False,
    debug: bool = False,
) -> int:
    """Launch a launch file with arguments in the form `name:=value`; return 0, or 1 if there were errors.

    noninteractive: no terminal sends Ctrl-C to the processes; pass `not sys.stdin.isatty()`.
    """
    service = launch.LaunchService(argv=launch_file_arguments, noninteractive=noninteractive, debug=debug)
    include = launch.actions.IncludeLaunchDescription(
        AnyLaunchDescriptionSource(launch_file_path),
        launch_arguments=parse_launch_arguments(launch_file_arguments),
    )
    service.include_launch_description(launch.LaunchDescription([include]))
    return service.run()
