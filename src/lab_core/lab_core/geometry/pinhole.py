"""The pinhole camera without distortion, in the optical frame of REP 103: z forward, x right, y down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry.transforms import FloatArray


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """Intrinsics in pixels; the centre of the top left pixel is (0, 0)."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or not min(self.fx, self.fy) > 0.0:
            raise ValueError(
                f"camera {self.width}x{self.height} with focal lengths {self.fx}, {self.fy} px is impossible"
            )

    @property
    def matrix(self) -> FloatArray:
        """(3, 3) camera matrix K."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def scaled(self, factor: float) -> PinholeCamera:
        """The same camera with an image `factor` times as wide and high, pixel edges kept in place."""
        return PinholeCamera(
            width=round(self.width * factor),
            height=round(self.height * factor),
            fx=self.fx * factor,
            fy=self.fy * factor,
            cx=(self.cx + 0.5) * factor - 0.5,
            cy=(self.cy + 0.5) * factor - 0.5,
        )

    def project(self, points_in_camera: FloatArray) -> FloatArray:
        """Pixels (..., 2) of points (..., 3); NaN for points that are not in front of the camera."""
        z = points_in_camera[..., 2]
        depth = np.where(z > 1e-6, z, np.nan)
        return np.stack(
            [
                self.fx * points_in_camera[..., 0] / depth + self.cx,
                self.fy * points_in_camera[..., 1] / depth + self.cy,
            ],
            axis=-1,
        )

    def rays(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """x/z of each column (W,) and y/z of each row (H,)."""
        x = (np.arange(self.width, dtype=np.float32) - np.float32(self.cx)) / np.float32(self.fx)
        y = (np.arange(self.height, dtype=np.float32) - np.float32(self.cy)) / np.float32(self.fy)
        return x, y

    def deproject(self, depth: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Points (H, W, 3), metres, of a depth image (H, W), metres; NaN stays NaN."""
        x, y = self.rays()
        points = np.empty((*depth.shape, 3), dtype=np.float32)
        np.multiply(depth, x[None, :], out=points[..., 0], casting="same_kind")
        np.multiply(depth, y[:, None], out=points[..., 1], casting="same_kind")
        points[..., 2] = depth
        return points
