"""Furniture, destinations and limits hang together; and they are what the URDF holds."""

from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest

from lab_core.errors import ConfigurationError
from lab_core.geometry import invert, transform_points
from lab_description import Cell, build_urdf, configuration, load_cell

IN_FRONT = 0.05  # metres between the table's edge and whatever stands on it


def test_furniture_is_what_the_urdf_holds(cell: Cell) -> None:
    """Boxes computed here and by xacro: same links, places and sizes."""
    urdf = build_urdf(cell, visuals=False)
    model = pin.buildModelFromXML(urdf)
    geometry = pin.buildGeomFromUrdfString(model, urdf, pin.GeometryType.COLLISION)
    built: dict[str, list[tuple[float, ...]]] = {}
    own = {*cell.robot.links, *cell.end_effector.links, *cell.camera.model.links}
    for shape in geometry.geometryObjects:
        link = model.frames[shape.parentFrame].name
        if link not in own:
            row = (*shape.placement.homogeneous[:3].ravel(), *(2.0 * shape.geometry.halfSide))
            built.setdefault(link, []).append(row)
    expected: dict[str, list[tuple[float, ...]]] = {}
    for box in cell.furniture:
        expected.setdefault(box.link, []).append((*box.base_from_box[:3].ravel(), *box.size))
    assert built.keys() == expected.keys()
    for link, rows in expected.items():
        assert np.allclose(sorted(built[link]), sorted(rows), atol=1e-9), link


def test_the_table_carries_workspace_and_destinations(cell: Cell) -> None:
    tops = [box for box in cell.furniture if box.link == "table"]

    def carried(x: float, y: float) -> bool:
        below = np.array([[x, y, cell.table_height - 0.001]])
        return any(
            np.all(np.abs(transform_points(invert(top.base_from_box), below)[0]) <= 0.5 * top.size)
            for top in tops
        )

    lower, upper = cell.workspace.lower, cell.workspace.upper
    for x in (lower[0] - IN_FRONT, upper[0] + IN_FRONT):
        for y in (lower[1] - IN_FRONT, upper[1] + IN_FRONT):
            assert carried(x, y)
    for name, destination in cell.destinations.items():
        assert destination.xyz[2] == pytest.approx(cell.table_height)
        for box in destination.boxes(name):
            for corner in (
                transform_points(box.base_from_box, [[a, b, 0.0]])[0]
                for a in (-0.5 * box.size[0], 0.5 * box.size[0])
                for b in (-0.5 * box.size[1], 0.5 * box.size[1])
            ):
                assert carried(corner[0], corner[1]), name


def test_slots_lie_inside_and_apart(cell: Cell) -> None:
    for destination in cell.destinations.values():
        slots = destination.slots()
        assert slots.shape == (destination.rows * destination.columns, 4, 4)
        on_floor = transform_points(invert(destination.base_from_floor), slots[:, :3, 3])
        assert np.allclose(on_floor[:, 2], 0.0)
        room = 0.5 * np.array(destination.size) - np.abs(on_floor[:, :2])
        assert np.all(room >= 0.5 * destination.slot_size - 1e-9)
        gaps = np.abs(on_floor[:, None, :2] - on_floor[None, :, :2]) / destination.slot_size
        apart = gaps.max(axis=-1)[~np.eye(len(slots), dtype=bool)]
        assert apart.min() == pytest.approx(1.0)


def test_destinations_stand_clear_of_workspace_and_base(cell: Cell) -> None:
    for name, destination in cell.destinations.items():
        for box in destination.boxes(name):
            reach = np.linalg.norm(0.5 * box.size[:2])
            centre = box.base_from_box[:2, 3]
            nearest = np.clip(centre, cell.workspace.lower[:2], cell.workspace.upper[:2])
            outside = np.linalg.norm(centre - nearest) > reach
            corners = transform_points(
                box.base_from_box,
                [[a * box.size[0], b * box.size[1], 0.0] for a in (-0.5, 0.5) for b in (-0.5, 0.5)],
            )[:, :2]
            apart = np.all(corners.max(axis=0) < cell.workspace.lower[:2]) or np.any(
                (corners.min(axis=0) > cell.workspace.upper[:2])
                | (corners.max(axis=0) < cell.workspace.lower[:2])
            )
            assert outside or apart, name
            assert np.linalg.norm(corners, axis=1).min() > 0.15, name


def test_limits_are_arrays_in_the_order_of_the_joints(cell: Cell) -> None:
    robot = cell.robot
    count = len(robot.joint_names)
    for limits in (
        robot.position_lower,
        robot.position_upper,
        robot.velocity,
        robot.acceleration,
        robot.effort,
    ):
        assert limits.shape == (count,)
        with pytest.raises(ValueError, match="read-only"):
            limits[0] = 0.0
    assert np.all(robot.position_upper - robot.position_lower <= 2.0 * np.pi + 1e-9)  # one winding
    assert np.all(robot.velocity > 0.0)
    assert np.all(robot.acceleration > 0.0)
    assert robot.position_lower[2] == robot.joints[robot.joint_names[2]].lower


def test_configurations_by_name(cell: Cell) -> None:
    home = cell.robot.configuration("home")
    assert np.all((cell.robot.position_lower < home) & (home < cell.robot.position_upper))
    with pytest.raises(KeyError, match="has no configuration 'hom'; it has home"):
        cell.robot.configuration("hom")


def test_hand_points_down_at_home(cell: Cell) -> None:
    positions = dict(zip(cell.robot.joint_names, cell.robot.configuration("home"), strict=True))
    base_from_tcp = cell.robot.forward(positions)[cell.robot.tool_link][0] @ cell.tool_from_tcp
    assert base_from_tcp[2, 2] < -0.999
    assert base_from_tcp[2, 3] > 0.2


def test_a_path_needs_no_installed_configuration(ur5e_table: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with all that a cell names stands on its own."""

    def nowhere() -> Path:
        raise ConfigurationError("no configuration found")

    monkeypatch.setattr(configuration, "config_directory", nowhere)
    assert load_cell(ur5e_table.files["cell"]).name == "ur5e_table"
    with pytest.raises(ConfigurationError, match="no configuration found"):
        load_cell("ur5e_table")


def test_a_cell_is_the_same_by_name_and_by_path(ur5e_table: Cell) -> None:
    again = load_cell(ur5e_table.files["cell"])
    assert again.name == ur5e_table.name
    assert again.robot == ur5e_table.robot
    assert np.array_equal(again.camera.base_from_camera, ur5e_table.camera.base_from_camera)
