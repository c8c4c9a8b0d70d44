"""What the launch files would start where the packages of others are installed, which they are not here."""

import importlib.util
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from launch.actions import IncludeLaunchDescription
from launch_ros.actions import Node

from lab_description import config_directory, load_cell
from launch import LaunchContext

LAUNCH = Path(__file__).parents[1] / "launch"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name.replace(".", "_"), LAUNCH / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def context(module, **chosen):
    """A launch context with the defaults of a launch file's arguments, and what was chosen."""
    made = LaunchContext()
    for argument in module.ARGUMENTS:
        argument.execute(made)
    made.launch_configurations.update(chosen)
    return made


def executables(actions):
    return [(action.node_package, action.node_executable) for action in actions if isinstance(action, Node)]


@pytest.mark.parametrize("path", sorted(LAUNCH.glob("*.launch.py")), ids=lambda path: path.name)
def test_every_launch_file_describes_itself(path):
    description = loaded(path.name).generate_launch_description()
    for argument in description.get_launch_arguments():
        assert argument.description.strip()


def test_gazebo_is_given_the_cell(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("gazebo.launch.py")
    actions = module.gazebo(context(module, seed="3", parts="2", headless="true"))
    assert [type(action) for action in actions[:1]] == [IncludeLaunchDescription]
    arguments = dict(actions[0].launch_arguments)
    assert "--headless-rendering" in arguments["gz_args"]
    world = Path(arguments["gz_args"].split()[-1])
    models = [model.get("name") for model in ElementTree.parse(world).getroot().iter("model")]
    assert "camera" in models
    assert executables(actions) == [
        ("ros_gz_sim", "create"),
        ("ros_gz_bridge", "parameter_bridge"),
        ("controller_manager", "spawner"),
    ]
    names = set(yaml.safe_load((world.parent / "controllers.yaml").read_text()))
    cell = load_cell("ur5e_table")
    assert {cell.robot.arm_controller, cell.gripper.gripper_controller} < names


def test_gazebo_is_not_started_with_a_scene_that_is_not_there():
    module = loaded("gazebo.launch.py")
    with pytest.raises(RuntimeError, match="heap"):
        module.gazebo(context(module, scene="heap"))


def test_move_group_is_given_our_configuration():
    module = loaded("move_group.launch.py")
    actions = module.move_group(context(module))
    assert executables(actions) == [("moveit_ros_move_group", "move_group"), ("rviz2", "rviz2")]


@pytest.fixture
def real_cell(tmp_path):
    """The shipped cell with devices at addresses that are kept for documentation."""
    content = yaml.safe_load((config_directory() / "cells" / "ur5e_table.yaml").read_text())
    content["hardware"] = {
        "robot": {"driver": "ur_robot_driver", "values": {"address": "192.0.2.7"}},
        "gripper": {"driver": "robotiq_driver", "values": {"port": "/dev/ttyUSB0"}},
        "camera": {"driver": "realsense2_camera", "values": {"serial": "234322070493"}},
    }
    file = tmp_path / "cells" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(content))
    return file


def test_the_drivers_publish_what_the_cell_needs_and_each_frame_once(real_cell, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("drivers.launch.py")
    actions = module.drivers(context(module, cell=str(real_cell)))
    assert sorted(executables(actions)) == [
        ("controller_manager", "ros2_control_node"),
        ("controller_manager", "spawner"),
        ("controller_manager", "spawner"),
        ("robot_state_publisher", "robot_state_publisher"),
        ("robot_state_publisher", "robot_state_publisher"),
    ]
    cell = load_cell(real_cell)
    arm = yaml.safe_load(next(tmp_path.glob("lab_drivers_*/arm.yaml")).read_text())
    assert arm[cell.robot.arm_controller]["ros__parameters"]["type"].startswith("ur_controllers/")
    gripper = ElementTree.fromstring(module.gripper_urdf(cell))
    assert (
        gripper.findtext("ros2_control/hardware/plugin") == "robotiq_driver/RobotiqGripperHardwareInterface"
    )
    held = {link.get("name") for link in gripper.findall("link")}
    assert held == {cell.robot.tool_link, *cell.gripper.links}
    assert not held & (set(cell.robot.links) - {cell.robot.tool_link})


def test_the_franka_hand_is_a_node_and_an_adapter(tmp_path):
    content = yaml.safe_load((config_directory() / "cells" / "fr3_table.yaml").read_text())
    content["gripper"]["tactile"] = False
    content["hardware"] = {
        "robot": {"driver": "franka_ros2", "values": {"address": "192.0.2.7"}},
        "gripper": {"driver": "franka_hand", "values": {"address": "192.0.2.7"}},
        "camera": {"driver": "realsense2_camera", "values": {"serial": "234322070493"}},
    }
    file = tmp_path / "cells" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(content))
    module = loaded("drivers.launch.py")
    found = executables(module.drivers(context(module, cell=str(file))))
    assert ("franka_gripper", "franka_gripper_node") in found
    assert ("lab_motion", "franka_gripper_adapter") in found
    assert ("controller_manager", "ros2_control_node") not in found


def test_a_real_cell_refuses_what_is_missing(real_cell):
    """No driver is installed here; nothing is started."""
    module = loaded("cell.launch.py")
    with pytest.raises(RuntimeError, match="driver of the robot, and not installed here: ur_robot_driver"):
        module.refuse_the_impossible(context(module, sim="none", cell=str(real_cell)))
    with pytest.raises(RuntimeError, match="hardware: missing"):
        module.refuse_the_impossible(context(module, sim="none"))


def test_a_real_arm_starts_slowly_and_is_confirmed(real_cell):
    module = loaded("cell.launch.py")
    (motion,) = module.motion(context(module, sim="none", cell=str(real_cell)))
    assert motion.node_executable == "motion_node"
    given = module.motion_parameters(context(module, sim="none", cell=str(real_cell)))
    assert given["confirm_first"] is True
    assert given["first_speed"] < given["speed"] < 1.0
    assert "confirm_first" not in module.motion_parameters(context(module, sim="mujoco"))
