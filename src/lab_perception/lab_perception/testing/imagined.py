"""Images of blocks on a table that are not there: to compile with before the first image, and to check
detectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera, rotation_about
from lab_perception.frame import RgbdFrame, WorkArea

TABLE_COLOR = (140, 138, 134)


@dataclass(frozen=True, slots=True)
class Block:
    """A box on the table: centre of its footprint (x, y) and edges (x, y, z), metres; RGB 0..255; turn about
    z.
    """

    centre: tuple[float, float]
    size: tuple[float, float, float]
    color: tuple[int, int, int]
    yaw: float = 0.0


def imagine(
    blocks: Sequence[Block], area: WorkArea, camera: PinholeCamera, base_from_camera: FloatArray
) -> tuple[RgbdFrame, npt.NDArray[np.int32]]:
    """What a perfect camera sees of blocks on an endless table, and the block (H, W) at each pixel, -1 for
    none.
    """
    x, y = camera.rays()
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], np.float32(1.0)), axis=-1)
    directions = rays.astype(np.float64) @ base_from_camera[:3, :3].T
    origin = base_from_camera[:3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (area.support_height - origin[2]) / directions[..., 2]
    depth[~((depth > 0.0) & (depth < 20.0))] = np.nan
    color = np.full((camera.height, camera.width, 3), TABLE_COLOR, np.uint8)
    label = np.full(depth.shape, -1, np.int32)
    for index, block in enumerate(blocks):
        entry, face = _hit(block, area.support_height, origin, directions)
        nearer = entry < np.where(np.isnan(depth), np.inf, depth)
        depth[nearer], label[nearer] = entry[nearer], index
        # Faces along x, y and z catch different light.
        shade = np.array([0.75, 0.55, 1.0])[face[nearer]]
        color[nearer] = (shade[:, None] * np.array(block.color)).astype(np.uint8)
    return RgbdFrame(color, depth.astype(np.float32), camera, base_from_camera), label


def _hit(
    block: Block, table: float, origin: FloatArray, directions: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Depth (H, W) at which rays enter a block, infinite where they miss it, and the axis of the face they
    enter.

    Source: the slab method, T. Kay, J. Kajiya, "Ray tracing complex scenes", 1986.
    """
    block_from_base = rotation_about([0.0, 0.0, 1.0], -block.yaw)
    start = block_from_base @ (origin - [*block.centre, table + 0.5 * block.size[2]])
    along = directions @ block_from_base.T
    half = 0.5 * np.array(block.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-half - start) / along, (half - start) / along
    enter, leave = np.fmin(one, other), np.fmax(one, other)
    face = np.argmax(enter, axis=-1)
    entry = enter.max(axis=-1)
    entry[(entry > leave.min(axis=-1)) | (entry <= 0.0)] = np.inf
    return entry, face
