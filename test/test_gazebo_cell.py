"""The cell in Gazebo, where that is installed: the camera sees what is there, fingers hold by friction alone,
and nothing is left.
"""

import contextlib
import os
import signal

import numpy as np
import pytest
from lab_interfaces.msg import Outcome
from sensor_msgs.msg import Image

from cell_client import clearing
from cell_run import ROOT, running_cell, wall_wait
from lab_bringup.preflight import GAZEBO
from lab_bringup.ros_packages import installed
from lab_description import load_cell
from lab_node.conversions.images import depth_in_metres
from lab_node.qos import SENSOR

pytestmark = pytest.mark.skipif(
    not all(installed(package) for package in GAZEBO), reason="Gazebo and its ROS packages are not installed"
)
CELL = load_cell("ur5e_table")
# seconds of the wall: without a GPU, Gazebo takes several for each of its own
PATIENCE = 900.0
# metres: of depth, of a part's centre, and half of the room that a part takes
DEPTH, PLACE, ROOM = 0.003, 0.01, 0.06


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A cell for all tests; they follow on from one another."""
    folder = tmp_path_factory.mktemp("gazebo")
    arguments = {
        "sim": "gazebo",
        "headless": "true",
        "scene": str(ROOT / "test" / "coloured_parts.yaml"),
        "record": str(folder / "record"),
    }
    with running_cell(ROOT / "launch" / "cell.launch.py", arguments, folder / "log", domain="96") as started:
        yield started


def test_1_the_camera_sees_what_is_there(run):
    _, cell = run
    depths = []
    cell.node.create_subscription(Image, "/camera/aligned_depth/image_raw", depths.append, SENSOR)
    scene = cell.until(
        lambda: (s := cell.scene.peek()) and len(s.objects) == 3 and s, PATIENCE, "a scene of three parts"
    )
    true = np.array(list(cell.part_positions().values()))
    for seen in scene.objects:
        centre = seen.box.center.position
        assert np.hypot(*(true[:, :2] - [centre.x, centre.y]).T).min() < PLACE

    depth = depth_in_metres(cell.until(lambda: depths and depths[-1], PATIENCE, "a depth image"))
    on_table, expected = table_seen(true)
    assert np.percentile(np.abs(depth - expected)[on_table], 95) < DEPTH


def table_seen(parts):
    """(H, W): where the camera sees the bare table, and how deep it is there, metres."""
    camera, base_from_camera = CELL.camera.pinhole, CELL.camera.base_from_camera
    column, row = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    rays = np.stack(
        [(column - camera.cx) / camera.fx, (row - camera.cy) / camera.fy, np.ones(column.shape)], axis=-1
    )
    down = rays @ base_from_camera[:3, :3].T
    depth = (CELL.table_height - base_from_camera[2, 3]) / down[..., 2]
    place = base_from_camera[:2, 3] + depth[..., None] * down[..., :2]
    lower, upper = np.array(CELL.workspace.lower)[:2], np.array(CELL.workspace.upper)[:2]
    bare = ((place > lower) & (place < upper)).all(axis=-1)
    for part in parts:
        bare &= np.hypot(*(place - part[:2]).transpose(2, 0, 1)) > 2.0 * ROOM
    return bare, depth


def test_2_what_the_cell_has_placed_lies_there(run):
    _, cell = run
    result = cell.ask("/run_order", clearing(), PATIENCE)
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    for x, y, _ in cell.part_positions().values():
        assert abs(x - 0.05) < 0.21
        assert abs(abs(y) - 0.50) < 0.16


def test_3_ctrl_c_leaves_nothing(run):
    started, _ = run
    os.killpg(started.group, signal.SIGINT)
    assert wall_wait(started.ended, 60.0)

    def gone():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.group, 0)
            return False
        return True

    assert wall_wait(gone, 30.0)
