"""The devices of a real cell: what the YAML files say, and what is missing in them."""

import pytest
import yaml
from lab_description.hardware import Driver
from lab_description.schema import parse, read_yaml
from lab_node.errors import ConfigurationError

from lab_description import config_directory, load_cell

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
