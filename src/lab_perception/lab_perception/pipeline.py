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
from lab_perception.plausibility import doubt, exposure
from lab_perception.resolution import halved_camera, halved_frame
from lab_perception.robot_mask import RobotMask
from lab_perception.support import SupportSettings
from lab_perception.surface import Surface, SurfaceSettings, observe_surface
from lab_perception.testing.imagined import Block, imagine
from lab_perception.tracking import Tracker, TrackingSettings
from lab_perception.view import View, window_of

if TYPE_CHECKING:  # they hold the settings below
    from lab_perception.perception_parameters import PerceptionParameters


@dataclass(frozen=True, slots=True)
class Settings:
    """Of all steps. depth_averaging: images that depth is averaged over while nothing moves; 1: none.
    max_pixels: of the part of an image that shows the work area; of more, half the size is worked on.
    """

    support: SupportSettings = field(default_factory=SupportSettings)
    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    objects: ObjectSettings = field(default_factory=ObjectSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    depth_averaging: int = 1
    max_pixels: int = 480_000


# Images from one look for what speaks against them to the next.
_LOOKS_PER_DOUBT = 16


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
        self._looking: _Looking | None = None
        self._looks = 0
        self.doubt = ""
        """What speaks against the newest images though they gave a scene; see `plausibility`."""

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
        doubted, self.doubt = self.doubt, ""
        try:
            frame, surface = self.surface(frame)
            support = surface.support
            instances = self._detector.detect(frame, surface)
            found = describe(frame, surface, instances, self._area, self._settings.objects)
            ids = self._tracker.update(found, frame.stamp, frame.hides)
            objects = [replace(part, id=name) for part, name in zip(found, ids, strict=True)]
            code, message = self._judge(frame, objects)
            self.doubt = self._doubt(frame, surface.support, doubted)
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

    def surface(self, frame: RgbdFrame) -> tuple[RgbdFrame, Surface]:
        """What stands out of the support in an image, and the frame that it and detectors work on: a large
        one is halved first.

        Raises PerceptionError; see `lab_perception.surface.observe_surface`.
        """
        key = (frame.camera, frame.base_from_camera.tobytes())
        if self._looking is None or self._looking.key != key:
            self._looking = _Looking.at(frame, self._area, self._settings)
        looking = self._looking
        for _ in range(looking.halvings):
            frame = halved_frame(frame)
        if looking.depth_filter is not None:
            frame = replace(frame, depth=looking.depth_filter.update(frame.depth))
        settings = self._settings
        return frame, observe_surface(
            frame, looking.view, self._area, settings.support, looking.settings, self._network
        )

    def _judge(self, frame: RgbdFrame, objects: list[Part]) -> tuple[OutcomeCode, str]:
        """A part that is cut off does not spoil a scene with others: it is marked, and they can be worked
        on.
        """
        if not objects:
            assert self._looking is not None
            trouble, blind = exposure(frame, self._looking.view)
            if blind:
                return OutcomeCode.NO_COLOUR, trouble
            return OutcomeCode.NO_OBJECT, "nothing on the support in the work area"
        if all(item.truncated for item in objects):
            names = ", ".join(item.id for item in objects)
            return (
                OutcomeCode.OBJECT_OUT_OF_VIEW,
                f"{names} reaches over the border of the image: move the part or the camera",
            )
        return OutcomeCode.SUCCESS, ""

    def _doubt(self, frame: RgbdFrame, support: Plane, last: str) -> str:
        """Looked for now and then: it costs a tenth of an image, and does not change from one to the next."""
        self._looks += 1
        if self._looks % _LOOKS_PER_DOUBT != 1:
            return last
        assert self._looking is not None
        return doubt(frame, self._looking.view, self._area, support, self._settings.support)


@dataclass(frozen=True)
class _Looking:
    """What is kept while the camera stays where it is.

    view: of the work area, in an image that was halved so many times. settings: for such images.
    """

    key: tuple[PinholeCamera, bytes]
    halvings: int
    view: View
    settings: SurfaceSettings
    depth_filter: DepthFilter | None

    @classmethod
    def at(cls, frame: RgbdFrame, area: WorkArea, settings: Settings) -> _Looking:
        """Raises AreaNotInView."""
        camera, halvings = frame.camera, 0
        while _pixels(camera, frame.base_from_camera, area) > settings.max_pixels:
            camera, halvings = halved_camera(camera), halvings + 1
        # the noise of a pixel of depth stays what it was, as a share of its disparity
        surface = replace(settings.surface, disparity_noise=settings.surface.disparity_noise * 0.5**halvings)
        noise, images = surface.inverse_depth_noise(camera), settings.depth_averaging
        return cls(
            (frame.camera, frame.base_from_camera.tobytes()),
            halvings,
            View.of(camera, frame.base_from_camera, area),
            surface,
            DepthFilter(images, noise) if images > 1 else None,
        )


def _pixels(camera: PinholeCamera, base_from_camera: FloatArray, area: WorkArea) -> int:
    left, top, right, bottom = window_of(camera, base_from_camera, area)
    return (right - left) * (bottom - top)
