"""Pictures of a board as a camera takes them: blurred, noisy, with glare and partly hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_calibration.board.board import Board
from lab_core.geometry import FloatArray, PinholeCamera, transform_points

Image = npt.NDArray[np.uint8]

_SAMPLES = 3
_PER_SQUARE = 64
_MARGIN = 0.25
"""White paper around the squares, in squares."""


@dataclass(frozen=True)
class Flaws:
    """What is wrong with pictures.

    blur: px, standard deviation, drawn between the two. noise: of 255, the same. glare: share of pictures
    with a reflection of a lamp on the board. hidden: share of pictures in which something covers a part of
    the board.
    """

    blur: tuple[float, float] = (0.5, 1.1)
    noise: tuple[float, float] = (1.5, 5.0)
    glare: float = 0.3
    hidden: float = 0.3


def picture(
    board: Board,
    camera_from_board: FloatArray,
    camera: PinholeCamera,
    random: np.random.Generator,
    flaws: Flaws | None = None,
) -> Image:
    """(H, W) grey picture of a board in front of a camera; what is in front of and behind it is made up."""
    flaws = flaws or Flaws()
    fine = camera.scaled(_SAMPLES)
    size = (fine.width, fine.height)
    scene = _background(size, random)
    paper = np.full(
        ((board.rows * _PER_SQUARE) + 2 * _pad(), board.columns * _PER_SQUARE + 2 * _pad()), 232, np.uint8
    )
    paper[_pad() : -_pad(), _pad() : -_pad()] = 20 + (board.picture(_PER_SQUARE) // 255) * 212
    corners = fine.project(transform_points(camera_from_board, board.outline(_MARGIN * board.square)))
    height, width = paper.shape
    # OpenCV's pixels have their centres at whole numbers
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)
    homography = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    mask = cv2.warpPerspective(np.full_like(paper, 255), homography, size, flags=cv2.INTER_AREA)
    sheet = cv2.warpPerspective(paper, homography, size, flags=cv2.INTER_LINEAR)
    scene = np.where(mask > 127, sheet, scene)
    centre = fine.project(camera_from_board[:3, 3])
    extent = float(np.linalg.norm(corners - centre, axis=1).max())
    if random.random() < flaws.hidden:
        _cover(scene, centre, extent, random)
    small = _float(cv2.resize(scene, (camera.width, camera.height), interpolation=cv2.INTER_AREA))
    small *= _light((camera.width, camera.height), random)
    if random.random() < flaws.glare:
        small += _glare((camera.width, camera.height), centre / _SAMPLES, extent / _SAMPLES, random)
    small = _float(cv2.GaussianBlur(small, (0, 0), random.uniform(*flaws.blur)))
    small += random.normal(0.0, random.uniform(*flaws.noise), small.shape).astype(np.float32)
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def _float(image: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.asarray(image, dtype=np.float32)


def _pad() -> int:
    return round(_MARGIN * _PER_SQUARE)


def _background(size: tuple[int, int], random: np.random.Generator) -> Image:
    coarse = random.uniform(40, 170, (12, 16)).astype(np.float32)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _cover(scene: Image, centre: FloatArray, extent: float, random: np.random.Generator) -> None:
    """A finger or cable across an edge of the board."""
    angle = random.uniform(0.0, 2.0 * np.pi)
    outwards = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-outwards[1], outwards[0]])
    inner = centre + outwards * extent * random.uniform(0.3, 0.8)
    half = across * extent * random.uniform(0.1, 0.3)
    corners = [
        inner - half,
        inner + half,
        inner + half + 3 * extent * outwards,
        inner - half + 3 * extent * outwards,
    ]
    cv2.fillPoly(scene, [np.rint(corners).astype(np.int32)], int(random.uniform(30, 180)))


def _light(size: tuple[int, int], random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Lamps light one side more than the other."""
    coarse = random.uniform(0.6, 1.05, (2, 2)).astype(np.float32)
    return _float(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR))


def _glare(
    size: tuple[int, int], centre: FloatArray, extent: float, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    at = centre + random.uniform(-0.8, 0.8, 2) * extent
    wide = extent * random.uniform(0.15, 0.4, 2)
    bump = np.exp(-(((x - at[0]) / wide[0]) ** 2) - ((y - at[1]) / wide[1]) ** 2)
    return _float(random.uniform(120, 400) * bump)
