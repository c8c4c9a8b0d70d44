"""What config/scenes/NAME.yaml holds: which parts lie on the table, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from lab_core.errors import ConfigurationError
from lab_core.geometry import transform_from_xyz_rpy
from lab_description.configuration import find
from lab_description.schema import Angles, Quantity, Vector, parse, read_yaml
from lab_simulation.look.prints import PrintedPicture
from lab_simulation.scenes.catalogue import NAMED_KINDS
from lab_simulation.scenes.parts import COLOURS, DENSITIES

MAXIMUM_PARTS = 60

PartCount = Annotated[int, Quantity("parts", 0, MAXIMUM_PARTS)]
Gap = Annotated[float, Quantity("m", 0.0, 0.3)]
Dimension = Annotated[float, Quantity("m", 0.003, 0.3)]


@dataclass(frozen=True)
class PlacedPart:
    """A part that a scene file places itself.

    position: of the middle of its underside, metres in base_link; z 0 is the table's top. rpy: radians.
    dimensions, colour, material: drawn by seed where they are not given.
    """

    kind: str
    position: Vector
    rpy: Angles = (0.0, 0.0, 0.0)
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    colour: str | None = None
    material: str | None = None

    def __post_init__(self) -> None:
        _known("kind", self.kind, NAMED_KINDS)
        if self.colour is not None:
            _known("colour", self.colour, COLOURS)
        if self.material is not None:
            _known("material", self.material, DENSITIES)


@dataclass(frozen=True)
class Print:
    """A picture that is glued on a link of the robot, such as a calibration board in its hand.

    picture: PNG, beside the scene's file. size: width and height, metres. xyz, rpy: its middle in the link, x
    to the right of the picture, y down, z into it.
    """

    link: str
    picture: str
    size: tuple[Dimension, Dimension]
    xyz: Vector = (0.0, 0.0, 0.0)
    rpy: Angles = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class SceneFile:
    """A recipe for scenes: the seed makes one of it.

    arrangement: scattered: each part lies alone, `gap` from the next or as far as there is room.
    packed: parts stand in groups of `group`, touching, with an aisle of `gap` between groups.
    pile: dropped onto each other, `spread` (standard deviation, metres) about the middle.
    placed: as `placed` says, and nothing is drawn but what that leaves open. prints: pictures on the robot.
    parts: how many, unless the user says otherwise. kinds: drawn from these; empty means all.
    """

    arrangement: Literal["scattered", "packed", "pile", "placed"]
    parts: PartCount = 8
    kinds: tuple[str, ...] = ()
    gap: Gap = 0.03
    group: tuple[PartCount, PartCount] = (2, 4)
    spread: Annotated[float, Quantity("m", 0.0, 0.1)] = 0.02
    placed: tuple[PlacedPart, ...] = ()
    prints: tuple[Print, ...] = ()

    def __post_init__(self) -> None:
        for kind in self.kinds:
            _known("kinds", kind, NAMED_KINDS)
        if not 1 <= self.group[0] <= self.group[1]:
            raise ValueError(
                f"group: {list(self.group)}, expected the least and the most parts of a group, from 1"
            )
        if (self.arrangement == "placed") != bool(self.placed):
            raise ValueError(
                "placed: goes with 'arrangement: placed', and only with it; list at least one part"
            )


def load_scene_file(name_or_path: str | Path) -> SceneFile:
    """The recipe of a name in config/scenes or of a path.

    Raises ConfigurationError: one sentence that names file, key and fix.
    """
    path = find("scenes", name_or_path)
    return parse(SceneFile, read_yaml(path), path)


def load_prints(scene: SceneFile, name_or_path: str | Path) -> tuple[PrintedPicture, ...]:
    """The pictures of a scene that was read from a name or path.

    Raises ConfigurationError for a file that is no picture.
    """
    folder = find("scenes", name_or_path).resolve().parent
    loaded = []
    for one in scene.prints:
        import cv2  # here, as the launch looks at scene files too

        picture = cv2.imread(str(folder / one.picture), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise ConfigurationError(f"{folder / one.picture}: is no picture: expected a PNG")
        pose = transform_from_xyz_rpy(one.xyz, one.rpy)
        loaded.append(PrintedPicture(one.link, pose, one.size, np.asarray(picture, dtype=np.uint8)))
    return tuple(loaded)


def _known(key: str, name: str, names: Mapping[str, object]) -> None:
    if name not in names:
        raise ValueError(f"{key}: no '{name}', expected one of {', '.join(sorted(names))}")
