"""What the doctor finds wrong with a running cell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

AREAS = ("cell", "configuration")
"""Of the findings: the machine that runs the tests is not the cell's fault."""
PATIENCE = 60.0
"""Seconds for which the doctor is asked again: on a loaded machine a node may answer too late."""

Findings = list[dict[str, Any]]


def findings(report: Path, enough: Callable[[Findings], bool], words: Sequence[str] = ()) -> Findings:
    """Asks the doctor until its findings are what the test waits for, or for a minute; returns the last ones.

    report: where it writes its JSON. words: further arguments of lab_doctor.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        command = [sys.executable, "-m", "lab_doctor", *words, "--json", str(report)]
        command += ["--allow", "test_client"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert said.returncode in (0, 1), said.stderr
        content = json.loads(report.read_text())
        assert content["running"], "the doctor sees no cell"
        found = [each for each in content["findings"] if each["area"] in AREAS]
        if enough(found) or time.monotonic() > deadline:
            return found
