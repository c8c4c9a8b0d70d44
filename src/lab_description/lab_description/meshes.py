"""Which installed packages hold the meshes that are shown, and where."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_PACKAGE_URI = re.compile(r"package://([A-Za-z0-9_-]+)/")


@cache
def ros_package(package: str) -> Path | None:
    """Share folder of an installed ROS package, None if there is none."""
    try:
        from ament_index_python.packages import get_package_share_directory

        return Path(get_package_share_directory(package))
    except (ImportError, LookupError, OSError, ValueError):
        return None


@cache
def python_package(package: str) -> Path | None:
    """Folder of an installed Python package, None if there is none; it is not imported."""
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


def installed(packages: Iterable[str]) -> list[str]:
    """Those of the packages that are installed, ROS packages before Python packages."""
    names = list(packages)
    ros = [name for name in names if ros_package(name) is not None]
    return ros + [name for name in names if name not in ros and python_package(name) is not None]


def with_file_uris(urdf: str) -> str:
    """package:// URIs of Python packages as file:// URIs; those of ROS packages stay for ROS to resolve."""

    def uri(match: re.Match[str]) -> str:
        folder = python_package(match[1]) if ros_package(match[1]) is None else None
        return f"{folder.as_uri()}/" if folder is not None else match[0]

    return _PACKAGE_URI.sub(uri, urdf)


def with_paths(urdf: str) -> str:
    """package:// URIs as absolute paths, for readers that know no URIs."""

    def path(match: re.Match[str]) -> str:
        folder = ros_package(match[1]) or python_package(match[1])
        return f"{folder}/" if folder is not None else match[0]

    return _PACKAGE_URI.sub(path, urdf)
