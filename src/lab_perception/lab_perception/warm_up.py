"""Compiles the inner loops ahead of the first start: `python -m lab_perception.warm_up [CELL]`, about ten
seconds once.
"""

from __future__ import annotations

import sys

from lab_core.errors import LabError
from lab_description import load_cell
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception


def main() -> None:
    """Looks once at a block that is not there, as the node does when it configures."""
    parameters = PerceptionParameters()
    try:
        cell = load_cell(sys.argv[1] if len(sys.argv) > 1 else parameters.cell)
        perception = Perception.of(cell, parameters)
        perception.warm_up(cell.camera.pinhole, cell.camera.base_from_camera)
    except LabError as error:
        sys.exit(f"warm_up: {error}")


if __name__ == "__main__":
    main()
