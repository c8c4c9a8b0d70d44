"""Skins bound to the geoms of one model, packed so that a pixel finds its colour fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import mujoco
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_simulation.look.skins import Ground, Skin
from lab_simulation.scenes.parts import Part

LEVELS = 3
"""Each picture is kept at full, half and quarter size."""

PLAIN, BOX, CYLINDER, GROUND = 0, 1, 2, 3
"""How a geom's colour is found: one for all of it, by side, around, or by place in the world."""

_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """One row a geom, and one more for what is no geom.

    how: PLAIN, BOX, CYLINDER or GROUND. plain: (N, 4) linear RGB and gloss 0..1. bodies: whose frame the
    skin is in. centre, scale: (N, 3) metres, and 1 / metres: (point - centre) * scale is 0..1 over a side.
    offset: of the first picture in `atlas`. size: pixels of a picture's edge. density: pixels a metre.
    """

    how: npt.NDArray[np.int32]
    plain: _Floats
    bodies: npt.NDArray[np.int32]
    centre: _Floats
    scale: _Floats
    offset: npt.NDArray[np.int64]
    size: npt.NDArray[np.int32]
    density: _Floats
    atlas: npt.NDArray[np.uint8]

    def frames(self, data: mujoco.MjData) -> tuple[_Floats, _Floats]:
        """Rotation (N, 3, 3) and shift (N, 3) that take a point of the world into the skin's frame."""
        rotations = data.xmat[self.bodies].reshape(-1, 3, 3).transpose(0, 2, 1)
        shifts = -np.einsum("nij,nj->ni", rotations, data.xpos[self.bodies])
        return rotations.astype(np.float32), shifts.astype(np.float32)


def dress(
    model: mujoco.MjModel,
    parts: Mapping[str, Part],
    skins: Mapping[str, Skin],
    grounds: Mapping[int, Ground],
) -> Wardrobe:
    """Bind skins to parts by name and grounds to geoms by number; all else keeps its own colour."""
    count = model.ngeom + 1
    how = np.zeros(count, dtype=np.int32)
    plain = np.full((count, 4), 0.5, dtype=np.float32)
    material = model.geom_matid
    rgb = np.where((material >= 0)[:, None], model.mat_rgba[material], model.geom_rgba)[:, :3]
    # A geom with a material and a colour of its own shows its own.
    own = (material >= 0) & (np.abs(model.geom_rgba - [0.5, 0.5, 0.5, 1.0]).max(axis=1) > 1e-6)
    rgb[own] = model.geom_rgba[own, :3]
    plain[:-1, :3] = linear(rgb)
    plain[:-1, 3] = np.where(material >= 0, model.mat_specular[material], 0.2)
    bodies = np.zeros(count, dtype=np.int32)
    centre, scale = np.zeros((count, 3), np.float32), np.ones((count, 3), np.float32)
    offset, size = np.zeros(count, np.int64), np.ones(count, np.int32)
    density = np.ones(count, np.float32)
    pictures: list[npt.NDArray[np.uint8]] = []
    end = 0

    def keep(sides: npt.NDArray[np.uint8]) -> int:
        nonlocal end
        start = end
        for level in range(LEVELS):
            if level:
                edge = sides.shape[1] // 2
                sides = np.stack([cv2.resize(s, (edge, edge), interpolation=cv2.INTER_AREA) for s in sides])
            pictures.append(sides.reshape(-1))
            end += sides.size
        return start

    for name, skin in skins.items():
        body = model.body(name)
        start = keep(skin.sides)
        for index in range(len(parts[name].pieces)):
            geom = model.geom(f"{name}/{index}").id
            bodies[geom] = body.id
            if index in skin.accents:
                plain[geom, :3] = linear(np.array(skin.accents[index]) / 255.0)
                continue
            how[geom] = CYLINDER if skin.wrap == "cylinder" else BOX
            offset[geom], size[geom] = start, skin.sides.shape[1]
            centre[geom], scale[geom] = skin.centre, 0.5 / skin.half
            density[geom] = skin.sides.shape[1] / (2.0 * skin.half.max())
    starts: dict[int, int] = {}  # by canvas: a table of many geoms has one, of 5 MB
    for geom, ground in grounds.items():
        how[geom] = GROUND
        if (canvas := id(ground.canvas)) not in starts:
            starts[canvas] = keep(ground.canvas[None])
        offset[geom], size[geom] = starts[canvas], ground.canvas.shape[0]
        scale[geom], density[geom] = ground.scale, ground.scale
    atlas = np.concatenate(pictures) if pictures else np.zeros(4, np.uint8)
    return Wardrobe(how, plain, bodies, centre, scale, offset, size, density, atlas)


def linear(display: FloatArray) -> FloatArray:
    """Linear light of what a display shows; a square stands in for the sRGB curve."""
    result: FloatArray = np.square(display)
    return result
