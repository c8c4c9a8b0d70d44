"""Image in, scene out: the order of the steps and what each of them is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lab_core.geometry import FloatArray, PinholeCamera, Plane
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part, Scene
from lab_description import Cell
from lab_perception.depth_filter import DepthFilter
from lab_perception.depth_view import reduced_view
from lab_perception.detector import DETECTORS, Detector
from lab_perception.errors import PerceptionError
from lab_perception.frame import ByteImage, Float32Image, Mask, RgbdFrame, WorkArea
from lab_perception.objects import ObjectSettings, describe
from lab_perception.parts_network import load_network
from lab_perception.robot_mask import RobotMask
from lab_perception.support import SupportSettings
from lab_perception.surface import SurfaceSettings, observe_surface
from lab_perception.testing.imagined import Block, imagine
from lab_perception.tracking import Tracker, TrackingSettings
from lab_perception.view import View

if TYPE_CHECKING:  # they hold the settings below
    from lab_perception.perception_parameters import PerceptionParameters


@dataclass(frozen=True, slots=True)
class Settings:
    """Of all steps. depth_averaging: images that depth is averaged over while nothing moves; 1: none."""

    support: SupportSettings = field(default_factory=SupportSettings)
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    objects: ObjectSettings = field(default_factory=ObjectSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    depth_averaging: int = 1


class Perception:
    """Turns images into scenes. The same images in the same order give the same scenes."""

    def __init__(
        self,
        area: WorkArea,
        detector: Detector,
        settings: Settings | None = None,
        robot: RobotMask | None = None,
        base_frame: str = "base_link",
    ) -> None:
        """robot: is left out of the images; base_frame: name of the frame that scenes are in.

        Raises InvalidNetwork when the network that the detector names cannot be used.
        """
        self._area = area
        self._robot = robot
        self._base_frame = base_frame
        self._detector = detector
        self._settings = settings or Settings()
        self._network: str = getattr(detector, "network", "")
        if self._network:
            load_network(self._network)
        self._tracker = Tracker(self._settings.tracking)
        self._view: View | None = None
        self._depth_filter: DepthFilter | None = None
        self._view_of: tuple[PinholeCamera, bytes] | None = None

    @classmethod
    def of(cls, cell: Cell, parameters: PerceptionParameters, detector: Detector | None = None) -> Perception:
        """The stage of a cell. detector: else the one that the parameters name.

        Raises ConfigurationError, InvalidNetwork.
        """
        if detector is None:
            name, given = parameters.detector, parameters.plugins
            detector = DETECTORS.make(name, given=given, node="perception").plugin
        return cls(
            parameters.work_area(cell),
            detector,
            parameters.settings(cell),
            RobotMask(cell, parameters.robot_padding) if parameters.robot_mask else None,
            cell.robot.base_link,
        )

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints whose positions tell where the robot is in the image."""
        return () if self._robot is None else self._robot.joints

    def frame(
        self,
        color: ByteImage,
        depth: Float32Image,
        camera: PinholeCamera,
        base_from_camera: FloatArray,
        stamp: int,
        positions: Mapping[str, float] | None = None,
        camera_frame: str = "",
    ) -> RgbdFrame:
        """One image, with the pixels of the robot marked; see RgbdFrame.

        positions: of all `joints`, radians; None: the robot is not in front of the camera.

        Raises PerceptionError when the images do not fit their camera.
        """
        hidden: Mask | None = None
        if self._robot is not None and positions is not None:
            hidden = self._robot.draw(positions, camera, base_from_camera)
        try:
            return RgbdFrame(
                color, depth, camera, base_from_camera, hidden, stamp, self._base_frame, camera_frame
            )
        except ValueError as error:
            raise PerceptionError(str(error)) from error

    def perceive(self, frame: RgbdFrame) -> Scene:
        """The scene of one image. What is wrong with the image or its camera is said by code and message."""
        support: Plane | None = None
        objects: list[Part] = []
        try:
            view = self._view_for(frame)
            if self._depth_filter is not None:
                frame = replace(frame, depth=self._depth_filter.update(frame.depth))
            surface = observe_surface(
                frame, view, self._area, self._settings.support, self._settings.surface, self._network
            )
            support = surface.support
            instances = self._detector.detect(frame, surface)
            found = describe(frame, surface, instances, self._area, self._settings.objects)
            ids = self._tracker.update(found, frame.stamp, frame.hides)
            objects = [replace(part, id=name) for part, name in zip(found, ids, strict=True)]
            code, message = _judge(objects)
        except PerceptionError as error:
            code, message = OutcomeCode(error.code), str(error)
        return Scene(
            stamp=frame.stamp,
            frame=frame.base_frame,
            support=support,
            objects=tuple(objects),
            view=reduced_view(frame),
            code=code,
            message=message,
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


def _judge(objects: list[Part]) -> tuple[OutcomeCode, str]:
    """A part that is cut off does not spoil a scene with others: it is marked, and they can be worked on."""
    if not objects:
        return OutcomeCode.NO_OBJECT, "nothing on the support in the work area"
    if all(item.truncated for item in objects):
        names = ", ".join(item.id for item in objects)
        return (
            OutcomeCode.OBJECT_OUT_OF_VIEW,
            f"{names} reaches over the border of the image: move the part or the camera",
        )
    return OutcomeCode.SUCCESS, ""
