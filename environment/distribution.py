"""Where ROS 2 comes from: a sourced distribution when there is one, the wheels otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from environment.console import SetupError
from environment.variables import WORKSPACE

PACKAGE_MARKERS = Path("share/ament_index/resource_index/packages")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A source of ROS 2 packages.

    name: the distribution's name, `jazzy` for the wheels too.
    prefixes: roots that hold an ament index, in order of search.
    sourced: True for a distribution that the user sourced, False for the wheels in the virtual environment.
    python: (major, minor) that the distribution's Python packages are built for, None when any will do.
    """

    name: str
    prefixes: tuple[Path, ...]
    sourced: bool
    python: tuple[int, int] | None = None

    def has(self, package: str) -> bool:
        return any((prefix / PACKAGE_MARKERS / package).exists() for prefix in self.prefixes)


def find_distribution(variables: Mapping[str, str], root: Path, venv: Path) -> Distribution:
    """The distribution that these environment variables name, or else the wheels of `venv`.

    Prefixes inside `root` are this workspace's own and do not make a distribution, nor do those of another
    workspace like this one, nor packages of the user's that were sourced on top of its wheels. Raises
    SetupError for a sourced distribution without rclpy, or for two of them.
    """
    workspaces = [root.resolve(), Path(variables.get(WORKSPACE) or root).resolve()]
    # Each once: in an activated shell they are there twice, and are no other distribution for that.
    entries = [
        Path(entry) for entry in dict.fromkeys(variables.get("AMENT_PREFIX_PATH", "").split(":")) if entry
    ]
    own = [entry for entry in entries if any(entry.resolve().is_relative_to(each) for each in workspaces)]
    prefixes = tuple(entry for entry in entries if entry not in own)
    name = variables.get("ROS_DISTRO", "")
    wheels = Distribution("jazzy", (venv,), sourced=False)
    if not name or not prefixes:
        return wheels
    names = sorted({entry.name for entry in prefixes if entry.parent.name == "ros"})
    if len(names) > 1:
        raise SetupError(
            f"ROS 2 {' and '.join(names)} are sourced in the same shell, and their libraries do not mix: "
            "open a new shell and source one of them."
        )
    distribution = Distribution(name, prefixes, sourced=True, python=_python_of(prefixes))
    if not distribution.has("rclpy"):
        if any((entry / PACKAGE_MARKERS / "rclpy").exists() for entry in own):
            return wheels
        raise SetupError(
            f"ROS 2 {name} is sourced but has no rclpy: install ros-{name}-ros-base, "
            "or use a shell that has not sourced it to get the wheels."
        )
    return distribution


def choose_underlay(underlay: Iterable[str], distribution: Distribution) -> list[str]:
    """The underlay packages to build: those that the distribution does not have."""
    return sorted(name for name in underlay if not distribution.has(name))


def _python_of(prefixes: tuple[Path, ...]) -> tuple[int, int] | None:
    for prefix in prefixes:
        for package in prefix.glob("lib/python3.*/*-packages/rclpy"):
            minor = package.parent.parent.name.removeprefix("python3.")
            if minor.isdigit():
                return 3, int(minor)
    return None
