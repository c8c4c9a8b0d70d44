"""An executable with its arguments, folder and environment."""

from __future__ import annotations

import itertools
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..action import Action
    from ..launch_context import LaunchContext

SomeEnvironment = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]
Environment = list[tuple[list[Substitution], list[Substitution]]]

_process_numbers = itertools.count(1)


class Executable:
    """What to run. The `final_…` properties hold the texts once prepare() has been called."""

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: SomeEnvironment | None = None,
        additional_env: SomeEnvironment | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
    ) -> None:
        """Describe an executable.

        cmd: the executable and its arguments. prefix: put before them, split as a shell does; None takes the
        launch configuration `launch-prefix` for the executables that match the regular expression
        `launch-prefix-filter`.
        name: label; None takes the executable's file name. env: the whole environment; None takes the
        context's.
        additional_env: added to either.
        """
        self.__arguments = arguments
        self.__cmd = [normalize_to_list_of_substitutions(part) for part in (*cmd, *(arguments or ()))]
        self.__prefix = normalize_to_list_of_substitutions(
            LaunchConfiguration("launch-prefix", default="") if prefix is None else prefix
        )
        self.__prefix_filter = (
            normalize_to_list_of_substitutions(LaunchConfiguration("launch-prefix-filter", default=""))
            if prefix is None
            else None
        )
        self.__name = None if name is None else normalize_to_list_of_substitutions(name)
        self.__cwd = None if cwd is None else normalize_to_list_of_substitutions(cwd)
        self.__env = None if env is None else _normalized(env)
        self.__additional_env = None if additional_env is None else _normalized(additional_env)
        self.__final_cmd: list[str] | None = None
        self.__final_cwd: str | None = None
        self.__final_env: dict[str, str] | None = None
        self.__final_name: str | None = None

    @property
    def name(self) -> list[Substitution] | None:
        """Label, None for the executable's file name."""
        return self.__name

    @property
    def prefix(self) -> list[Substitution]:
        """What comes before the command."""
        return self.__prefix

    @property
    def cmd(self) -> list[list[Substitution]]:
        """Executable and arguments; may be extended before prepare()."""
        return self.__cmd

    @property
    def cwd(self) -> list[Substitution] | None:
        """Folder to run in."""
        return self.__cwd

    @property
    def env(self) -> Environment | None:
        """The whole environment."""
        return self.__env

    @property
    def additional_env(self) -> Environment | None:
        """What is added to the environment."""
        return self.__additional_env

    @property
    def arguments(self) -> Iterable[SomeSubstitutionsType] | None:
        """Arguments after the command, as they were given."""
        return self.__arguments

    @property
    def final_name(self) -> str | None:
        """Label with a number that is unique in this process."""
        return self.__final_name

    @property
    def final_cmd(self) -> list[str] | None:
        """Command line."""
        return self.__final_cmd

    @property
    def final_cwd(self) -> str | None:
        """Folder to run in; None: that of the launch."""
        return self.__final_cwd

    @property
    def final_env(self) -> dict[str, str] | None:
        """Environment."""
        return self.__final_env

    def prepare(self, context: LaunchContext, action: Action) -> None:
        """Perform all substitutions. Subclasses may use the action."""
        cmd = [perform_substitutions(context, part) for part in self.__cmd]
        if self.__prefix_applies(context, cmd[0]):
            cmd = shlex.split(perform_substitutions(context, self.__prefix)) + cmd
        self.__final_cmd = cmd
        name = (
            os.path.basename(cmd[0]) if self.__name is None else perform_substitutions(context, self.__name)
        )
        self.__final_name = f"{name}-{next(_process_numbers)}"
        self.__final_cwd = None if self.__cwd is None else perform_substitutions(context, self.__cwd)
        env = dict(context.environment) if self.__env is None else _performed(context, self.__env)
        env.update(_performed(context, self.__additional_env or []))
        self.__final_env = env

    def __prefix_applies(self, context: LaunchContext, executable: str) -> bool:
        if self.__prefix_filter is None:
            return True
        pattern = perform_substitutions(context, self.__prefix_filter)
        return re.match(pattern, os.path.basename(executable)) is not None


def _normalized(env: SomeEnvironment) -> Environment:
    return [
        (normalize_to_list_of_substitutions(name), normalize_to_list_of_substitutions(value))
        for name, value in env.items()
    ]


def _performed(context: LaunchContext, env: Environment) -> dict[str, str]:
    return {
        perform_substitutions(context, name): perform_substitutions(context, value) for name, value in env
    }
