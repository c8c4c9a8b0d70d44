"""What the camera sees: all of the workspace, fine enough, with nothing in between."""

import numpy as np
import pinocchio as pin
import pytest

from lab_core.geometry import invert, transform_points
from lab_core.geometry.transforms import FloatArray
from lab_description import Cell, build_urdf
from lab_description.tree import Shape

BORDER = 0.05
HAND_DOWN = np.diag([1.0, -1.0, -1.0])


def table_points(cell: Cell, border: float, height: float) -> FloatArray:
    """(N, 3) grid over the workspace and a border, at a height above the table."""
    lower, upper = cell.workspace.lower - border, cell.workspace.upper + border
    x, y = np.meshgrid(np.linspace(lower[0], upper[0], 9), np.linspace(lower[1], upper[1], 9))
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, cell.table_height + height)], axis=1)


def pixels(cell: Cell, points: FloatArray) -> FloatArray:
    return cell.camera.pinhole.project(transform_points(invert(cell.camera.base_from_camera), points))


def test_optical_frame_looks_down_with_the_image_upright(cell: Cell) -> None:
    """REP 103: z forward, x right, y down."""
    rotation = cell.camera.base_from_camera[:3, :3]
    assert rotation[2, 2] < -0.5
    assert rotation[2, 1] < 0.0
    assert abs(rotation[2, 0]) < 1e-6


def test_workspace_and_a_border_are_in_view(cell: Cell) -> None:
    camera = cell.camera.pinhole
    for border, height in ((BORDER, 0.0), (0.0, 0.10)):
        seen = pixels(cell, table_points(cell, border, height))
        assert np.all((seen >= 0.0) & (seen <= [camera.width - 1, camera.height - 1]))


def test_resolution_on_the_table(cell: Cell) -> None:
    """At most 1.5 mm to a pixel along both axes of the table, rounded to a tenth of a millimetre."""
    points = table_points(cell, 0.0, 0.0)
    for step in ([0.001, 0.0, 0.0], [0.0, 0.001, 0.0]):
        moved = np.linalg.norm(pixels(cell, points + step) - pixels(cell, points), axis=1)
        assert np.round(1.0 / moved.min(), 1) <= 1.5


def test_depth_of_the_workspace_is_in_range(cell: Cell) -> None:
    points = np.concatenate([table_points(cell, BORDER, 0.0), table_points(cell, 0.0, 0.25)])
    depth = transform_points(invert(cell.camera.base_from_camera), points)[:, 2]
    assert cell.camera.near < depth.min() < depth.max() < cell.camera.far


def test_depth_noise_at_the_workspace(cell: Cell) -> None:
    """Standard deviation of stereo depth, z² · subpixel / (f · baseline): below 2 mm on the table."""
    depth = transform_points(invert(cell.camera.base_from_camera), table_points(cell, 0.0, 0.0))[:, 2]
    noise = cell.camera.noise
    sigma = depth**2 * noise.subpixel / (cell.camera.pinhole.fx * noise.baseline)
    assert sigma.max() < 0.002


def blocked(cell: Cell, joints: FloatArray, points: FloatArray) -> int:
    """How many of the points (N, 3) robot, gripper or furniture hide from the camera."""
    eye = cell.camera.base_from_camera[:3, 3]
    along = np.linspace(0.05, 0.985, 60)[:, None, None]  # neither the camera itself nor the point itself
    rays = (eye + along * (points - eye)).reshape(-1, 3)
    arm = cell.robot.forward(dict(zip(cell.robot.joint_names, joints, strict=True)))
    effector = cell.end_effector
    hand = effector.forward(effector.joints_at(effector.maximum_opening))
    base_from_gripper = arm[cell.robot.tool_link][0] @ cell.tool_from_gripper
    placed = [(frame[0], cell.robot.links[link]) for link, frame in arm.items()]
    placed += [(base_from_gripper @ frame[0], cell.end_effector.links[link]) for link, frame in hand.items()]
    hidden = np.zeros(len(rays), dtype=bool)
    for base_from_link, link in placed:
        in_link = transform_points(invert(base_from_link), rays)
        for shape in link.collision:
            hidden |= shape.distance(in_link) < 0.0
    for box in cell.furniture:
        hidden |= Shape(box=tuple(box.size)).distance(transform_points(invert(box.base_from_box), rays)) < 0.0
    return int(hidden.reshape(len(along), -1).any(axis=0).sum())


def model_of(cell: Cell, models: dict[str, pin.Model] = {}) -> pin.Model:  # noqa: B006 - a cache
    if cell.name not in models:
        models[cell.name] = pin.buildModelFromXML(build_urdf(cell, visuals=False))
    return models[cell.name]


def hand_down(cell: Cell, position: FloatArray) -> FloatArray:
    """Positions of the arm with the hand pointing down at a point; damped least squares from home."""
    model = model_of(cell)
    data, frame = model.createData(), model.getFrameId(cell.end_effector.tcp_link)
    index = [model.joints[model.getJointId(name)].idx_q for name in cell.robot.joint_names]
    configuration = pin.neutral(model)
    configuration[index] = cell.robot.configuration("home")
    configuration[index[0]] += np.arctan2(position[1], position[0])
    for _ in range(200):
        pin.framesForwardKinematics(model, data, configuration)
        error = pin.log6(data.oMf[frame].actInv(pin.SE3(HAND_DOWN, position))).vector
        if np.linalg.norm(error) < 1e-6:
            return configuration[index]
        jacobian = pin.computeFrameJacobian(model, data, configuration, frame, pin.LOCAL)[:, index]
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-6 * np.eye(6), error)
        configuration[index] += np.clip(step, -0.2, 0.2)
    pytest.fail(f"hand does not reach {position}")


def test_nothing_hides_the_workspace_while_the_arm_is_home(cell: Cell) -> None:
    home = cell.robot.configuration("home")
    for border, height in ((BORDER, 0.0), (0.0, 0.05), (0.0, 0.10)):
        assert blocked(cell, home, table_points(cell, border, height)) == 0


def test_nothing_hides_the_workspace_while_the_arm_places(cell: Cell) -> None:
    """Over every corner slot of every destination, hand above the rim."""
    for destination in cell.destinations.values():
        slots = destination.slots()
        for slot in (slots[0], slots[destination.columns - 1], slots[-destination.columns], slots[-1]):
            above = np.array([*slot[:2, 3], destination.rim_height + 0.15])
            assert blocked(cell, hand_down(cell, above), table_points(cell, 0.0, 0.02)) == 0


def test_an_arm_over_the_parts_does_hide_them(cell: Cell) -> None:
    """The check above can fail."""
    centre = 0.5 * (cell.workspace.lower + cell.workspace.upper)
    over = hand_down(cell, np.array([centre[0], centre[1], 0.10]))
    assert blocked(cell, over, table_points(cell, 0.0, 0.02)) > 0


def test_camera_is_clear_of_the_working_hand(cell: Cell) -> None:
    """Hand down at the far edge of the workspace, 15 cm up: 10 cm to the camera."""
    position = np.array([cell.workspace.upper[0], 0.0, cell.table_height + 0.15])
    joints = hand_down(cell, position)
    arm = cell.robot.forward(dict(zip(cell.robot.joint_names, joints, strict=True)))
    hull = np.concatenate([shape.hull() for shape in cell.camera.model.links["camera_link"].collision])
    base_from_link = cell.camera.base_from_camera @ invert(cell.camera.model.link_from_optical)
    body = transform_points(base_from_link, hull)
    for name, frame in arm.items():
        for shape in cell.robot.links[name].collision:
            assert shape.distance(transform_points(invert(frame[0]), body)).min() > 0.10
