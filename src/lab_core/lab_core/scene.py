"""What one look at the work area told: its parts, what they stand on, and the view that they were seen in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lab_core.geometry import (
    FloatArray,
    OrientedBox,
    PinholeCamera,
    Plane,
    rotate_vectors,
    transform_points,
)
from lab_core.outcomes import OutcomeCode

DepthImage = npt.NDArray[np.float32]
Points = npt.NDArray[np.floating]

PART = "part"
"""Label of what is known to be a part and nothing more."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a part may be: the label of a kind, and how sure the detector is of it, 0..1."""

    label: str
    score: float


def _no_points() -> Points:
    return np.empty((0, 3), np.float32)


def _black() -> FloatArray:
    return np.zeros(3)


@dataclass(frozen=True, slots=True)
class ColourShare:
    """A basic colour, by its name in English, and the share 0..1 of what is seen of a part that has it."""

    name: str
    share: float


def _no_outline() -> FloatArray:
    return np.empty((0, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part: what is known of it, in the frame of whatever holds it (a scene, the hand). Metres.

    id: the same from image to image while the part stays in view. box: oriented, around the part, from a
    scene extended down to the support. points, normals: (N, 3) observed surface, normals of unit length
    towards the camera; empty where only the box is known. color: (3,) dominant colour, RGB 0..1; color_name:
    its basic name in English; colours: all that are on it, the largest share first. outline: (M, 2) convex
    outline in the image that it was seen in, tangents x/z and y/z of the camera's optical frame; filled: the
    share of it that the part covers, 0 where no image is known. truncated: the border of the image cuts the
    part. hypotheses: what it may be, the most likely first.
    """

    id: str
    box: OrientedBox
    points: Points = field(default_factory=_no_points)
    normals: Points = field(default_factory=_no_points)
    color: FloatArray = field(default_factory=_black)
    color_name: str = ""
    truncated: bool = False
    hypotheses: tuple[Hypothesis, ...] = ()
    colours: tuple[ColourShare, ...] = ()
    outline: FloatArray = field(default_factory=_no_outline)
    filled: float = 0.0

    @property
    def label(self) -> str:
        """Of the most likely hypothesis; PART where there is none."""
        return self.hypotheses[0].label if self.hypotheses else PART

    @property
    def extent(self) -> float:
        """Cube root of the volume of its box, metres."""
        return float(np.cbrt(np.prod(self.box.size)))

    def moved(self, new_from_old: FloatArray) -> Part:
        """The same part in another frame or place, where no image shows it; new_from_old: (4, 4)."""
        return replace(
            self,
            box=OrientedBox(new_from_old @ self.box.frame_from_box, self.box.size),
            points=transform_points(new_from_old, self.points),
            normals=rotate_vectors(new_from_old, self.normals),
            outline=_no_outline(),
            filled=0.0,
        )


@dataclass(frozen=True, slots=True, eq=False)
class DepthView:
    """The depth image and where it was taken from: it tells free space from unknown.

    base_from_camera: (4, 4), optical frame (z forward, x right, y down).
    depth: (camera.height, camera.width) metres along the optical axis, NaN where there is no data.
    frame: name of the optical frame.
    """

    base_from_camera: FloatArray
    camera: PinholeCamera
    depth: DepthImage
    frame: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that one image told about the work area. Coordinates in one frame, metres.

    stamp: of the image, nanoseconds. frame: name of the frame, normally `base_link`. support: the plane that
    the parts stand on, normal upwards; None where it was not found. view: None where there was no image.
    code, message: how the look ended; with OBJECT_OUT_OF_VIEW there are objects, all of them truncated.
    """

    stamp: int
    frame: str
    support: Plane | None = None
    objects: tuple[Part, ...] = ()
    view: DepthView | None = None
    code: OutcomeCode = OutcomeCode.SUCCESS
    message: str = ""

    @property
    def ids(self) -> list[str]:
        """Of the objects, in their order."""
        return [part.id for part in self.objects]

    def find(self, name: str) -> Part | None:
        """The part of an id; None where the scene has none."""
        return next((part for part in self.objects if part.id == name), None)
