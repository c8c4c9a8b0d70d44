"""Where the launch file that is being visited lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..substitution import Substitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def _local(context: LaunchContext, name: str, what: str) -> str:
    values = context.get_locals_as_dict()
    if name not in values:
        raise SubstitutionFailure(f"{what} used outside of a launch file (in a script)")
    return str(values[name])


class ThisLaunchFile(Substitution):
    """Path of the current launch file."""

    def describe(self) -> str:
        return "ThisLaunchFile()"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure outside a launch file."""
        return _local(context, "current_launch_file_path", "ThisLaunchFile")


class ThisLaunchFileDir(Substitution):
    """Folder of the current launch file."""

    def describe(self) -> str:
        return "ThisLaunchFileDir()"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure outside a launch file."""
        return _local(context, "current_launch_file_directory", "ThisLaunchFileDir")
