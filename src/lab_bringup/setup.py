"""Installs launch/ and config/ of the workspace beside the lifecycle manager, where `ros2 launch` looks."""

import os
from pathlib import Path

from setuptools import setup

package_name = "lab_bringup"
# the build directory of colcon links to this file
root = Path(__file__).resolve().parents[2]


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """data_files entries of a folder of the workspace, subfolders kept."""
    folders = [root / folder, *sorted(path for path in (root / folder).rglob("*") if path.is_dir())]
    entries = []
    for path in folders:
        files = [
            os.path.relpath(file)
            for file in sorted(path.iterdir())
            if file.suffix in (".py", ".yaml", ".srdf")
        ]
        if files:
            entries.append((f"share/{package_name}/{path.relative_to(root)}", files))
    return entries


setup(
    name=package_name,
    version="0.1.0",
    packages=[package_name],
    package_data={package_name: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
        *shared("launch"),
        *shared("config"),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="Launch files and configuration of the cell, and the order in which its nodes come up.",
    license="Apache-2.0",
    entry_points={"console_scripts": ["lifecycle_manager = lab_bringup.lifecycle_manager:main"]},
)
