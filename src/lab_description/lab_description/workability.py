"""Cells that are well-formed and cannot work: said when they are read, not by what becomes of the parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lab_core.errors import ConfigurationError
from lab_core.geometry import OrientedBox, make_transform, transform_from_xyz_rpy
from lab_description.furniture import Destination, Furniture, Workspace

# Metres: walls may stand right at the border.
_OVERLAP = 0.002
# Of the robot's base, points on its axis, metres above base_link; every arm is thicker than that.
_BASE = np.array([[0.0, 0.0, height] for height in (0.01, 0.03, 0.08)])


def refuse_unworkable(
    file: Path,
    workspace: Workspace,
    furniture: Mapping[str, Furniture],
    destinations: Mapping[str, Destination],
) -> None:
    """Raises ConfigurationError, which names the file, the key and the fix.

    A destination in the workspace: what is put down there is seen again, and taken again. Furniture through
    the robot's base: the arm is in collision wherever it is.
    """
    seen = OrientedBox(
        make_transform(np.eye(3), 0.5 * (workspace.lower + workspace.upper)),
        workspace.upper - workspace.lower,
    )
    containers = {name: _container(destination) for name, destination in destinations.items()}
    for name, container in containers.items():
        overlap = container.penetration(seen)
        if overlap > _OVERLAP:
            raise ConfigurationError(
                f"{file}: destinations.{name}: reaches {1e3 * overlap:.0f} mm into the workspace, where what"
                " is put down would be seen and taken again; move one of the two"
            )
    places = {f"destinations.{name}": [container] for name, container in containers.items()}
    for name, piece in furniture.items():
        boxes = piece.boxes(name)
        places[f"furniture.{name}"] = [OrientedBox(box.base_from_box, box.size) for box in boxes]
    for place, solids in places.items():
        if any(box.contains(_BASE).any() for box in solids):
            raise ConfigurationError(
                f"{file}: {place}: goes through the robot's base, at the origin of base_link; the arm would"
                " be in collision wherever it is"
            )


def _container(destination: Destination) -> OrientedBox:
    """A destination up to its rim, as if it were solid."""
    x, y = destination.size
    height = destination.wall + destination.depth
    upright = transform_from_xyz_rpy(destination.xyz, (0.0, 0.0, destination.yaw))
    return OrientedBox(
        upright @ make_transform(np.eye(3), [0.0, 0.0, 0.5 * height]),
        np.array([x + 2.0 * destination.wall, y + 2.0 * destination.wall, height]),
    )
