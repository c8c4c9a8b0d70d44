"""Launches inside the test process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import launch.logging
import pytest
from launch import LaunchDescription, LaunchDescriptionEntity, LaunchService


@dataclass(frozen=True)
class Run:
    """A launch that has ended."""

    code: int
    output: str
    service: LaunchService


@pytest.fixture(autouse=True)
def _log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    launch.logging.reset()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Launch entities until nothing is left to do."""

    def run(*entities: LaunchDescriptionEntity, arguments: dict[str, str] | None = None) -> Run:
        service = LaunchService(noninteractive=True)
        service.context.launch_configurations.update(arguments or {})
        service.include_launch_description(LaunchDescription(list(entities)))
        code = service.run()
        return Run(code, capsys.readouterr().out, service)

    return run
