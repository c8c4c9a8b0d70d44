"""The helpers of the system tests, for benchmarks that do to a cell what the tests do."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from cell_client import STILL, CellClient, clearing  # noqa: E402
from cell_run import CellRun, running_cell, wall_wait  # noqa: E402

__all__ = ["ROOT", "STILL", "CellClient", "CellRun", "clearing", "running_cell", "wall_wait"]
