"""Executables of packages."""

from __future__ import annotations

import os
import shutil

from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from .find_package import FindPackagePrefix


class ExecutableInPackage(FindPackagePrefix):
    """Path of an executable in `lib/PACKAGE` of a package."""

    def __init__(self, executable: SomeSubstitutionsType, package: SomeSubstitutionsType) -> None:
        super().__init__(package)
        self.__executable = normalize_to_list_of_substitutions(executable)

    @property
    def executable(self) -> list[Substitution]:
        """Name of the executable."""
        return self.__executable

    def describe(self) -> str:
        executable = " + ".join(sub.describe() for sub in self.executable)
        return f"ExecInPkg(pkg={' + '.join(sub.describe() for sub in self.package)}, exec={executable})"

    def perform(self, context: LaunchContext) -> str:
        """PackageNotFoundError if there is no such package, SubstitutionFailure if it has no such
        executable.
        """
        executable = perform_substitutions(context, self.executable)
        package = perform_substitutions(context, self.package)
        prefix = super().perform(context)
        folder = os.path.join(prefix, "lib", package)
        if not os.path.exists(folder):
            raise SubstitutionFailure(
                f"package '{package}' found at '{prefix}', but libexec directory '{folder}' does not exist"
            )
        path = shutil.which(executable, path=folder)
        if path is None:
            raise SubstitutionFailure(
                f"executable '{executable}' not found on the libexec directory '{folder}' "
            )
        return path
