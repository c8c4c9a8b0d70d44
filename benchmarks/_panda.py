"""The Panda of MotionBenchMaker: the FR3 with other ranges of its joints, alone in the world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lab_description import Cell, config_directory, load_cell

_PANDA = Path(__file__).with_name("panda.yaml")


def load_panda(folder: Path) -> Cell:
    """The cell of panda.yaml, written to a folder that has to last as long as the cell.

    Kinematics and shapes are the FR3's and its hand's.
    """
    panda = _read(_PANDA)
    for kind, name in (("robots", "fr3"), ("grippers", "franka_hand")):
        tree: dict[str, Any] = _read(config_directory() / kind / f"{name}.yaml")
        for joint in tree["joints"].keys() & panda["joints"].keys():
            tree["joints"][joint] |= panda["joints"][joint]
        _write(folder / kind / "panda.yaml", tree)
    _write(folder / "cells" / "panda.yaml", panda["cell"])
    return load_cell(folder / "cells" / "panda.yaml")


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _write(file: Path, content: Any) -> None:
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
