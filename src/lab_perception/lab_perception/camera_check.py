"""Whether the camera's pose is to be trusted: at each start, and while the cell runs.

By the landmark that is remembered with the calibration, where there is one (`lab_calibration.landmark`).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lab_core.errors import ConfigurationError
from lab_description import Cell
from lab_perception.errors import CameraMoved
from lab_perception.frame import ByteImage

if TYPE_CHECKING:  # a cell without a landmark does not pay for it
    from lab_calibration.landmark import LandmarkWatch

AT_START, IMAGES_PER_LOOK = 15, 16
"""The first images are all looked at, then one of so many: a look costs a quarter of what an image costs, one
that finds nothing half."""


class CameraCheck:
    """Looks at the landmark of a cell, if it has one, and keeps a list of what it found at each start."""

    def __init__(self, cell: Cell, today: date, simulated: bool = False) -> None:
        """simulated: the camera stands where the simulator has it, the scene may hold no landmark, and the
        list belongs to the real cell.

        Raises ConfigurationError where the cell refuses a camera that nobody can vouch for, and something
        speaks against it before there is an image.
        """
        self._cell, self._today, self._simulated = cell, today, simulated
        self._refuses = cell.camera.unverified == "refuse"
        self._watch = self._watch_of(cell)
        if self._refuses and not simulated:
            self._refuse_doubts()
        self._images = 0
        self._listed = simulated
        self.trouble = ""
        """Why the pose must not be trusted; empty: nothing is known against it."""

    def look(self, color: ByteImage) -> None:
        """Take the next image (H, W, 3), RGB. Raises CameraMoved where the cell refuses such a camera."""
        watch = self._watch
        if watch is None:
            return
        if self._images < AT_START or self._images % IMAGES_PER_LOOK == 0:
            watch.look(color)
        self._images += 1
        trouble, unkept = self._trouble(watch), ""
        if watch.move is not None and not self._listed:
            self._listed = True
            unkept = self._list(watch)
        self.trouble = trouble or unkept
        if self._refuses and (trouble or (watch.move is None and not self._simulated)):
            raise CameraMoved(trouble or "the landmark is being looked at: the next images tell")

    def _trouble(self, watch: LandmarkWatch) -> str:
        if watch.move is not None and watch.move.is_moved:
            since = watch.landmark.day
            return f"{watch.move}, by the landmark of {since}: put it back, or calibrate it again"
        if watch.is_seen or self._simulated:
            return ""
        return (
            "the landmark by which the camera's pose is checked is not seen: keep it free, or forget it"
            " (`lab calibrate landmark --forget`)"
        )

    def _refuse_doubts(self) -> None:
        from lab_calibration.standing import doubts

        for doubt in doubts(self._cell, self._today):
            if doubt.kind == "moved" and self._watch is not None:
                continue  # whether it was put back the landmark tells
            raise ConfigurationError(f"{doubt.sentence} (camera.unverified is refuse): {doubt.fix}")

    @staticmethod
    def _watch_of(cell: Cell) -> LandmarkWatch | None:
        if not cell.calibration_folder.is_dir():
            return None
        from lab_calibration.landmark import LandmarkWatch, read_landmark

        landmark = read_landmark(cell.calibration_folder)
        return None if landmark is None else LandmarkWatch(landmark, cell)

    def _list(self, watch: LandmarkWatch) -> str:
        """Keep what was found; why that could not be, else nothing."""
        from lab_calibration.hand_eye.checks import CHECKS_FILE, Checks

        assert watch.move is not None
        try:
            Checks(self._cell.calibration_folder / CHECKS_FILE).add(self._today, watch.move)
        except OSError as error:
            return f"{self._cell.calibration_folder}: the check is not kept: {error}"
        return ""
