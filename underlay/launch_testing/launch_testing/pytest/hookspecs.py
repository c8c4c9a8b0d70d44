"""Hooks that other plugins may implement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.hookspec(firstresult=True)
def pytest_launch_collect_makemodule(
    module_path: Path, parent: pytest.Collector, entrypoint: Callable[..., Any]
) -> pytest.Collector | None:
    """A collector of launch tests for a module with a generate_test_description(), or None."""
