"""What all painted surfaces share: a canvas with a finish, colours, noise.

A canvas is (H, W, 4) uint8: RGB as a display shows it, and the finish of the surface. Finish 0 to GLOSSIEST
is matte to mirror-like; above that the surface is clear, up to fully transparent at 255.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Canvas = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]
Colour = tuple[int, int, int]

GLOSSIEST = 199
CLEAR = 235
"""Finish of clear plastic or glass."""


def blank(height: int, width: int, colour: Colour, gloss: float = 0.1) -> Canvas:
    """A canvas of one colour; gloss 0..1."""
    canvas = np.empty((height, width, 4), dtype=np.uint8)
    canvas[:] = (*colour, round(GLOSSIEST * gloss))
    return canvas


def smooth_noise(rng: np.random.Generator, height: int, width: int, cell: tuple[float, float]) -> Grey:
    """(H, W) about 0 with deviation near 1 whose features are `cell` (along v, along u) pixels wide."""
    rows, columns = (max(2, round(size / step) + 1) for size, step in zip((height, width), cell, strict=True))
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def fractal(
    rng: np.random.Generator, height: int, width: int, cell: tuple[float, float], octaves: int
) -> Grey:
    """Smooth noise of several sizes, each half as wide and 0.6 times as strong as the one before."""
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(octaves):
        step = (max(1.0, cell[0] / 2**octave), max(1.0, cell[1] / 2**octave))
        total += 0.6**octave * smooth_noise(rng, height, width, step)
    return total


def shade(canvas: Canvas, factor: Grey) -> None:
    """Multiply the colours by a factor (H, W), in place."""
    canvas[..., :3] = np.clip(canvas[..., :3] * factor[..., None], 0.0, 255.0).astype(np.uint8)


def blend(canvas: Canvas, colour: Colour, share: Grey) -> None:
    """Mix a colour in by a share (H, W) of 0..1, in place."""
    mixed = canvas[..., :3] + (np.array(colour, dtype=np.float32) - canvas[..., :3]) * share[..., None]
    canvas[..., :3] = np.clip(mixed, 0.0, 255.0).astype(np.uint8)


def any_colour(rng: np.random.Generator) -> Colour:
    """A colour as products have: white, black, grey and brown more often than chance would."""
    kind = rng.random()
    if kind < 0.20:
        return _grey(rng, 205, 250)
    if kind < 0.34:
        return _grey(rng, 12, 50)
    if kind < 0.42:
        return _grey(rng, 60, 190)
    if kind < 0.50:
        return hsv(rng.uniform(10, 22), rng.uniform(60, 160), rng.uniform(70, 220))
    return hsv(rng.uniform(0, 180), rng.uniform(90, 255), rng.uniform(60, 250))


def ink_for(rng: np.random.Generator, paper: Colour) -> Colour:
    """A colour that can be read on another."""
    for _ in range(8):
        ink = any_colour(rng)
        if abs(luma(ink) - luma(paper)) > 70:
            return ink
    return (15, 15, 15) if luma(paper) > 127 else (240, 240, 240)


def luma(colour: Colour) -> float:
    """Brightness of a colour, 0..255 (ITU-R BT.601)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour by hue 0..180, saturation and value 0..255."""
    pixel = np.array([[[hue % 180, saturation, value]]], dtype=np.uint8)
    red, green, blue = cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0]
    return int(red), int(green), int(blue)


def _grey(rng: np.random.Generator, least: int, most: int) -> Colour:
    level = int(rng.integers(least, most))
    red, green, blue = (int(np.clip(level + rng.integers(-7, 8), 0, 255)) for _ in range(3))
    return red, green, blue
