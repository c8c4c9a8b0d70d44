"""Skins: what the surface of a part, a table or a floor looks like, drawn from a seed.

A part's skin is six pictures, one for each side of its box; where the part is round, the four upright ones
become one that is wrapped around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_simulation.look import printing, surfaces
from lab_simulation.look.canvas import CLEAR, Canvas, Colour, any_colour, blank, fractal, shade
from lab_simulation.scenes.parts import Part

Wrap = Literal["box", "cylinder"]

ROUND_KINDS = frozenset(
    ["cylinder", "disc", "ring", "tube", "cone", "can", "bottle", "mug", "cup", "bowl", "jar", "spray"]
)
"""Kinds whose print goes around."""

STYLES: Mapping[str, float] = {
    "plain": 0.24,
    "printed": 0.32,
    "two_tone": 0.10,
    "sticker": 0.12,
    "metal": 0.07,
    "wood": 0.04,
    "rubber": 0.04,
    "cardboard": 0.03,
    "clear": 0.04,
}
"""How often each is drawn."""

SMALL, LARGE = 128, 256
"""Pixels of a side's edge, on parts below and above 7 cm."""


@dataclass(frozen=True, slots=True)
class Skin:
    """The look of one part.

    sides: (6, S, S, 4) canvases of -x, +x, -y, +y, -z, +z; wrapped around: the first four side by side are
    the mantle. centre, half: (3,) of the box in the part's frame, metres. accents: index of a piece → its own
    colour in place of the pictures. style: of STYLES.
    """

    sides: npt.NDArray[np.uint8]
    wrap: Wrap
    centre: FloatArray
    half: FloatArray
    accents: Mapping[int, Colour]
    style: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The look of a table or a floor: one canvas, mirrored at its edges again and again.

    scale: pixels a metre. name: of the surface.
    """

    canvas: Canvas
    scale: float
    name: str

    @property
    def albedo(self) -> float:
        """Mean share of the light that it reflects, 0..1."""
        return float(np.square(self.canvas[::16, ::16, :3] / 255.0).mean())


def draw_skin(
    rng: np.random.Generator, part: Part, base: Colour | None = None, style: str | None = None
) -> Skin:
    """The skin of a part. base: its main colour, 0..255 each; drawn where it is not given.

    style: of STYLES; drawn where it is not given.
    """
    points = np.vstack([piece.outline() for piece in part.pieces if piece.visible])
    low, high = points.min(axis=0), points.max(axis=0)
    half = np.maximum((high - low) / 2.0, 1e-4)
    colour = any_colour(rng) if base is None else base
    if style is None:
        style = str(rng.choice(list(STYLES), p=np.array(list(STYLES.values())) / sum(STYLES.values())))
    wrap: Wrap = "cylinder" if part.kind in ROUND_KINDS else "box"
    size = SMALL if 2.0 * half.max() < 0.07 else LARGE
    sides = np.empty((6, size, size, 4), dtype=np.uint8)
    density = size / (2.0 * float(half.max()))
    gloss = float(rng.choice([0.02, 0.15, 0.4, 0.75], p=[0.25, 0.35, 0.25, 0.15]))
    other, busy = any_colour(rng), float(rng.random())
    printed = rng.random(6) < rng.choice([0.5, 1.0])
    if wrap == "cylinder":
        mantle = _side(rng, style, (half[2] * 2.0, np.pi * (half[0] + half[1])), density / 2.0, colour, other,
                       gloss, busy, True)  # fmt: skip
        mantle = np.asarray(
            cv2.resize(mantle, (4 * size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
        sides[:4] = np.moveaxis(mantle.reshape(size, 4, size, 4), 1, 0)
    for index in range(4 if wrap == "cylinder" else 0, 6):
        across, up = ((1, 2), (0, 2), (0, 1))[index // 2]
        canvas = _side(rng, style, (half[up] * 2.0, half[across] * 2.0), density, colour, other, gloss, busy,
                       bool(printed[index]))  # fmt: skip
        sides[index] = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    return Skin(sides, wrap, (low + high) / 2.0, half, _accents(rng, part), style)


def draw_table(
    rng: np.random.Generator, name: str | None = None, pixels: int = 1024, metres: float = 0.9
) -> Ground:
    """The top of a table. name: of surfaces.TABLES; drawn where it is not given."""
    return _ground(rng, surfaces.TABLES, name, pixels, metres, float(rng.random()) ** 2)


def draw_floor(
    rng: np.random.Generator, name: str | None = None, pixels: int = 512, metres: float = 1.0
) -> Ground:
    """What lies below. name: of surfaces.FLOORS; drawn where it is not given."""
    return _ground(rng, surfaces.FLOORS, name, pixels, metres, 0.2)


def _ground(
    rng: np.random.Generator,
    painters: Mapping[str, surfaces.Painter],
    name: str | None,
    pixels: int,
    metres: float,
    worn: float,
) -> Ground:
    chosen = str(rng.choice(list(painters))) if name is None else name
    scale = pixels / metres
    canvas = painters[chosen](rng, pixels, pixels, scale)
    surfaces.wear(rng, canvas, scale, worn)
    if rng.random() < 0.5:
        canvas = np.ascontiguousarray(canvas.transpose(1, 0, 2))
    return Ground(canvas, scale, chosen)


def _side(
    rng: np.random.Generator,
    style: str,
    metres: tuple[float, float],
    density: float,
    colour: Colour,
    other: Colour,
    gloss: float,
    busy: float,
    printed: bool,
) -> Canvas:
    """One side of height and width in metres, at so many pixels a metre."""
    height, width = (max(12, round(size * density)) for size in metres)
    if style in ("metal", "wood", "cardboard"):
        canvas = surfaces.TABLES[style](rng, height, width, density)
    elif style == "rubber":
        level = int(rng.integers(10, 38))
        canvas = blank(height, width, (level, level, level), 0.02)
    else:
        canvas = blank(height, width, colour, gloss)
    if style == "two_tone":
        cut = max(1, int(height * (0.25 + 0.5 * busy)))
        canvas[:cut, :, :3] = other
    elif style == "clear":
        canvas[..., 3] = CLEAR
        if printed and busy > 0.5:
            printing.sticker(rng, canvas)
    if printed and (style == "printed" or (style == "cardboard" and busy > 0.5)):
        printing.print_label(rng, canvas, busy)
        if rng.random() < 0.15:
            printing.window(rng, canvas)
    elif printed and style == "sticker" and rng.random() < 0.7:
        printing.sticker(rng, canvas)
    shade(canvas, 1.0 + 0.025 * fractal(rng, height, width, (height / 2, width / 2), 3))
    if rng.random() < 0.3:  # worn edges
        edge = max(1, min(height, width) // 24)
        rim = np.full((height, width), rng.uniform(0.8, 1.25), np.float32)
        rim[edge:-edge, edge:-edge] = 1.0
        shade(canvas, rim)
    return canvas


def _accents(rng: np.random.Generator, part: Part) -> dict[int, Colour]:
    """Colours of single pieces: caps, handles, screws."""
    visible = [index for index, piece in enumerate(part.pieces) if piece.visible]
    if len(visible) < 2 or rng.random() < 0.5:
        return {}
    chosen = visible[1:] if rng.random() < 0.5 else [visible[-1]]
    colour = any_colour(rng)
    return dict.fromkeys(chosen, colour)
