"""The RGB-D camera: config/cameras/NAME.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from lab_core.geometry.pinhole import PinholeCamera
from lab_core.geometry.transforms import FloatArray
from lab_description.schema import Count, Quantity, Ratio
from lab_description.tree import Tree

Pixels = Annotated[float, Quantity("px", 1.0, 20_000.0)]
Metres = Annotated[float, Quantity("m", 0.001, 100.0)]


@dataclass(frozen=True)
class StereoNoise:
    """What stereo depth does wrong: σ_z = z²·subpixel/(f·baseline), quantised disparity, shadows at edges.

    baseline: metres. subpixel: standard deviation of the disparity, px. disparity_step: px.
    grazing: rays that meet a surface at less than this angle from it, radians, give no depth.
    ripple: standard deviation of the error that neighbours share and that stays while nothing moves, px of
    disparity; flicker: of the one that they share and that passes. fatten: px by which near things grow over
    their edges. subpixel and grazing hold for the simulator's plain look, the last three for its real one.
    """

    baseline: Annotated[float, Quantity("m", 0.001, 1.0)]
    subpixel: Annotated[float, Quantity("px", 0.0, 2.0)]
    disparity_step: Annotated[float, Quantity("px", 0.0, 2.0)]
    grazing: Annotated[float, Quantity("rad", 0.0, 1.2)]
    ripple: Annotated[float, Quantity("px", 0.0, 2.0)] = 0.11
    flicker: Annotated[float, Quantity("px", 0.0, 2.0)] = 0.03
    fatten: Annotated[int, Quantity("px", 0, 10)] = 2


@dataclass(frozen=True)
class CalibrationError:
    """How far a camera may stand from where its calibration says: standard deviation along each axis, metres,
    and about each axis, radians.
    """

    position: Annotated[float, Quantity("m", 0.0, 0.05)] = 0.002
    angle: Annotated[float, Quantity("rad", 0.0, 0.1)] = 0.003


@dataclass(frozen=True)
class ExpectedError:
    """How far the hand misses a part by the camera's pose, metres, and is turned, radians; with 95 %."""

    position: Annotated[float, Quantity("m", 0.0, 0.1)]
    angle: Annotated[float, Quantity("rad", 0.0, 0.5)]


NEEDS = ExpectedError(0.005, 0.03)
"""Of a cell that says nothing else: 5 mm, 1.7 degrees."""

Unverified = Literal["warn", "refuse"]


@dataclass(frozen=True)
class Calibration:
    """What the camera's pose rests on, written by `lab calibrate hand_eye`.

    error: at the worst place of the work area. poses: how many count. board: in words.
    evidence: folder with poses and pictures, beside the cell's file.
    """

    error: ExpectedError
    poses: Count
    board: str
    evidence: str
    robot_serial: str | None = None
    camera_serial: str | None = None


@dataclass(frozen=True)
class Intrinsics:
    """Pinhole without distortion, pixels; the centre of the top left pixel is (0, 0)."""

    width: Count
    height: Count
    fx: Pixels
    fy: Pixels
    cx: Annotated[float, Quantity("px", -1000.0, 20_000.0)]
    cy: Annotated[float, Quantity("px", -1000.0, 20_000.0)]


@dataclass(frozen=True)
class CameraModel(Tree):
    """A camera with depth aligned to colour.

    optical_frame: link with z forward, x right, y down (REP 103). rate: Hz. near, far: range of the depth,
    metres. rectified: the images are, although camera_info tells a distortion, as those of image_proc.
    calibration_error: what the simulator's real look makes of the pose that the cell gives.
    """

    name: str
    optical_frame: str
    intrinsics: Intrinsics
    rate: Annotated[float, Quantity("Hz", 0.1, 240.0)]
    near: Metres
    far: Metres
    noise: StereoNoise
    dropout: Ratio = 0.0
    rectified: bool = False
    calibration_error: CalibrationError = CalibrationError()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.optical_frame not in self.links:
            raise ValueError(
                f"optical_frame: no link '{self.optical_frame}'; links are {', '.join(self.links)}"
            )
        if not self.near < self.far:
            raise ValueError(f"near {self.near:g} is not below far {self.far:g}")

    @cached_property
    def link_from_optical(self) -> FloatArray:
        """(4, 4) base_link of the camera from its optical frame."""
        frame: FloatArray = self.forward({})[self.optical_frame][0]
        return frame


@dataclass(frozen=True)
class Camera:
    """A camera in its place in the cell.

    base_from_camera: (4, 4), of the optical frame. calibrated: the day on which that was measured.
    calibration: how, and how well. needs: what the cell needs of it. unverified: see CameraMount.
    """

    model: CameraModel
    base_from_camera: FloatArray
    calibrated: date | None = None
    calibration: Calibration | None = None
    needs: ExpectedError = NEEDS
    unverified: Unverified = "warn"

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def stated_error(self) -> float:
        """How far the hand may miss a part by the camera's pose, metres, with 95 %; 0: none is stated."""
        return 0.0 if self.calibration is None else self.calibration.error.position

    @property
    def frame(self) -> str:
        """Name of the optical frame."""
        return self.model.optical_frame

    @property
    def pinhole(self) -> PinholeCamera:
        """The intrinsics as a projection."""
        i = self.model.intrinsics
        return PinholeCamera(i.width, i.height, i.fx, i.fy, i.cx, i.cy)

    @property
    def rate(self) -> float:
        """Images per second."""
        return self.model.rate

    @property
    def near(self) -> float:
        """Nearest depth, metres."""
        return self.model.near

    @property
    def far(self) -> float:
        """Farthest depth, metres."""
        return self.model.far

    @property
    def noise(self) -> StereoNoise:
        return self.model.noise
