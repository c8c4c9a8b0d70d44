"""Depth as a stereo camera of the RealSense D400 class gives it.

A matcher compares windows, so its errors are those of a neighbourhood and not of a pixel: the surface waves
by a few hundredths of a pixel of disparity, near things grow over their edges, low steps melt into ramps,
and what it cannot match is lost in patches. Ranges were measured on frames of such cameras: ripples of 1.8 mm
and about 10 px at 0.65 m, wider than high, edges 2 to 3 px too far out, steps of less than 1 px of disparity
smeared over 10 px (the spatial filter of the camera's own software does that), ragged bands without data to
the left of near things.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled, compiled_for_images

DepthImage = npt.NDArray[np.float32]

_F = np.float32
_TILE = 1024
_WINDOW = 7
"""Pixels: edge of the windows that are compared."""
_STEP = 0.8
"""Pixels of disparity: steps below it melt."""
_LOST = 0.55
"""Of doubts that add up: more, and there is no match. A well-lit matte table loses 0.8 %, an edge 13 %."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Disparity (H, W), pixels, before it is matched; it stays the same while nothing moves.

    ragged: with near things grown over their edges. hidden: what only the left imager sees. melted: the mean
    over the windows that are compared.
    """

    ragged: DepthImage
    hidden: npt.NDArray[np.bool_]
    melted: DepthImage


@dataclass(frozen=True, slots=True)
class StereoMatcher:
    """A stereo pair whose left imager sees the image.

    focal: px. baseline: metres. ripple: standard deviation of the disparity error that stays as long as
    nothing moves, px; flicker: of the one that changes from frame to frame. disparity_step: px. fatten:
    pixels by which near things grow. near, far: metres.
    """

    focal: float
    baseline: float
    ripple: float
    flicker: float
    disparity_step: float
    fatten: int
    near: float
    far: float

    def windows(self, depth: DepthImage, seed: int) -> Windows:
        """What the matcher compares, of a true depth (H, W), metres, in which 0 is nothing."""
        product = _F(self.focal * self.baseline)
        disparity = np.zeros_like(depth)
        np.divide(product, depth, out=disparity, where=depth > 0.0)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * self.fatten + 1,) * 2)
        fat = cv2.dilate(disparity, kernel)
        ragged, hidden = np.empty_like(depth), np.empty(depth.shape, dtype=np.bool_)
        _rag(disparity, fat, ragged, hidden, _field(), *_origin(seed, 0))
        melted = cv2.blur(cv2.blur(ragged, (_WINDOW, _WINDOW)), (5, 5))
        return Windows(ragged, hidden, np.asarray(melted, dtype=np.float32))

    def match(self, windows: Windows, unseen: npt.NDArray[np.uint8], seed: int, frame: int) -> DepthImage:
        """Depth (H, W), metres, NaN = no data.

        unseen: (H, W) how badly the place is seen, 0 well .. 255 not. The same seed and frame number give the
        same errors.
        """
        result = np.empty_like(windows.ragged)
        _match(
            windows.ragged, windows.hidden, windows.melted, cv2.blur(unseen, (5, 5)), result, _field(),
            *_origin(seed, 0), *_origin(seed, frame + 1), _F(self.focal * self.baseline), _F(self.ripple),
            _F(self.flicker), _F(self.disparity_step), _F(self.near), _F(self.far),
        )  # fmt: skip
        return result

    def apply(self, depth: DepthImage, unseen: npt.NDArray[np.uint8], seed: int, frame: int) -> DepthImage:
        """`windows` and `match` in one."""
        return self.match(self.windows(depth, seed), unseen, seed, frame)


def _origin(seed: int, frame: int) -> tuple[int, int]:
    row, column = np.random.default_rng([seed, frame, 0xD0]).integers(0, _TILE, 2)
    return int(row), int(column)


@lru_cache(maxsize=1)
def _field() -> DepthImage:
    """(N, N) of deviation 1 that repeats: features of about 10 px, wider than high, on longer waves, and
    errors of single rows.
    """
    white = np.random.default_rng(0xF1E1D).standard_normal((_TILE, _TILE), dtype=np.float32)
    total = np.zeros_like(white)
    for along_v, along_u, share in ((0.5, 8.0, 0.3), (2.2, 4.0, 0.35), (4.0, 8.0, 1.0), (16.0, 24.0, 0.6)):
        margin = 96
        wide = np.pad(white, margin, mode="wrap")
        smooth = cv2.GaussianBlur(wide, (0, 0), sigmaX=along_u, sigmaY=along_v)[
            margin:-margin, margin:-margin
        ]
        total += share * smooth / smooth.std()
        white = np.roll(white, (311, 173), axis=(0, 1))
    result: DepthImage = np.ascontiguousarray(total / total.std())
    return result


@compiled_for_images
def _rag(disparity: Any, fat: Any, ragged: Any, hidden: Any, field: Any, row: int, column: int) -> None:
    """Near things grown by a ragged seam, and what only the left imager sees."""
    height, width = disparity.shape
    for v in range(height):
        r = (v + row) & 1023
        taken_from = _F(1e9)
        for u in range(width - 1, -1, -1):
            # The seam is where the field says, up to twice as far out and at times none at all.
            k = (u + column) & 1023
            shift = field[r, k]
            su = min(width - 1, max(0, u + int(_F(1.6) * shift)))
            sv = min(height - 1, max(0, v + int(_F(1.6) * field[k, r])))
            here = disparity[v, u]
            value = fat[sv, su] if shift > _F(-1.0) else disparity[sv, su]
            in_right_image = _F(u) - here
            behind = in_right_image > taken_from + _F(0.5)
            if not behind:
                taken_from = min(taken_from, in_right_image)
            # A grown seam covers the hidden band beside it.
            ragged[v, u], hidden[v, u] = value, behind and value - here < _F(1.0)


@compiled
def _match(
    ragged: Any, hidden: Any, melted: Any, blind: Any, result: Any, field: Any, row: int, column: int,
    row_now: int, column_now: int, product: Any, ripple: Any, flicker: Any, step: Any, near: Any, far: Any,
) -> None:  # fmt: skip
    height, width = ragged.shape
    lost = _F(np.nan)
    for v in range(height):
        r, r_now = (v + row) & 1023, (v + row_now) & 1023
        for u in range(width):
            value = ragged[v, u]
            result[v, u] = lost
            if hidden[v, u] or value <= _F(0.0):
                continue
            k, k_now = (u + column) & 1023, (u + column_now) & 1023
            stable, passing = field[r, k], field[r_now, k_now]
            edge = abs(melted[v, u] - value)
            # In patches: another place of the field decides where what is badly seen is lost.
            patch = field[(r + 512) & 1023, (k + 512) & 1023]
            doubt = _F(blind[v, u]) * _F(1.0 / 255.0) + _F(0.22) * patch + _F(0.06) * passing
            if edge > _F(1.0):
                doubt += _F(0.3)
            if doubt > _F(_LOST):
                continue
            if edge < _F(_STEP):
                value = melted[v, u]
            elif edge < _F(2.0 * _STEP):
                share = (edge - _F(_STEP)) / _F(_STEP)
                value = melted[v, u] + share * (value - melted[v, u])
            value += ripple * stable + flicker * passing
            if step > _F(0.0):
                value = _F(np.rint(value / step)) * step
            if value > _F(0.0):
                z = product / value
                if near <= z <= far:
                    result[v, u] = z
