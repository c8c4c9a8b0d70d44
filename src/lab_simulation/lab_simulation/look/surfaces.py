"""Surfaces that things are made of: wood, metal, mats, laminate, cardboard, carpet, tiles, and their wear."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from lab_simulation.look.canvas import (
    GLOSSIEST,
    Canvas,
    any_colour,
    blank,
    blend,
    fractal,
    hsv,
    shade,
    smooth_noise,
)

Painter = Callable[[np.random.Generator, int, int, float], Canvas]
"""(rng, height, width, pixels a metre) → canvas."""


def wood(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """Planks or veneer, grain along u."""
    canvas = blank(height, width, hsv(rng.uniform(9, 20), rng.uniform(45, 170), rng.uniform(95, 235)),
                   rng.uniform(0.05, 0.35))  # fmt: skip
    grain = fractal(rng, height, width, (0.012 * scale, 0.25 * scale), 4)
    bent = 1.3 * smooth_noise(rng, height, width, (0.1 * scale, 0.4 * scale))
    rings = np.sin((np.arange(height)[:, None] / (0.03 * scale) + bent) * 2.0 * np.pi)
    shade(canvas, 1.0 + rng.uniform(0.02, 0.09) * grain + rng.uniform(0.0, 0.06) * rings.astype(np.float32))
    if rng.random() < 0.4:
        plank = max(4, int(rng.uniform(0.06, 0.2) * scale))
        for top in range(0, height, plank):
            shade(canvas[top : top + plank], np.full((1, 1), rng.uniform(0.88, 1.08), np.float32))
            canvas[top : top + max(1, int(0.001 * scale)), :, :3] //= 2
    return canvas


def metal(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """Brushed steel or aluminium, brushed along u."""
    level = int(rng.integers(90, 205))
    canvas = blank(
        height, width, (level, level, min(255, level + int(rng.integers(0, 8)))), rng.uniform(0.35, 0.8)
    )
    streaks = fractal(rng, height, width, (0.0015 * scale, 0.15 * scale), 3)
    shade(canvas, 1.0 + rng.uniform(0.02, 0.07) * streaks)
    return canvas


def mat(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """A cutting or rubber mat, mostly with lines."""
    dark = rng.random() < 0.5
    value = rng.uniform(25, 75) if dark else rng.uniform(80, 190)
    colour = hsv(rng.uniform(0, 180), rng.uniform(0, 200), value)
    canvas = blank(height, width, colour, rng.uniform(0.0, 0.1))
    shade(canvas, 1.0 + 0.04 * smooth_noise(rng, height, width, (1.5, 1.5)))
    if rng.random() < 0.65:
        line = np.clip(np.array(colour) + rng.choice([-40, 45, 90]), 0, 255).tolist()
        step = rng.choice([0.01, 0.02, 0.025, 0.05]) * scale
        for index in range(int(max(height, width) / step) + 1):
            at, thick = int(index * step), 2 if index % 5 == 0 else 1
            cv2.line(canvas, (at, 0), (at, height), (*line, 10), thick)
            cv2.line(canvas, (0, at), (width, at), (*line, 10), thick)
    return canvas


def laminate(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """Smooth board of one colour, speckled or not, more or less glossy."""
    canvas = blank(height, width, any_colour(rng), rng.uniform(0.05, 0.6))
    if rng.random() < 0.6:
        speckles = smooth_noise(rng, height, width, (rng.uniform(1.0, 3.0),) * 2)
        shade(canvas, 1.0 + rng.uniform(0.02, 0.12) * speckles)
    return canvas


def cardboard(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """Brown board with its flutes showing through, sometimes taped."""
    canvas = blank(height, width, hsv(rng.uniform(11, 17), rng.uniform(70, 130), rng.uniform(130, 200)), 0.02)
    flutes = np.sin(np.arange(width) / (0.007 * scale) * 2.0 * np.pi)[None].astype(np.float32)
    shade(canvas, 1.0 + 0.012 * flutes + 0.03 * fractal(rng, height, width, (0.01 * scale, 0.03 * scale), 3))
    if rng.random() < 0.4:
        at, wide = int(rng.uniform(0.2, 0.8) * height), max(3, int(0.05 * scale))
        tape = canvas[at : at + wide]
        blend(tape, hsv(14, 120, 150), np.full(tape.shape[:2], 0.5, np.float32))
        tape[..., 3] = 140
    return canvas


def carpet(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """Woven threads of a few colours."""
    canvas = blank(height, width, hsv(rng.uniform(0, 180), rng.uniform(0, 120), rng.uniform(40, 150)), 0.0)
    for _ in range(int(rng.integers(1, 4))):
        threads = smooth_noise(rng, height, width, (0.004 * scale, rng.uniform(0.004, 0.06) * scale))
        blend(canvas, any_colour(rng), np.clip(0.8 * threads, 0.0, 0.7))
    shade(canvas, 1.0 + 0.15 * smooth_noise(rng, height, width, (0.004 * scale, 0.004 * scale)))
    return canvas


def tiles(rng: np.random.Generator, height: int, width: int, scale: float) -> Canvas:
    """Stone or ceramic with joints."""
    canvas = blank(height, width, any_colour(rng), rng.uniform(0.1, 0.6))
    shade(canvas, 1.0 + rng.uniform(0.03, 0.1) * fractal(rng, height, width, (0.1 * scale, 0.1 * scale), 5))
    step, joint = int(rng.uniform(0.1, 0.4) * scale), max(1, int(0.004 * scale))
    for at in range(0, max(height, width), step):
        canvas[at : at + joint, :, :3] = 90
        canvas[:, at : at + joint, :3] = 90
    return canvas


TABLES: Mapping[str, Painter] = {
    "wood": wood,
    "metal": metal,
    "mat": mat,
    "laminate": laminate,
    "cardboard": cardboard,
}
FLOORS: Mapping[str, Painter] = {"carpet": carpet, "tiles": tiles, "wood": wood, "laminate": laminate}


def wear(rng: np.random.Generator, canvas: Canvas, scale: float, much: float) -> None:
    """Stains, rings, scratches and worn patches, in place. much: 0..1."""
    height, width = canvas.shape[:2]
    shade(canvas, 1.0 + rng.uniform(0.0, 0.08) * fractal(rng, height, width, (0.3 * scale, 0.3 * scale), 3))
    gloss = canvas[..., 3] * (1.0 + 0.3 * smooth_noise(rng, height, width, (0.15 * scale, 0.15 * scale)))
    canvas[..., 3] = np.clip(gloss, 0.0, GLOSSIEST).astype(np.uint8)
    for _ in range(rng.poisson(5.0 * much)):  # stains
        size = max(3.0, rng.uniform(0.005, 0.06) * scale)
        top, left = rng.uniform(-0.1, 1.0, 2) * (height, width)
        box = (slice(max(0, int(top)), int(top + 2 * size)), slice(max(0, int(left)), int(left + 2 * size)))
        patch = canvas[box]
        if patch.shape[0] < 3 or patch.shape[1] < 3:
            continue
        v, u = np.mgrid[-1.0 : 1.0 : patch.shape[0] * 1j, -1.0 : 1.0 : patch.shape[1] * 1j]
        edge = (
            1.0
            - np.hypot(v, u)
            + 0.25 * smooth_noise(rng, patch.shape[0], patch.shape[1], (size / 3, size / 3))
        )
        spot, rim = np.clip(4.0 * edge, 0.0, 1.0), np.clip(1.0 - 8.0 * abs(edge - 0.2), 0.0, 1.0)
        inside = spot if rng.random() < 0.6 else rim
        tone = hsv(rng.uniform(0, 40), rng.uniform(20, 160), rng.uniform(20, 130))
        blend(patch, tone, (rng.uniform(0.08, 0.5) * inside).astype(np.float32))
    for _ in range(rng.poisson(8.0 * much)):  # scratches and pen marks
        start = rng.uniform(0, 1, 2) * (width, height)
        end = start + rng.normal(size=2) * 0.08 * scale
        bright = min(255, int(canvas[0, 0, :3].mean()) + 50)
        tone = (bright, bright, bright) if rng.random() < 0.6 else any_colour(rng)
        cv2.line(canvas, tuple(map(int, start)), tuple(map(int, end)), (*tone, 60), 1, cv2.LINE_AA)
