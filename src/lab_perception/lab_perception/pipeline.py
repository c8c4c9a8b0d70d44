"""Image in, scene out: the order of the steps and what each of them is given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera, Plane
from lab_core.outcomes import OutcomeCode
from lab_perception.depth_filter import DepthFilter
from lab_perception.depth_view import halve_depth
from lab_perception.detector import Detector
from lab_perception.errors import PerceptionError
from lab_perception.frame import RgbdFrame, WorkArea
from lab_perception.objects import ObjectSettings, PerceivedObject, describe
from lab_perception.parts_network import load_network
from lab_perception.support import SupportSettings
from lab_perception.surface import SurfaceSettings, observe_surface
from lab_perception.testing.imagined import Block, imagine
from lab_perception.tracking import Tracker, TrackingSettings
from lab_perception.view import View


@dataclass(frozen=True, slots=True)
class Settings:
    """Of all steps. depth_averaging: images that depth is averaged over while nothing moves; 1: none."""

    support: SupportSettings = field(default_factory=SupportSettings)
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    objects: ObjectSettings = field(default_factory=ObjectSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    depth_averaging: int = 1


@dataclass(frozen=True, slots=True)
class SceneEstimate:
    """Everything that one image told. Coordinates in the base frame, metres.

    code, message: how it ended; with OBJECT_OUT_OF_VIEW there are objects, all of them truncated.
    support: None where it was not found. ids: one for each object.
    depth_view: (h, w) uint16 millimetres at half size, with its camera.
    """

    stamp: int
    code: OutcomeCode
    message: str
    support: Plane | None
    objects: list[PerceivedObject]
    ids: list[str]
    depth_view: npt.NDArray[np.uint16]
    depth_view_camera: PinholeCamera
    base_from_camera: FloatArray


class Perception:
    """Turns images into scenes. The same images in the same order give the same scenes."""

    def __init__(self, area: WorkArea, detector: Detector, settings: Settings | None = None) -> None:
        """Raises InvalidNetwork when the network that the detector names cannot be used."""
        self._area = area
        self._detector = detector
        self._settings = settings or Settings()
        self._network: str = getattr(detector, "network", "")
        if self._network:
            load_network(self._network)
        self._tracker = Tracker(self._settings.tracking)
        self._view: View | None = None
        self._depth_filter: DepthFilter | None = None
        self._view_of: tuple[PinholeCamera, bytes] | None = None

    def perceive(self, frame: RgbdFrame) -> SceneEstimate:
        """The scene of one image. What is wrong with the image or its camera is said by code and message."""
        support: Plane | None = None
        objects: list[PerceivedObject] = []
        ids: list[str] = []
        try:
            view = self._view_for(frame)
            if self._depth_filter is not None:
                frame = replace(frame, depth=self._depth_filter.update(frame.depth))
            surface = observe_surface(
                frame, view, self._area, self._settings.support, self._settings.surface, self._network
            )
            support = surface.support
            instances = self._detector.detect(frame, surface)
            objects = describe(frame, surface, instances, self._area, self._settings.objects)
            ids = self._tracker.update(objects, frame.stamp, frame.hides)
            code, message = _judge(objects, ids)
        except PerceptionError as error:
            code, message = OutcomeCode(error.code), str(error)
        reduced, reduced_camera = halve_depth(frame.depth, frame.camera, frame.hidden)
        return SceneEstimate(
            stamp=frame.stamp,
            code=code,
            message=message,
            support=support,
            objects=objects,
            ids=ids,
            depth_view=reduced,
            depth_view_camera=reduced_camera,
            base_from_camera=frame.base_from_camera,
        )

    def warm_up(self, camera: PinholeCamera, base_from_camera: FloatArray) -> None:
        """Compiles everything by looking at a block on a table that is not there; nothing of it is
        remembered.

        Raises AreaNotInView when a camera in that place would not see the work area.
        """
        View.of(camera, base_from_camera, self._area)
        centre = self._area.centre
        block = Block((float(centre[0]), float(centre[1])), (0.05, 0.04, 0.03), (200, 40, 40))
        frame, _ = imagine([block], self._area, camera, base_from_camera)
        Perception(self._area, self._detector, self._settings).perceive(frame)

    def _view_for(self, frame: RgbdFrame) -> View:
        """The view of the work area, computed again only when the camera has moved."""
        key = (frame.camera, frame.base_from_camera.tobytes())
        if self._view is None or key != self._view_of:
            self._view = View.of(frame.camera, frame.base_from_camera, self._area)
            self._view_of = key
            if self._settings.depth_averaging > 1:
                noise = self._settings.surface.inverse_depth_noise(frame.camera)
                self._depth_filter = DepthFilter(self._settings.depth_averaging, noise)
        return self._view


def _judge(objects: list[PerceivedObject], ids: list[str]) -> tuple[OutcomeCode, str]:
    """A part that is cut off does not spoil a scene with others: it is marked, and they can be worked on."""
    if not objects:
        return OutcomeCode.NO_OBJECT, "nothing on the support in the work area"
    if all(item.truncated for item in objects):
        return (
            OutcomeCode.OBJECT_OUT_OF_VIEW,
            f"{', '.join(ids)} reaches over the border of the image: move the part or the camera",
        )
    return OutcomeCode.SUCCESS, ""
