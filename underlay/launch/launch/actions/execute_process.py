"""A command as a process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..descriptions import Executable
from ..descriptions.executable import SomeEnvironment
from ..some_substitutions_type import SomeSubstitutionsType
from .execute_local import ExecuteLocal


class ExecuteProcess(ExecuteLocal):
    """Runs a command; see Executable for what describes it and ExecuteLocal for how it is run."""

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: SomeEnvironment | None = None,
        additional_env: SomeEnvironment | None = None,
        **kwargs: Any,
    ) -> None:
        executable = Executable(
            cmd=cmd, prefix=prefix, name=name, cwd=cwd, env=env, additional_env=additional_env
        )
        super().__init__(process_description=executable, **kwargs)

    # The texts once they are known, before that what they will be made of.

    @property
    def name(self) -> Any:
        """Unique label of the process."""
        description = self.process_description
        return description.name if description.final_name is None else description.final_name

    @property
    def cmd(self) -> Any:
        """Command line."""
        description = self.process_description
        return description.cmd if description.final_cmd is None else description.final_cmd

    @property
    def cwd(self) -> Any:
        """Folder that it runs in."""
        description = self.process_description
        return description.cwd if description.final_cwd is None else description.final_cwd

    @property
    def env(self) -> Any:
        """Its environment."""
        description = self.process_description
        return description.env if description.final_env is None else description.final_env

    @property
    def additional_env(self) -> Any:
        """What is added to the environment."""
        return self.process_description.additional_env
