"""With what a run was made: versions of everything that can change a result."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import subprocess

LIBRARIES = (
    "coal",
    "mujoco",
    "numba",
    "numpy",
    "opencv-python-headless",
    "pin",
    "scipy",
    "toppra",
)
PACKAGES = ("lab_description", "lab_grasping", "lab_motion", "lab_perception", "lab_recorder", "lab_tasks")


def versions() -> dict[str, str]:
    """By name; `source` is the commit of the workspace, with `+` when files differ from it."""
    found = {"python": platform.python_version(), "ros": os.environ.get("ROS_DISTRO", "unknown")}
    for name in (*LIBRARIES, *PACKAGES):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    found["source"] = _commit(os.environ.get("LAB_WORKSPACE", ""))
    return found


def _commit(workspace: str) -> str:
    if not workspace:
        return "unknown"
    try:
        described = subprocess.run(
            ["git", "-C", workspace, "describe", "--always", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()
