"""What is installed, for launch files that refuse what cannot work."""

from __future__ import annotations

from collections.abc import Iterable

from ament_index_python.packages import PackageNotFoundError, get_package_prefix


def installed(package: str) -> bool:
    """Whether a ROS package is there."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def refuse_missing(packages: Iterable[str], needs: str, otherwise: str = "") -> None:
    """Raises RuntimeError that says what is missing; it begins with `needs` and ends with `otherwise`."""
    missing = [package for package in packages if not installed(package)]
    if missing:
        names = ", ".join(f"ros-<distribution>-{package.replace('_', '-')}" for package in missing)
        raise RuntimeError(
            f"{needs}, and not installed here: {', '.join(missing)}: install {names}{otherwise}"
        )
