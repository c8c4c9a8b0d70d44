"""Depth images: metres in memory, millimetres on the wire and on disk (REP 118)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def metres(millimetres: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """(H, W) metres of whole millimetres; 0, which is no data, becomes NaN."""
    depth = millimetres.astype(np.float32)
    depth *= np.float32(0.001)
    depth[millimetres == 0] = np.nan
    return depth


def millimetres(depth: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """(H, W) whole millimetres of metres; 0 for NaN, and for what is no depth or too far for the type."""
    scaled = depth * np.float32(1000.0) + np.float32(0.5)
    scaled[~((scaled > 0.0) & (scaled < 65536.0))] = 0.0
    return scaled.astype(np.uint16)
