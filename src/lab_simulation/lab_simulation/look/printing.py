"""Print on parts: words, logos, barcodes, stripes, tables and pictures, drawn from a seed.

All words are made of syllables; no brand is meant.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from lab_simulation.look.canvas import (
    CLEAR,
    GLOSSIEST,
    Canvas,
    Colour,
    any_colour,
    blend,
    fractal,
    ink_for,
    smooth_noise,
)

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
_SYLLABLES = (
    *("ka", "lo", "mi", "ra", "ten", "sol", "vex", "ni", "por", "dax", "fer"),
    *("um", "al", "ori", "zen", "bu", "tek", "mar", "plo", "gri", "sa"),
)


def word(rng: np.random.Generator, syllables: int = 2) -> str:
    """A word that means nothing."""
    text = "".join(str(rng.choice(_SYLLABLES)) for _ in range(syllables))
    return text.upper() if rng.random() < 0.5 else text.capitalize()


def print_label(rng: np.random.Generator, canvas: Canvas, busy: float) -> None:
    """Print on a whole face, in place. busy: 0..1, how much of it."""
    if min(canvas.shape[:2]) < 12:
        return  # nobody could read it
    paper = _paper(canvas)
    ink = ink_for(rng, paper)
    if rng.random() < 0.45 * busy + 0.1:
        _field(rng, canvas)
    if rng.random() < 0.3 * busy:
        _picture(rng, canvas)
    if rng.random() < 0.35:
        stripes(rng, canvas, any_colour(rng))
    if rng.random() < 0.7:
        _logo(rng, canvas, any_colour(rng))
    count = int(rng.integers(1, 2 + round(5 * busy)))
    elements: tuple[Callable[[np.random.Generator, Canvas, Colour], None], ...] = (
        _title, _title, _small_print, _barcode, _table, _dots, _title,
    )  # fmt: skip
    for index in rng.integers(len(elements), size=count):
        elements[index](rng, canvas, ink if rng.random() < 0.7 else any_colour(rng))


def sticker(rng: np.random.Generator, canvas: Canvas) -> None:
    """A label of paper or foil stuck on a part of the face, in place."""
    height, width = canvas.shape[:2]
    h, w = (max(6, int(size * rng.uniform(0.3, 0.85))) for size in (height, width))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    patch = canvas[top : top + h, left : left + w]
    patch[..., :3] = any_colour(rng) if rng.random() < 0.5 else (238, 236, 230)
    patch[..., 3] = int(rng.choice([10, 40, 150]))
    print_label(rng, patch, rng.uniform(0.1, 0.6))
    if rng.random() < 0.3:
        cv2.rectangle(canvas, (left, top), (left + w - 1, top + h - 1), (20, 20, 20, 30), 1)


def window(rng: np.random.Generator, canvas: Canvas) -> None:
    """A clear or mirror-like patch, in place."""
    height, width = canvas.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    centre = (int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.2, 0.8) * height))
    axes = (int(rng.uniform(0.15, 0.45) * width), int(rng.uniform(0.15, 0.45) * height))
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    canvas[mask > 0, 3] = CLEAR if rng.random() < 0.5 else GLOSSIEST


def stripes(rng: np.random.Generator, canvas: Canvas, colour: Colour) -> None:
    """One band or several across the face, in place."""
    height, width = canvas.shape[:2]
    gloss = int(canvas[0, 0, 3])
    if rng.random() < 0.3:  # slanted, as on warning tape
        period = max(6, int(rng.uniform(0.1, 0.35) * width))
        v, u = np.mgrid[0:height, 0:width]
        canvas[(u + v) % period < period // 2, :3] = colour
        return
    along_u = bool(rng.random() < 0.6)
    extent = height if along_u else width
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(0, extent))
        end = start + max(2, int(extent * rng.uniform(0.03, 0.25)))
        if along_u:
            canvas[start:end] = (*colour, gloss)
        else:
            canvas[:, start:end] = (*colour, gloss)


def _field(rng: np.random.Generator, canvas: Canvas) -> None:
    """A second colour on a half, a wave or a frame of the face."""
    height, width = canvas.shape[:2]
    colour = any_colour(rng)
    kind = rng.integers(3)
    if kind == 0:
        cut = int(height * rng.uniform(0.2, 0.8))
        canvas[cut:, :, :3] = colour
    elif kind == 1:
        u = np.arange(width)
        wave = height * (
            rng.uniform(0.3, 0.7) + 0.15 * np.sin(u / width * rng.uniform(2, 7) + rng.uniform(0, 6))
        )
        canvas[np.arange(height)[:, None] > wave[None], :3] = colour
    else:
        edge = max(1, int(min(height, width) * rng.uniform(0.03, 0.12)))
        canvas[:edge, :, :3] = canvas[-edge:, :, :3] = colour
        canvas[:, :edge, :3] = canvas[:, -edge:, :3] = colour


def _picture(rng: np.random.Generator, canvas: Canvas) -> None:
    """What a photograph on a box is from afar: blobs of a few colours."""
    height, width = canvas.shape[:2]
    h, w = (max(4, int(size * rng.uniform(0.3, 0.7))) for size in (height, width))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    patch = canvas[top : top + h, left : left + w]
    patch[..., :3] = any_colour(rng)
    for _ in range(int(rng.integers(2, 5))):
        noise = fractal(rng, h, w, (h / 3, w / 3), 3)
        blend(patch, any_colour(rng), np.clip(2.0 * noise, 0.0, 1.0))


def _logo(rng: np.random.Generator, canvas: Canvas, colour: Colour) -> None:
    height, width = canvas.shape[:2]
    size = rng.uniform(0.12, 0.4) * min(height, width)
    centre = np.array([rng.uniform(0.2, 0.8) * width, rng.uniform(0.15, 0.7) * height])
    pen = (*colour, int(canvas[0, 0, 3]))
    kind = rng.integers(3)
    if kind == 0:
        axes = (int(size * rng.uniform(0.8, 1.6)), int(size * rng.uniform(0.4, 1.0)))
        cv2.ellipse(
            canvas, tuple(map(int, centre)), axes, float(rng.uniform(-20, 20)), 0, 360, pen, -1, cv2.LINE_AA
        )
        if rng.random() < 0.5:
            text, start = word(rng), centre - [0.8 * axes[0], -0.3 * axes[1]]
            ink, font = (*ink_for(rng, colour), pen[3]), int(rng.choice(FONTS))
            _write(canvas, text, start, 1.6 * axes[0], font, ink, 0.9 * axes[1])
    else:
        corners = int(rng.integers(3, 9))
        angles = rng.uniform(0, 6.28) + np.arange(2 * corners) * np.pi / corners
        radii = size * np.where(np.arange(2 * corners) % 2, 1.0, rng.uniform(0.4, 1.0))
        star = centre + radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
        cv2.fillPoly(canvas, [star.astype(np.int32)], pen, cv2.LINE_AA)


def _title(rng: np.random.Generator, canvas: Canvas, ink: Colour) -> None:
    height, width = canvas.shape[:2]
    long = rng.uniform(0.4, 0.95) * width
    at = np.array([rng.uniform(0.0, 1.0 - long / width) * width, rng.uniform(0.2, 0.95) * height])
    text = word(rng, int(rng.integers(1, 4)))
    if rng.random() < 0.25:
        text = f"{rng.integers(1, 999)}{rng.choice(['g', 'ml', 'mm', ' V', '%'])}"
    _write(canvas, text, at, long, int(rng.choice(FONTS)), (*ink, int(canvas[0, 0, 3])), 0.4 * height)


def _small_print(rng: np.random.Generator, canvas: Canvas, ink: Colour) -> None:
    height, width = canvas.shape[:2]
    row = max(4, int(height * rng.uniform(0.035, 0.08)))
    left, top = int(rng.uniform(0.03, 0.5) * width), int(rng.uniform(0.1, 0.7) * height)
    long = int(rng.uniform(0.3, 0.6) * width)
    pen = (*ink, int(canvas[0, 0, 3]))
    for line in range(int(rng.integers(3, 9))):
        v = top + line * row
        if v > height - 2:
            break
        if row >= 9:
            text = " ".join(word(rng, 2) for _ in range(3))
            _write(canvas, text, np.array([left, v]), long, cv2.FONT_HERSHEY_SIMPLEX, pen, 0.7 * row)
            continue
        u = left
        while u < min(width, left + long):  # too small to read: dashes of the length of words
            end = u + int(rng.integers(2, 4 * row))
            canvas[v : v + max(1, row // 2), u : min(end, left + long)] = pen
            u = end + max(1, row // 2)


def _barcode(rng: np.random.Generator, canvas: Canvas, ink: Colour) -> None:
    height, width = canvas.shape[:2]
    h, w = max(4, int(height * rng.uniform(0.12, 0.35))), max(8, int(width * rng.uniform(0.2, 0.5)))
    top, left = int(rng.integers(0, max(1, height - h))), int(rng.integers(0, max(1, width - w)))
    bars = np.repeat(rng.random(w) < 0.5, int(rng.integers(1, 4)))[:w]
    patch = canvas[top : top + h, left : left + w]
    patch[..., :3] = 245
    patch[1 : h - 1, 1:-1, :3][:, bars[1 : patch.shape[1] - 1]] = 15


def _table(rng: np.random.Generator, canvas: Canvas, ink: Colour) -> None:
    height, width = canvas.shape[:2]
    h, w = int(height * rng.uniform(0.25, 0.6)), int(width * rng.uniform(0.25, 0.6))
    top, left = int(rng.integers(0, max(1, height - h))), int(rng.integers(0, max(1, width - w)))
    pen = (*ink, int(canvas[0, 0, 3]))
    cv2.rectangle(canvas, (left, top), (left + w, top + h), pen, 1)
    rows = int(rng.integers(3, 9))
    for row in range(1, rows):
        v = top + row * h // rows
        cv2.line(canvas, (left, v), (left + w, v), pen, 1)
        end = left + 2 + int(rng.uniform(0.2, 0.6) * w)
        canvas[v - h // rows // 2 : v - h // rows // 4, left + 2 : end] = pen


def _dots(rng: np.random.Generator, canvas: Canvas, ink: Colour) -> None:
    height, width = canvas.shape[:2]
    step = max(5, int(rng.uniform(0.06, 0.2) * min(height, width)))
    v, u = np.mgrid[0:height, 0:width]
    near = ((v % step - step / 2) ** 2 + (u % step - step / 2) ** 2) < (rng.uniform(0.15, 0.4) * step) ** 2
    if rng.random() < 0.6:
        near &= smooth_noise(rng, height, width, (height / 2, width / 2)) > 0.0
    canvas[near, :3] = ink


def _write(
    canvas: Canvas, text: str, at: np.ndarray, long: float, font: int, pen: tuple[int, ...], high: float
) -> None:
    """A line of text from its lower left corner, no longer and no higher than said, pixels."""
    (w, h), _ = cv2.getTextSize(text, font, 1.0, 1)
    scale = min(long / w, high / h)
    thick = max(1, round(scale * (2.0 if font != cv2.FONT_HERSHEY_PLAIN else 1.0)))
    cv2.putText(canvas, text, (int(at[0]), int(at[1])), font, scale, pen, thick, cv2.LINE_AA)


def _paper(canvas: Canvas) -> Colour:
    red, green, blue = (int(channel) for channel in np.median(canvas[::7, ::7, :3].reshape(-1, 3), axis=0))
    return red, green, blue
