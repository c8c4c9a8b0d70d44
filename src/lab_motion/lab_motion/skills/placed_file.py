"""What was put where, in a file: for a node that is started anew, and cannot see into a tray."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lab_core.errors import ConfigurationError
from lab_core.geometry import OrientedBox
from lab_core.scene import Part
from lab_motion.errors import InvalidGoal
from lab_motion.planning.port import check_boxes
from lab_motion.skills.destinations import Destinations


class PlacedFile:
    """The file, or none."""

    def __init__(self, path: str) -> None:
        """path: empty for no file."""
        self._path = Path(path) if path else None

    def load(self, destinations: Destinations) -> list[Part] | None:
        """Mark the places that are taken; the parts in them. None when nothing was kept.

        Raises ConfigurationError when the file is not what `save` writes.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            for name, slots in content["taken"].items():
                for slot in slots:
                    destinations.take(name, int(slot))
            parts = [
                Part(
                    str(part["name"]),
                    OrientedBox(
                        np.array(part["base_from_box"], dtype=float).reshape(4, 4),
                        np.array(part["size"], dtype=float).reshape(3),
                    ),
                )
                for part in content["parts"]
            ]
            check_boxes(parts)
            return parts
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidGoal) as error:
            raise ConfigurationError(
                f"{self._path} does not say what was placed before ({type(error).__name__}: {error}): empty"
                " the trays and remove it"
            ) from error

    def save(self, destinations: Destinations, parts: Iterable[Part]) -> None:
        """Keep what is placed now. Poses (4, 4) in base_link and sizes (3,) in metres.

        Raises OSError.
        """
        if self._path is None:
            return
        content = {
            "taken": destinations.taken,
            "parts": [
                {
                    "name": part.id,
                    "base_from_box": part.box.frame_from_box.ravel().tolist(),
                    "size": part.box.size.tolist(),
                }
                for part in parts
            ],
        }
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(self._path)
