from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import rclpy

from lab_description import Cell, load_cell
from lab_simulation.mujoco.rendering import RendererChoice, choose_renderer
from lab_simulation.scenes.drawing import Area, Scene, make_scene
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile


@pytest.fixture(scope="session")
def renderer() -> RendererChoice:
    return choose_renderer()


@pytest.fixture(scope="session")
def cell() -> Cell:
    return load_cell("ur5e_table")


@pytest.fixture(scope="session")
def area(cell: Cell) -> Area:
    return Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)


@pytest.fixture(scope="session")
def placed(area: Area) -> Callable[..., Scene]:
    """A scene of parts at given places: placed(PlacedPart(...), ...)."""

    def make(*parts: PlacedPart) -> Scene:
        return make_scene(SceneFile("placed", placed=parts), 0, area)

    return make


@pytest.fixture(scope="module")
def ros() -> Iterator[None]:
    """ROS in a domain of its own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ROS_DOMAIN_ID", "46")
        rclpy.init()
        yield
        rclpy.try_shutdown()
