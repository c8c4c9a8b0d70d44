"""The cell's camera in the real look: skins, light and errors of calibration drawn from the scene's seed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, invert, make_transform, matrix_from_rpy, transform_points
from lab_description import Cell
from lab_simulation.look.canvas import Colour
from lab_simulation.look.geometry import open_geometry
from lab_simulation.look.lighting import draw_lighting
from lab_simulation.look.renderer import RealFrame, RealRenderer, Scenery
from lab_simulation.look.sensor import draw_sensor
from lab_simulation.look.skins import Ground, Skin, draw_floor, draw_skin, draw_table
from lab_simulation.look.stereo import StereoMatcher
from lab_simulation.mujoco.camera import Frame
from lab_simulation.mujoco.cell_model import CAMERA
from lab_simulation.mujoco.rendering import Renderer
from lab_simulation.scenes.parts import Part

COLOURED_STYLES: Mapping[str, float] = {
    "plain": 0.3,
    "printed": 0.36,
    "two_tone": 0.12,
    "sticker": 0.2,
    "clear": 0.02,
}
"""Styles that leave a part its colour, which is in its tags and in what a person asks for."""

_SHADOW_REACH = 0.75
"""Metres about the middle of the workspace in which shadows fall."""

_SCALINGS = 4
"""Until the error at the parts is as large as wanted: nearly linear in the scale."""


class CellPaint:
    """What stays when parts come and go: light, camera, table, floor, and the skins drawn so far."""

    def __init__(self, seed: int, camera_error: float | None = None) -> None:
        """camera_error: see calibration_error."""
        rng = np.random.default_rng([seed, 0x100C])
        self.seed = seed
        self.camera_error = camera_error
        self.lighting = draw_lighting(rng)
        sensor = draw_sensor(rng)
        self.table, self.floor = draw_table(rng), draw_floor(rng)
        self.sensor = sensor.exposed_for(self.table.albedo)
        self._skins: dict[str, tuple[Part, Skin]] = {}

    def skin(self, part: Part) -> Skin:
        """The skin of a part, drawn once."""
        known = self._skins.get(part.name)
        if known is None or known[0] is not part:
            known = self._skins[part.name] = (part, part_skin(part, self.seed))
        return known[1]


class RealCellView:
    """The images of one cell; the same model, parts and seed give the same ones."""

    def __init__(
        self,
        renderer: Renderer,
        model: mujoco.MjModel,
        cell: Cell,
        parts: Mapping[str, Part],
        paint: CellPaint,
        noise: bool = True,
    ) -> None:
        """noise: of depth and colour; without it the camera is where the cell says, too."""
        camera, seed = cell.camera, paint.seed
        self._camera, self._seed, self._noise = camera, seed, noise
        middle = np.array([*(cell.workspace.lower[:2] + cell.workspace.upper[:2]) / 2.0, cell.table_height])
        skins = {name: paint.skin(part) for name, part in parts.items()}
        grounds = _grounds(cell, model, paint)
        sensor = paint.sensor if noise else replace(paint.sensor, noise=0.0)
        scenery = Scenery(skins, grounds, paint.lighting, sensor, middle, _SHADOW_REACH)
        geometry = open_geometry(renderer, model, camera.pinhole.width, camera.pinhole.height)
        self._renderer = RealRenderer(geometry, model, parts, scenery)
        self.camera_from_true = calibration_error(cell, seed, paint.camera_error) if noise else np.eye(4)
        said = camera.noise
        self._matcher = StereoMatcher(
            focal=camera.pinhole.fx,
            baseline=said.baseline,
            ripple=said.ripple,
            flicker=said.flicker,
            disparity_step=said.disparity_step,
            fatten=said.fatten,
            near=camera.near,
            far=camera.far,
        )

    def see(
        self,
        data: mujoco.MjData,
        frame: int,
        seconds: float,
        world_from_optical: FloatArray | None = None,
    ) -> RealFrame:
        """The image of the present state; seconds: of simulated time.

        world_from_optical: (4, 4), unless the camera is where the cell mounts it.
        """
        if world_from_optical is None:
            world_from_optical = mounted_at(data)
        seen = self._renderer.render(
            data,
            world_from_optical @ self.camera_from_true,
            self._camera.pinhole,
            self._matcher if self._noise else None,
            self._seed,
            frame,
            seconds,
        )
        lost = self._camera.model.dropout
        if self._noise and lost > 0.0:
            chance = np.random.default_rng([self._seed, frame, 0xD1]).random(
                seen.depth.shape, dtype=np.float32
            )
            seen.depth[chance < lost] = np.nan
        return seen

    def render(self, data: mujoco.MjData, frame: int, seconds: float) -> Frame:
        """Colour and depth as the camera delivers them."""
        seen = self.see(data, frame, seconds)
        return Frame(seen.colour, seen.depth)

    def world_from_true(self, data: mujoco.MjData) -> FloatArray:
        """(4, 4) of the optical frame of the camera as it stands."""
        result: FloatArray = mounted_at(data) @ self.camera_from_true
        return result

    def close(self) -> None:
        """Give back what the renderer holds."""
        self._renderer.close()


def mounted_at(data: mujoco.MjData) -> FloatArray:
    """(4, 4) world from the optical frame of the cell's camera."""
    camera = data.cam(CAMERA)
    # MuJoCo's camera looks along -z with y up.
    return make_transform(camera.xmat.reshape(3, 3) * np.array([1.0, -1.0, -1.0]), camera.xpos)


def part_skin(part: Part, seed: int) -> Skin:
    """The skin of a part in a scene of a seed; it keeps the part's colour."""
    rng = np.random.default_rng([seed, zlib.crc32(part.name.encode())])
    red, green, blue = (round(255.0 * channel) for channel in part.rgb)
    colour: Colour = (red, green, blue)
    return draw_skin(
        rng, part, colour, str(rng.choice(list(COLOURED_STYLES), p=list(COLOURED_STYLES.values())))
    )


def calibration_error(cell: Cell, seed: int, at_parts: float | None = None) -> FloatArray:
    """(4, 4) camera as it was calibrated from the camera as it stands.

    at_parts: how far a part in the worst corner of the work area seems to be from where it is, metres; the
    seed decides to which side. Without it the seed draws within what config/cameras allows.
    """
    allowed = cell.camera.model.calibration_error
    rng = np.random.default_rng([seed, 0xCA1B])
    turn = rng.normal(0.0, allowed.angle, 3)
    shift = rng.normal(0.0, allowed.position, 3)

    def scaled(by: float) -> FloatArray:
        roll, pitch, yaw = (by * turn).tolist()
        return make_transform(matrix_from_rpy((roll, pitch, yaw)), by * shift)

    if at_parts is None:
        return scaled(1.0)
    if at_parts == 0.0:
        return np.eye(4)
    lower, upper = cell.workspace.lower, cell.workspace.upper
    corners = np.array(
        [[x, y, cell.table_height] for x in (lower[0], upper[0]) for y in (lower[1], upper[1])]
    )
    seen = transform_points(invert(cell.camera.base_from_camera), corners)
    by = 1.0
    for _ in range(_SCALINGS):
        missed = np.linalg.norm(transform_points(scaled(by), seen) - seen, axis=1).max()
        by *= at_parts / float(missed)
    return scaled(by)


def _grounds(cell: Cell, model: mujoco.MjModel, paint: CellPaint) -> dict[int, Ground]:
    """Table top and floor by geom."""
    middle = (cell.workspace.lower[:2] + cell.workspace.upper[:2]) / 2.0
    tops = {
        box.link
        for box in cell.furniture
        if (np.abs(middle - box.base_from_box[:2, 3]) <= box.size[:2] / 2.0).all()
        and abs(box.base_from_box[2, 3] + box.size[2] / 2.0 - cell.table_height) < 0.005
    }
    geoms = [geom for geom in range(model.ngeom) if model.body(model.geom_bodyid[geom]).name in tops]
    return {**dict.fromkeys(geoms, paint.table), model.geom("floor").id: paint.floor}
