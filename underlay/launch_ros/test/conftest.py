"""Packages made up for tests."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import launch.logging
import pytest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Adds an executable to the package `demo`, written in Python."""
    prefix = tmp_path / "prefix"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "demo").touch()
    (prefix / "share" / "demo").mkdir()
    folder = prefix / "lib" / "demo"
    folder.mkdir(parents=True)
    monkeypatch.setenv(
        "AMENT_PREFIX_PATH", os.pathsep.join([str(prefix), os.environ.get("AMENT_PREFIX_PATH", "")])
    )
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
    launch.logging.reset()  # writes to what captures the output of this test

    def add(name: str, source: str) -> None:
        executable = folder / name
        executable.write_text(f"#!{sys.executable}\n{source}")
        executable.chmod(executable.stat().st_mode | stat.S_IXUSR)

    return add
