"""Arguments of launches on the command line."""

from __future__ import annotations

from collections.abc import ItemsView, Sequence


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
