"""What is installed, for launch files that refuse what cannot work."""

from __future__ import annotations

from ament_index_python.packages import PackageNotFoundError, get_package_prefix


def installed(package: str) -> bool:
    """Whether a ROS package is there."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True
