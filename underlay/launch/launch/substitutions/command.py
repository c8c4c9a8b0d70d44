"""The output of a command."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import launch.logging

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class Command(Substitution):
    """Standard output of a command line, which is split as a shell does but run without one.

    on_stderr: what output on standard error means: 'fail', 'ignore', 'warn' or 'capture' (joins the result).
    """

    def __init__(self, command: SomeSubstitutionsType, *, on_stderr: SomeSubstitutionsType = "fail") -> None:
        self.__command = normalize_to_list_of_substitutions(command)
        self.__on_stderr = normalize_to_list_of_substitutions(on_stderr)

    @property
    def command(self) -> list[Substitution]:
        """The command line."""
        return self.__command

    @property
    def on_stderr(self) -> list[Substitution]:
        """What output on standard error means."""
        return self.__on_stderr

    def describe(self) -> str:
        return f"Command({' + '.join(sub.describe() for sub in self.command)})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if the command is missing, fails, or complains where it must not."""
        line = perform_substitutions(context, self.command)
        on_stderr = perform_substitutions(context, self.on_stderr)
        if on_stderr not in ("fail", "ignore", "warn", "capture"):
            raise SubstitutionFailure(
                "expected 'on_stderr' to be one of: 'fail', 'ignore', 'warn' or 'capture'"
            )
        try:
            result = subprocess.run(
                shlex.split(line),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if on_stderr == "capture" else subprocess.PIPE,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise SubstitutionFailure(f"file not found: {error}") from error
        if result.returncode != 0:
            message = f"executed command failed. Command: {line}"
            if result.stderr:
                message += f"\nCaptured stderr output: {result.stderr}"
            raise SubstitutionFailure(message)
        if result.stderr:
            message = f"executed command showed stderr output. Command: {line}\n"
            message += f"Captured stderr output:\n{result.stderr}"
            if on_stderr == "fail":
                raise SubstitutionFailure(message)
            if on_stderr == "warn":
                launch.logging.get_logger().warning(message)
        return result.stdout
