"""A body in the work area that is neither robot, nor support, nor a known part: by one depth image.

It is no safety function: it knows nothing of what the camera does not see, and nobody has certified it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from lab_core.geometry import FloatArray, OrientedBox, PinholeCamera, invert, transform_points
from lab_core.scene import Part
from lab_description import Cell
from lab_perception.errors import NoDepth
from lab_perception.frame import Float32Image
from lab_perception.robot_mask import RobotMask

_SECOND = 1_000_000_000
# A part whose centre is nearer than this to where it was has not moved, metres.
_SAME = 0.02
# Points along the arm's links, metres apart.
_SPACING = 0.04


@dataclass(frozen=True, slots=True)
class PresenceSettings:
    """stride: every n-th pixel of each row and column is looked at. Lengths in metres.

    margin, top: the region that counts reaches so far around the workspace, and above the table. min_height:
    above the table. min_area: of what is seen of a body, square metres. min_depth: share of the pixels beside
    the robot that have to have depth. part_padding: by which known parts are larger. hand_radius: of a ball
    around the tool centre point in which a held part may be. arm_radius: of the arm around the line through
    its joints. settled: seconds after which a thing that perception has seen at rest is a known part.
    forgotten: seconds after which it is none any more. largest_part: edge of the largest box of a part.
    """

    stride: int = 4
    margin: float = 0.10
    top: float = 0.50
    min_height: float = 0.04
    min_area: float = 0.008
    part_padding: float = 0.03
    min_depth: float = 0.4
    hand_radius: float = 0.14
    arm_radius: float = 0.06
    settled: float = 1.0
    forgotten: float = 5.0
    largest_part: float = 0.20


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """distance: from the body to the arm, metres; infinite when there is none. area: of what is seen of it,
    square metres. place: (3,) its point that is nearest to the arm, in the base frame.
    """

    distance: float = math.inf
    area: float = 0.0
    place: FloatArray = field(default_factory=lambda: np.full(3, np.nan))


@dataclass(slots=True)
class _Known:
    box: OrientedBox
    since: int
    seen: int


class KnownParts:
    """What lies at rest. A hand that reaches in is seen by perception as a part too, but does not rest."""

    def __init__(self, settings: PresenceSettings) -> None:
        self._settings = settings
        self._known: list[_Known] = []

    def update(self, stamp: int, parts: Sequence[Part]) -> None:
        """One scene. stamp: nanoseconds; time that runs backwards forgets what was."""
        if any(each.seen > stamp for each in self._known):
            self._known = []
        for part in parts:
            if part.truncated or part.box.size.max() > self._settings.largest_part:
                continue
            centre = part.box.centre
            near = [each for each in self._known if np.linalg.norm(each.box.centre - centre) < _SAME]
            if near:
                near[0].seen = stamp  # the box stays where it was first: what creeps away leaves it
            else:
                self._known.append(_Known(part.box, stamp, stamp))
        limit = stamp - round(self._settings.forgotten * _SECOND)
        self._known = [each for each in self._known if each.seen >= limit]

    def boxes(self) -> list[OrientedBox]:
        """Of those that have been seen to rest for long enough."""
        settled = round(self._settings.settled * _SECOND)
        return [each.box for each in self._known if each.seen - each.since >= settled]


class Presence:
    """Looks at depth images of one cell."""

    def __init__(self, cell: Cell, settings: PresenceSettings | None = None, padding: float = 0.04) -> None:
        """padding: by which the robot is taken to be larger than its shapes, metres."""
        self.settings = settings or PresenceSettings()
        self._cell, self._mask = cell, RobotMask(cell, padding)
        margin = np.array([self.settings.margin, self.settings.margin, 0.0])
        self._lower, self._upper = cell.workspace.lower - margin, cell.workspace.upper + margin
        self._lower[2] = cell.table_height + self.settings.min_height
        self._upper[2] = cell.table_height + self.settings.top

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints whose positions are needed."""
        return self._mask.joints

    def look(
        self,
        depth: Float32Image,
        camera: PinholeCamera,
        base_from_camera: FloatArray,
        positions: Mapping[str, float],
        known: Sequence[OrientedBox] = (),
    ) -> Sighting:
        """depth: (H, W) metres, NaN for no data. positions: of all `joints`, radians, at that time. known:
        boxes of parts in the base frame.

        Raises NoDepth when there is too little depth to say that nobody is there.
        """
        stride = self.settings.stride
        seen = depth[::stride, ::stride]
        hidden = self._mask.draw(positions, camera, base_from_camera)
        free = np.ones(seen.shape, np.bool_) if hidden is None else ~hidden[::stride, ::stride]
        valid = np.isfinite(seen) & free
        if valid.sum() < self.settings.min_depth * free.sum():
            raise NoDepth(valid.sum() / max(1, free.sum()))
        rows, columns = np.nonzero(valid)
        z = seen[rows, columns].astype(np.float64)
        x = (columns * stride - camera.cx) / camera.fx * z
        y = (rows * stride - camera.cy) / camera.fy * z
        points = transform_points(base_from_camera, np.column_stack([x, y, z]))
        counts = np.all((points > self._lower) & (points < self._upper), axis=1)
        arm = self._arm(positions)
        tcp = arm[-1]
        counts[counts] = np.linalg.norm(points[counts] - tcp, axis=1) > self.settings.hand_radius
        for box in known:
            counts[counts] = ~_inside(points[counts], box, self.settings.part_padding)
        return self._nearest_body(
            seen.shape, rows[counts], columns[counts], z[counts], points[counts], arm, camera
        )

    def _nearest_body(
        self,
        shape: tuple[int, ...],
        rows: np.ndarray,
        columns: np.ndarray,
        z: FloatArray,
        points: FloatArray,
        arm: FloatArray,
        camera: PinholeCamera,
    ) -> Sighting:
        if len(rows) == 0:
            return Sighting()
        image = np.zeros(shape, np.uint8)
        image[rows, columns] = 1
        count, labels = cv2.connectedComponents(image, connectivity=8)
        label = labels[rows, columns]
        pixel_areas = (self.settings.stride * z) ** 2 / (camera.fx * camera.fy)
        areas = np.bincount(label, weights=pixel_areas, minlength=count)
        bodies = areas >= self.settings.min_area
        bodies[0] = False
        of_bodies = bodies[label]
        if not of_bodies.any():
            return Sighting()
        distances = np.linalg.norm(points[of_bodies, None] - arm[None], axis=2).min(axis=1)
        nearest = int(np.argmin(distances))
        return Sighting(
            max(0.0, float(distances[nearest]) - self.settings.arm_radius),
            float(areas[label[of_bodies][nearest]]),
            points[of_bodies][nearest],
        )

    def _arm(self, positions: Mapping[str, float]) -> FloatArray:
        """(N, 3) points along the line through the arm's joints; the last one is the tool centre point."""
        robot = self._cell.robot
        frames = robot.forward({name: positions[name] for name in robot.joint_names})
        flange = frames[robot.tool_link][0]
        corners = [frames[robot.joints[name].child][0][:3, 3] for name in robot.joint_names]
        corners += [flange[:3, 3], (flange @ self._cell.tool_from_tcp)[:3, 3]]
        line = [corners[0]]
        for begin, end in itertools.pairwise(corners):
            parts = max(1, math.ceil(float(np.linalg.norm(end - begin)) / _SPACING))
            line += [begin + (end - begin) * share for share in np.linspace(0.0, 1.0, parts + 1)[1:]]
        return np.array(line)


def _inside(points: FloatArray, box: OrientedBox, padding: float) -> np.ndarray:
    local = transform_points(invert(box.frame_from_box), points)
    inside: np.ndarray = np.all(np.abs(local) <= 0.5 * box.size + padding, axis=1)
    return inside
