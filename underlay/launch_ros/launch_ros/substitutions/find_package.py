"""Where packages lie."""

from __future__ import annotations

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class FindPackage(Substitution):
    """Base: something about a package that the ament index knows."""

    def __init__(self, package: SomeSubstitutionsType) -> None:
        self.__package = normalize_to_list_of_substitutions(package)

    def find(self, package_name: str) -> str:
        """The path for a package; PackageNotFoundError if there is none."""
        raise NotImplementedError

    @property
    def package(self) -> list[Substitution]:
        """Name of the package."""
        return self.__package

    def describe(self) -> str:
        return f"{type(self).__name__}(pkg={' + '.join(sub.describe() for sub in self.package)})"

    def perform(self, context: LaunchContext) -> str:
        """PackageNotFoundError if there is no such package."""
        return self.find(perform_substitutions(context, self.package))


class FindPackagePrefix(FindPackage):
    """The folder that a package is installed in."""

    def find(self, package_name: str) -> str:
        return str(get_package_prefix(package_name))


class FindPackageShare(FindPackage):
    """The share folder of a package."""

    def find(self, package_name: str) -> str:
        return str(get_package_share_directory(package_name))
