"""Other print, light, camera and depth on rendered samples, so that no renderer is learned by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]


@dataclass
class Sample:
    """color: (h, w, 3) RGB 0..255. height: (h, w) metres, 0 where it is not known. known: (h, w) 0 or 1.
    pixel_size: (h, w) metres. labels: (h, w) object, -1 none.
    """

    color: Image
    height: Image
    known: Image
    pixel_size: Image
    labels: npt.NDArray[np.int32]


def mirror(sample: Sample) -> None:
    for name in ("color", "height", "known", "pixel_size", "labels"):
        setattr(sample, name, np.ascontiguousarray(getattr(sample, name)[:, ::-1]))


def repaint(sample: Sample, pictures: Sequence[Image], rng: np.random.Generator) -> None:
    """Prints something else on some objects and, now and then, on all that is none."""
    for index in range(int(sample.labels.max(initial=-1)) + 1):
        if rng.random() < 0.3:
            _print(sample, sample.labels == index, pictures, rng, whole=rng.random() < 0.5)
    if rng.random() < 0.3:
        _print(sample, sample.labels < 0, pictures, rng, whole=True)


def _print(
    sample: Sample,
    mask: npt.NDArray[np.bool_],
    pictures: Sequence[Image],
    rng: np.random.Generator,
    whole: bool,
) -> None:
    """whole: all over the mask, or a label on it."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if width * height < 20:
        return
    window = (slice(top, top + height), slice(left, left + width))
    below, inside = sample.color[window], mask[window]
    light = below.mean(2, keepdims=True) / max(float(below[inside].mean()), 20.0)
    share = inside.astype(np.float32) * rng.uniform(0.35, 1.0)
    if not whole:
        label = np.zeros((height, width), np.float32)
        centre = (float(rng.uniform(0.2, 0.8) * width), float(rng.uniform(0.2, 0.8) * height))
        size = (float(rng.uniform(0.2, 0.95) * width), float(rng.uniform(0.2, 0.95) * height))
        box = (centre, size, float(rng.uniform(0.0, 180.0)))
        if rng.random() < 0.4:
            cv2.ellipse(label, box, 1.0, -1)
        else:
            cv2.fillConvexPoly(label, cv2.boxPoints(box).astype(np.int32), 1.0)
        share *= label
    ink = np.clip(_texture(width, height, pictures, rng) * np.clip(light, 0.4, 1.6), 0.0, 255.0)
    sample.color[window] = below * (1.0 - share[..., None]) + ink * share[..., None]


def _texture(width: int, height: int, pictures: Sequence[Image], rng: np.random.Generator) -> Image:
    """(height, width, 3): a cut of a picture, stripes, blocks or a smooth change of colour."""
    kind = rng.random()
    if kind < 0.6:
        picture = pictures[int(rng.integers(len(pictures)))]
        share = rng.uniform(0.1, 1.0, 2)
        rows, columns = np.maximum(8, picture.shape[:2] * share).astype(int)
        top = int(rng.integers(0, picture.shape[0] - rows + 1))
        left = int(rng.integers(0, picture.shape[1] - columns + 1))
        cut = np.rot90(picture[top : top + rows, left : left + columns], int(rng.integers(4)))
        texture = cv2.resize(np.ascontiguousarray(cut), (width, height)).astype(np.float32)
        return texture[..., rng.permutation(3)] if rng.random() < 0.5 else texture
    if kind < 0.8:
        cells = rng.integers(1, 9, 2) if rng.random() < 0.5 else np.array([1, rng.integers(2, 40)])
        colors = rng.uniform(0.0, 255.0, (*rng.permutation(cells), 3)).astype(np.float32)
        return cv2.resize(colors, (width, height), interpolation=cv2.INTER_NEAREST)
    colors = rng.uniform(0.0, 255.0, (*rng.integers(2, 5, 2), 3)).astype(np.float32)
    return cv2.resize(colors, (width, height), interpolation=cv2.INTER_CUBIC)


def relight(sample: Sample, rng: np.random.Generator) -> None:
    """Another light and another camera."""
    color = 255.0 * np.clip(sample.color / 255.0, 0.0, 1.0) ** float(np.exp(rng.normal(0.0, 0.25)))
    color *= np.exp(rng.normal(0.0, 0.12, 3)) * np.exp(rng.normal(0.0, 0.2))
    color += rng.normal(0.0, 8.0)
    grey = color.mean(2, keepdims=True)
    if rng.random() < 0.15:
        color = np.repeat(grey, 3, axis=2)
    elif rng.random() < 0.4:
        color = grey + (color - grey) * rng.uniform(0.3, 1.7)
    if rng.random() < 0.08:
        color = color[..., ::-1]
    if rng.random() < 0.3:
        color = cv2.GaussianBlur(color, (0, 0), float(rng.uniform(0.4, 1.4)))
    color = color + rng.normal(0.0, rng.uniform(0.0, 8.0), color.shape)
    sample.color = np.clip(color, 0.0, 255.0).astype(np.float32)


def disturb_depth(sample: Sample, rng: np.random.Generator) -> None:
    """A table that is tilted and wavy, edges that are blurred, holes, and now and then no depth at all."""
    rows, columns = sample.height.shape
    v, u = np.mgrid[0:rows, 0:columns].astype(np.float32)
    tilt = rng.normal(0.0, 0.002, 2)
    height = (
        sample.height + (u / columns - 0.5) * tilt[0] + (v / rows - 0.5) * tilt[1] + rng.normal(0.0, 0.0015)
    )
    if rng.random() < 0.5:
        cells = rng.normal(size=(int(rng.integers(4, 24)),) * 2).astype(np.float32)
        waves = cv2.resize(cells, (columns, rows), interpolation=cv2.INTER_CUBIC)
        height += waves * abs(rng.normal(0.0, 0.0025))
    if rng.random() < 0.4:
        height = cv2.GaussianBlur(height, (0, 0), float(rng.uniform(0.5, 4.0)))
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 6))):
            centre = (int(rng.integers(columns)), int(rng.integers(rows)))
            axes = (int(rng.integers(2, 25)), int(rng.integers(2, 25)))
            cv2.ellipse(sample.known, centre, axes, float(rng.uniform(0.0, 180.0)), 0.0, 360.0, 0.0, -1)
    if rng.random() < 0.06:
        sample.known[:] = 0.0
    sample.height = (height * sample.known).astype(np.float32)
