"""The devices of a real cell: what the YAML files say, and what is missing in them."""

import pytest
import yaml

from lab_core.errors import ConfigurationError
from lab_description import config_directory, load_cell
from lab_description.controllers import BRAKING, arm_parameters, gripper_parameters
from lab_description.hardware import Driver, fill_in
from lab_description.schema import parse, read_yaml

HARDWARE = {
    "robot": {"driver": "ur_robot_driver", "values": {"address": "192.0.2.7"}},
    "gripper": {"driver": "robotiq_driver", "values": {"port": "/dev/ttyUSB3"}},
    "camera": {"driver": "realsense2_camera", "values": {"serial": "234322070493"}},
}


@pytest.fixture
def cell(tmp_path):
    """A cell whose hardware is given as a dictionary."""

    def make(hardware):
        content = yaml.safe_load((config_directory() / "cells" / "ur5e_table.yaml").read_text())
        content["hardware"] = hardware
        file = tmp_path / "cells" / "mine.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(content))
        return load_cell(file)

    return make


@pytest.mark.parametrize(
    "path", sorted((config_directory() / "drivers").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_driver_that_we_ship_is_well_formed(path):
    driver = parse(Driver, read_yaml(path), path)
    assert driver.package


def test_the_values_of_the_cell_are_filled_in(cell):
    robot, gripper, camera = cell(HARDWARE).drivers()
    assert robot.driver.arguments["robot_ip"] == "192.0.2.7"
    assert robot.driver.arguments["ur_type"] == "ur5e"
    assert gripper.driver.parameters["COM_port"] == "/dev/ttyUSB3"
    assert camera.driver.arguments["serial_no"] == "_234322070493"
    assert "ur_controllers" in robot.packages


def test_a_real_cell_is_slow_unless_it_says_otherwise(cell):
    hardware = cell(HARDWARE).hardware
    assert hardware.first_speed <= 0.1
    assert hardware.speed <= 0.3


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [
        ("robot", "address", "hardware.robot.values.address: missing, driver 'ur_robot_driver' needs it"),
        ("camera", "serial", "hardware.camera.values.serial: missing, driver 'realsense2_camera' needs it"),
        ("gripper", "port", "hardware.gripper.values.port: missing, driver 'robotiq_driver' needs it"),
    ],
)
def test_a_value_that_is_missing_is_named(cell, kind, key, words):
    hardware = {**HARDWARE, kind: {"driver": HARDWARE[kind]["driver"]}}
    with pytest.raises(ConfigurationError, match=words):
        cell(hardware).drivers()


def test_a_serial_number_without_quotes_is_named(cell):
    hardware = {**HARDWARE, "camera": {"driver": "realsense2_camera", "values": {"serial": 234322070493}}}
    with pytest.raises(ConfigurationError, match=r"hardware\.camera\.values\.serial: expected a text"):
        cell(hardware)


def test_a_driver_that_is_not_there_is_named_with_those_that_are(cell):
    hardware = {**HARDWARE, "robot": {"driver": "ur_driver"}}
    with pytest.raises(ConfigurationError, match="did you mean 'ur_robot_driver'"):
        cell(hardware).drivers()


def test_a_speed_beyond_the_limits_is_refused(cell):
    with pytest.raises(ConfigurationError, match=r"hardware\.speed"):
        cell({**HARDWARE, "speed": 1.5})


def test_a_cell_that_is_only_simulated_says_so():
    with pytest.raises(ConfigurationError, match="hardware: missing, sim:=none needs it"):
        load_cell("ur5e_table").drivers()


def test_one_way_of_starting_it(tmp_path):
    file = tmp_path / "both.yaml"
    file.write_text("package: x\nlaunch: y.launch.py\nplugin: x/Z\n")
    with pytest.raises(ConfigurationError, match="one of 'launch', 'executable' and 'plugin'"):
        parse(Driver, read_yaml(file), file)


def test_fingers_whose_velocity_nobody_measures_do_not_stall_on_their_way(cell):
    """Robotiq's driver reports 0 for ever: the controller's patience has to outlast the longest way."""
    real = cell(HARDWARE)
    driver = real.drivers()[1].driver
    joint = real.gripper.joints[real.gripper.joint]
    given = gripper_parameters(real, driver.controller, driver.controller_parameters)
    assert given["stall_timeout"] > 1.5 * (joint.upper - joint.lower) / joint.velocity
    assert given["joint"] == real.gripper.joint
    assert given["allow_stalling"] is True


def test_a_closed_hand_is_closed_for_driver_and_description(cell):
    real = cell(HARDWARE)
    closed = float(real.drivers()[1].driver.parameters["gripper_closed_position"])
    assert closed == real.gripper.joint_from_opening(real.gripper.minimum_opening)


@pytest.mark.parametrize("name", ["ur5e_table", "fr3_table"])
def test_what_counts_as_arrived_and_as_standing_is_the_same_opening_for_every_gripper(name):
    """A joint that turns and one that slides: radians are no metres."""
    cell = load_cell(name)
    given = gripper_parameters(cell)
    assert given["goal_tolerance"] * cell.gripper.lever == pytest.approx(0.0005)
    assert given["stall_velocity_threshold"] * cell.gripper.lever == pytest.approx(0.002)


def test_an_arms_controller_brakes_when_it_is_cancelled_and_goes_on_from_its_last_command():
    cell = load_cell("ur5e_table")
    given = arm_parameters(cell)
    assert given["interpolate_from_desired_state"] is True
    assert given["constraints"]["decelerate_on_cancel"] is True
    assert {"position", "velocity"} <= set(given["state_interfaces"])  # without speeds it would hold at once
    hardest = [given["constraints"][name]["max_deceleration_on_cancel"] for name in cell.robot.joint_names]
    assert hardest == pytest.approx(BRAKING * cell.robot.acceleration)


def test_groups_of_a_drivers_parameters_are_merged_into_ours():
    cell = load_cell("ur5e_table")
    elbow = cell.robot.joint_names[2]
    ours = arm_parameters(cell)["constraints"]
    given = arm_parameters(
        cell, of_driver={"constraints": {elbow: {"goal": 0.05}}, "gains": {elbow: {"p": 9.0}}}
    )
    assert given["constraints"] == {**ours, elbow: {**ours[elbow], "goal": 0.05}}
    assert given["gains"] == {elbow: {"p": 9.0}}


@pytest.mark.parametrize(
    ("controller_parameters", "words"),
    [
        ("{joint: finger}", r"controller_parameters\.joint: the gripper's YAML says it"),
        ("{gains: {joint_1: {p: }}}", r"controller_parameters\.gains\.joint_1\.p: .*found nothing"),
        ("{gains: {1: 2.0}}", r"controller_parameters\.gains: .*found the name 1"),
        ("{limit: .nan}", r"controller_parameters\.limit: .*found nan"),
        ("{interfaces: [effort, 1]}", r"controller_parameters\.interfaces: .*found \['effort', 1\]"),
        ("{interfaces: []}", r"controller_parameters\.interfaces: expected a parameter of ROS"),
        ("fast", "controller_parameters: expected names and values"),
    ],
)
def test_what_is_no_parameter_is_named(tmp_path, controller_parameters, words):
    file = tmp_path / "driver.yaml"
    file.write_text(
        f"package: x\nplugin: x/Y\ncontroller: x/Z\ncontroller_parameters: {controller_parameters}\n"
    )
    with pytest.raises(ConfigurationError, match=words):
        parse(Driver, read_yaml(file), file)


def test_parameters_of_no_controller_are_refused(tmp_path):
    file = tmp_path / "driver.yaml"
    file.write_text("package: x\nexecutable: y\ncontroller_parameters: {stall_timeout: 1.0}\n")
    with pytest.raises(ConfigurationError, match="controller_parameters: given, but no controller"):
        parse(Driver, read_yaml(file), file)


@pytest.mark.parametrize(
    "template",
    ["{address.__class__.foo}", "{address[0]}", "{address!r}", "{address:>9999999999}", "{}", "{0}", "}"],
)
def test_a_template_reaches_nothing_but_values(template: str) -> None:
    with pytest.raises(ValueError, match="has a brace that encloses no name"):
        fill_in(template, {"address": "192.168.1.5"})


def test_a_template_is_fill_in() -> None:
    assert fill_in("tcp://{address}:{{{port}}}", {"address": "{port}", "port": "2"}) == "tcp://{port}:{2}"
