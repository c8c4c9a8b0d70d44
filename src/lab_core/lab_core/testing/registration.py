"""Registers a plug-in for the time of a test, as an installed package would."""

from __future__ import annotations

from pathlib import Path


def register(folder: Path, group: str, name: str, target: str) -> None:
    """An entry point in a folder that the test puts on sys.path (pytest: monkeypatch.syspath_prepend).

    target: `module:Class`.
    """
    distribution = folder / f"{name}_of_a_test-1.0.dist-info"
    distribution.mkdir(parents=True)
    (distribution / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-of-a-test\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
