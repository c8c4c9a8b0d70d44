"""What the launch files would start where the packages of others are installed, which they are not here."""

import importlib.util
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from launch.actions import IncludeLaunchDescription
from launch_ros.actions import Node

from lab_description import load_cell
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
