"""What the cell's camera delivers, in one of two looks.

`real` is what a colour and a stereo camera would make of the cell: print, grain, gloss, shadows, holes.
`plain` gives each thing one colour and each pixel of the depth a noise of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import mujoco

from lab_core.geometry import FloatArray
from lab_description import Cell
from lab_simulation.look import Look
from lab_simulation.look.cell_view import CellPaint, RealCellView, mounted_at
from lab_simulation.mujoco.camera import Frame, open_camera
from lab_simulation.mujoco.cell_model import CAMERA
from lab_simulation.mujoco.depth_noise import StereoModel
from lab_simulation.mujoco.rendering import Renderer
from lab_simulation.scenes.parts import Part


class CellView(Protocol):
    """The camera of a cell, bound to one model; lives in the thread that made it."""

    def render(self, data: mujoco.MjData, frame: int, seconds: float) -> Frame:
        """Image of the present state. frame: the number of the noise. seconds: of simulated time."""

    def world_from_true(self, data: mujoco.MjData) -> FloatArray:
        """(4, 4) of the optical frame of the camera as it stands, which its calibration may not know."""

    def close(self) -> None:
        """Give back what the renderer holds."""


OpenView = Callable[[mujoco.MjModel, Mapping[str, Part]], CellView]
"""Binds the camera of a cell to a model and the parts that are in it."""


def viewer(
    look: Look, renderer: Renderer, cell: Cell, seed: int, noise: bool, camera_error: float | None = None
) -> OpenView:
    """The camera of a cell in a look, whatever becomes of its parts. noise: of the seed.

    camera_error: see look.cell_view.calibration_error; the plain look has none.
    """
    if look == "plain":
        return lambda model, parts: PlainView(renderer, model, cell, seed, noise)
    paint = CellPaint(seed, camera_error)
    return lambda model, parts: RealCellView(renderer, model, cell, parts, paint, noise)


class PlainView:
    """One colour a thing; depth of an ideal surface with independent noise."""

    def __init__(self, renderer: Renderer, model: mujoco.MjModel, cell: Cell, seed: int, noise: bool) -> None:
        camera = cell.camera
        self._camera = open_camera(renderer, model, CAMERA, camera.pinhole, camera.near, camera.far)
        self._seed = seed
        self._stereo = StereoModel.of(camera) if noise else None

    def render(self, data: mujoco.MjData, frame: int, seconds: float) -> Frame:
        seen = self._camera.render(data)
        if self._stereo is None:
            return seen
        return Frame(seen.colour, self._stereo.apply(seen.depth, self._seed, frame))

    def world_from_true(self, data: mujoco.MjData) -> FloatArray:
        return mounted_at(data)

    def close(self) -> None:
        self._camera.close()
