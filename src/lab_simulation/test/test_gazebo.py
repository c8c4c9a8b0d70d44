"""Gazebo's files of every cell that we ship, held against SDFormat, URDF, the bridge's list and the cell."""

import ctypes.util
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from lab_core.geometry import transform_from_xyz_rpy
from lab_description import config_directory, load_cell
from lab_simulation.gazebo.files import (
    CLOCK_RATE,
    bridges,
    clock_drops,
    main,
    scene_of,
    write_gazebo_files,
)
from lab_simulation.gazebo.robot import controller_names, gazebo_urdf, robot_description
from lab_simulation.gazebo.world import SDF_VERSION

CELLS = sorted(
    path.stem
    for path in (config_directory() / "cells").glob("*.yaml")
    if load_cell(path).end_effector.actions  # nothing in Gazebo stands in for a vacuum
)
PAIRS = yaml.safe_load((Path(__file__).parent / "ros_gz_bridge_pairs.yaml").read_text())["pairs"]
# `gz sdf -k` and `ign sdf -k` call this function of the library and nothing else.
CHECK = "import ctypes, sys; sys.exit(ctypes.CDLL(sys.argv[1]).cmdCheck(sys.argv[2].encode()))"
# The newest SDFormat that a library reads, by its name.
LIBRARIES = {"sdformat15": "1.12", "sdformat14": "1.11", "sdformat13": "1.10", "sdformat12": "1.9"}


# Each element of SDFormat 1.9 with its attributes and children, of Debian's package sdformat-sdf.
SCHEMA = Path("/usr/share/sdformat12/1.9")
# Read in sdf/1.10/camera.sdf of gazebosim/sdformat; gz-sensors takes the images' frame from it.
OF_1_10 = {"sdf/world/model/link/sensor/camera/optical_frame_id"}


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    return load_cell(request.param)


@pytest.fixture(scope="module")
def files(cell, tmp_path_factory):
    scene = scene_of(cell, "scattered", 3, 6, "")
    return write_gazebo_files(cell, scene, tmp_path_factory.mktemp(cell.name))


@pytest.fixture(scope="module")
def world(files):
    return ElementTree.parse(files.world).getroot().find("world")


@pytest.fixture(scope="module")
def robot(files):
    return ElementTree.parse(files.robot).getroot()


@pytest.fixture(scope="module")
def sdf_library():
    for name, version in LIBRARIES.items():
        library = ctypes.util.find_library(name)
        if library:
            return library, version
    pytest.skip("no libsdformat here: apt-get install libsdformat12-12 sdformat-sdf")


def pose(element):
    numbers = [float(word) for word in element.findtext("pose", "0 0 0 0 0 0").split()]
    return transform_from_xyz_rpy(numbers[:3], numbers[3:])


def sdf_check(library, file):
    return subprocess.run(
        [sys.executable, "-c", CHECK, library, str(file)], capture_output=True, text=True, timeout=60
    )


def unknown_to_sdformat(element, name="root.sdf", path=""):
    """Paths of elements and attributes that SDFormat's own description does not know; it lets them pass."""
    if not SCHEMA.is_dir():
        pytest.skip("no description of SDFormat here: apt-get install sdformat-sdf")
    return _unknown(element, ElementTree.parse(SCHEMA / name).getroot(), f"{path}{element.tag}")


def _unknown(element, described, path):
    if described.get("name") == "plugin" or described.find("element[@copy_data='true']") is not None:
        return []
    attributes = {attribute.get("name") for attribute in described.findall("attribute")}
    found = [f"{path}@{name}" for name in element.attrib if name not in attributes]
    children = {child.get("name"): child for child in described.findall("element")}
    for included in described.findall("include"):
        file = SCHEMA / included.get("filename")
        if file.is_file():  # it names some that it does not have
            child = ElementTree.parse(file).getroot()
            children.setdefault(child.get("name"), child)
    for child in element:
        if child.tag in children:
            found += _unknown(child, children[child.tag], f"{path}/{child.tag}")
        elif f"{path}/{child.tag}" not in OF_1_10:
            found.append(f"{path}/{child.tag}")
    return found


def test_sdformat_has_nothing_to_say_about_the_world(files, sdf_library, tmp_path):
    library, newest = sdf_library
    text = files.world.read_text()
    assert f'version="{SDF_VERSION}"' in text
    older = tuple(map(int, newest.split("."))) < tuple(map(int, SDF_VERSION.split(".")))
    file = tmp_path / "world.sdf"
    # an older library refuses the number
    file.write_text(text.replace(f'version="{SDF_VERSION}"', f'version="{newest}"') if older else text)
    checked = sdf_check(library, file)
    assert checked.returncode == 0, checked.stderr
    assert checked.stderr == ""
    assert checked.stdout.strip() == "Valid."


def test_sdformat_knows_every_element_and_attribute(files):
    assert unknown_to_sdformat(ElementTree.parse(files.world).getroot()) == []


def test_the_checks_find_what_is_wrong(files, sdf_library, tmp_path):
    """Or the two tests above would prove nothing."""
    library, newest = sdf_library
    text = files.world.read_text().replace(f'version="{SDF_VERSION}"', f'version="{newest}"')
    statik = text.replace("<static>true</static>", "<statik>true</statik>", 1)
    assert unknown_to_sdformat(ElementTree.fromstring(statik)) == ["sdf/world/model/statik"]
    file = tmp_path / "world.sdf"
    file.write_text(text.replace('model name="table"', 'model name="camera"'))
    assert "camera" in sdf_check(library, file).stderr


def test_check_urdf_reads_the_robot(files):
    try:
        checked = subprocess.run(
            ["check_urdf", str(files.robot)], capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError:
        pytest.skip("no check_urdf here: apt-get install liburdfdom-tools")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "root Link: world" in checked.stdout


def test_everything_of_the_cell_stands_in_the_world(cell, world):
    models = {model.get("name"): model for model in world.findall("model")}
    for link in {box.link for box in cell.furniture}:
        boxes = [box for box in cell.furniture if box.link == link]
        shapes = models[link].findall("link/collision")
        assert len(shapes) == len(boxes)
        for box, shape in zip(boxes, shapes, strict=True):
            size = [float(word) for word in shape.findtext("geometry/box/size").split()]
            assert size == pytest.approx(box.size.tolist())
            assert np.abs(pose(shape) - box.base_from_box).max() < 1e-6
    assert all(
        model.findtext("static") == "true" for name, model in models.items() if name in ("camera", "table")
    )


def test_the_camera_sees_what_the_cells_camera_sees(cell, world):
    model = world.find("model[@name='camera']")
    sensor = model.find("link/sensor")
    assert sensor.get("type") == "rgbd_camera"
    assert sensor.findtext("camera/optical_frame_id") == cell.camera.frame
    base_from_sensor = pose(model) @ pose(sensor)
    # forward, left and up of the sensor are forward, left and up of the camera
    forward, right, down = cell.camera.base_from_camera[:3, [2, 0, 1]].T
    assert base_from_sensor[:3, 0] == pytest.approx(forward, abs=1e-6)
    assert base_from_sensor[:3, 1] == pytest.approx(-right, abs=1e-6)
    assert base_from_sensor[:3, 2] == pytest.approx(-down, abs=1e-6)
    assert base_from_sensor[:3, 3] == pytest.approx(cell.camera.base_from_camera[:3, 3], abs=1e-6)
    focal = (
        0.5
        * float(sensor.findtext("camera/image/width"))
        / np.tan(0.5 * float(sensor.findtext("camera/horizontal_fov")))
    )
    assert focal == pytest.approx(cell.camera.pinhole.fx, rel=1e-6)


def test_parts_lie_where_the_embedded_simulator_has_them(cell, world):
    scene = scene_of(cell, "scattered", 3, 6, "")
    for part, where in zip(scene.parts, scene.poses, strict=True):
        model = world.find(f"model[@name='{part.name}']")
        assert model.findtext("static") == "false"
        assert np.abs(pose(model) - where).max() < 1e-6
        assert float(model.findtext("link/inertial/mass")) == pytest.approx(part.mass, rel=1e-6)
        moments = [float(model.findtext(f"link/inertial/inertia/{name}")) for name in ("ixx", "iyy", "izz")]
        assert min(moments) > 0.0
        assert 2.0 * max(moments) <= sum(moments) * (1.0 + 1e-6)
        for uri in model.iterfind("link/*/geometry/mesh/uri"):
            mesh = Path(uri.text.removeprefix("file://")).read_bytes()
            normals = np.frombuffer(mesh[84:], np.dtype([("normal", "<3f4"), ("rest", "V38")]))["normal"]
            assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-4)


def test_nothing_is_glued(world, robot):
    """A part is held by friction: no joint that appears, no plug-in that attaches."""
    systems = [plugin.get("name", "") for plugin in [*world.iter("plugin"), *robot.iter("plugin")]]
    assert not any("Detachable" in name or "Fix" in name for name in systems)
    assert all(float(mu.text) > 0.0 for mu in world.iter("mu"))


def test_the_controllers_run_the_cells_joints(cell, files, robot):
    parameters = yaml.safe_load(files.controllers.read_text())
    manager = parameters["controller_manager"]["ros__parameters"]
    assert manager["enforce_command_limits"] is False
    for name in controller_names(cell):
        assert "/" in manager[name]["type"]
    fingers = parameters[cell.gripper.gripper_controller]["ros__parameters"]
    assert fingers["stall_velocity_threshold"] == 0.5 * cell.gripper.joints[cell.gripper.joint].velocity
    arm = parameters[cell.robot.arm_controller]["ros__parameters"]
    assert tuple(arm["joints"]) == cell.robot.joint_names
    hand = parameters[cell.gripper.gripper_controller]["ros__parameters"]
    assert hand["joint"] == cell.gripper.joint
    control = robot.find("ros2_control")
    commanded = [
        joint.get("name") for joint in control.findall("joint") if joint.find("command_interface") is not None
    ]
    assert commanded == [*cell.robot.joint_names, cell.gripper.joint]
    states = {joint.get("name") for joint in control.findall("joint")}
    assert states == {*commanded, *cell.gripper.mimic_joints}
    assert (
        control.find("sensor").get("name")
        == parameters[cell.robot.wrench_broadcaster]["ros__parameters"]["sensor_name"]
    )
    assert control.findtext("hardware/plugin") == "gz_ros2_control/GazeboSimSystem"


def test_the_controller_manager_is_told_the_same_hardware(cell, robot):
    described = ElementTree.fromstring(robot_description(cell)).find("ros2_control")
    spawned = robot.find("ros2_control")
    assert [(e.tag, e.attrib, e.text) for e in described.iter()] == [
        (e.tag, e.attrib, e.text) for e in spawned.iter()
    ]


def test_the_robot_is_fixed_and_alone(cell, robot):
    links = {link.get("name") for link in robot.findall("link")}
    assert links == {"world", *cell.robot.links, *cell.gripper.links}
    children = [joint.find("child").get("link") for joint in robot.findall("joint")]
    assert set(children) == links - {"world"}
    assert len(children) == len(set(children))


def test_sensors_sit_in_joints_that_stay(robot):
    joints = {joint.get("name"): joint for joint in robot.findall("joint")}
    measured = [
        gazebo
        for gazebo in robot.findall("gazebo")
        if gazebo.find("sensor[@type='force_torque']") is not None
    ]
    assert len(measured) == 3
    for gazebo in measured:
        assert gazebo.get("reference") in joints
        assert joints[gazebo.get("reference")].get("type") == "fixed"
        assert gazebo.findtext("preserveFixedJoint") == "true"


def test_joints_and_sensors_survive_sdformat(cell, files, sdf_library):
    library, _ = sdf_library
    script = "import ctypes, sys; ctypes.CDLL(sys.argv[1]).cmdPrint(sys.argv[2].encode())"
    printed = subprocess.run(
        [sys.executable, "-c", script, library, str(files.robot)], capture_output=True, text=True, timeout=60
    )
    model = ElementTree.fromstring(printed.stdout).find("model")
    moving = {joint.get("name") for joint in model.findall("joint") if joint.get("type") != "fixed"}
    assert moving == {*cell.robot.joint_names, cell.gripper.joint, *cell.gripper.mimic_joints}
    sensors = [sensor.get("name") for sensor in model.iterfind("joint/sensor")]
    assert sorted(sensors) == ["left_pad_force", "right_pad_force", "wrist"]
    contacts = [
        sensor.findtext("contact/collision") for sensor in model.iterfind("link/sensor[@type='contact']")
    ]
    named = {collision.get("name") for collision in model.iterfind("link/collision")}
    assert len(contacts) == 2
    assert set(contacts) <= named


def test_every_bridge_is_one_that_ros_gz_bridge_has(cell):
    known = {(pair["ros"], pair["gz"]) for pair in PAIRS}
    found = bridges(cell)
    for bridge in found:
        assert (bridge["ros_type_name"], bridge["gz_type_name"]) in known
    names = [bridge["ros_topic_name"] for bridge in found]
    assert len(names) == len(set(names))


def test_every_bridge_has_something_on_gazebos_side(cell, world, robot):
    published = {"/clock"} | {plugin.findtext("topic") for plugin in world.iterfind("model/plugin")}
    for sensor in [*world.iter("sensor"), *robot.iter("sensor")]:
        topic = sensor.findtext("topic") or sensor.findtext("contact/topic")
        if sensor.get("type") == "rgbd_camera":
            published |= {
                f"/{topic}/{suffix}" for suffix in ("image", "depth_image", "camera_info", "points")
            }
        else:
            published.add(topic)
    assert {bridge["gz_topic_name"] for bridge in bridges(cell)} <= published


def test_every_bridge_has_a_listener_or_a_name_in_the_documentation(cell):
    documented = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text()
    inner = {clock_drops()[0]}
    for bridge in bridges(cell):
        topic = bridge["ros_topic_name"]
        assert topic in inner or f"`{topic}`" in documented, topic


def test_the_clock_of_a_cell_does_not_wake_its_nodes_at_each_step_of_the_physics(cell, world):
    told, dropped, of, clock = clock_drops()
    assert told in [bridge["ros_topic_name"] for bridge in bridges(cell)]
    assert clock == "/clock"
    assert int(of) - int(dropped) == 1
    step = float(world.findtext("physics/max_step_size"))
    assert 1.0 / (step * int(of)) == pytest.approx(CLOCK_RATE)


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert main(["ur5e_table", str(tmp_path), "--scene", "heap"]) == 2
    assert "heap" in capsys.readouterr().err
    assert main(["ur5e_table", str(tmp_path), "--parts", "900"]) == 2
    assert "900" in capsys.readouterr().err


def test_pads_that_feel_nothing_have_no_sensor_and_no_bridge(tmp_path: Path) -> None:
    cell = load_cell("ur5e_table")
    numb = replace(cell, end_effector=replace(cell.gripper, wrench_topics={}))
    tactile, plain = (gazebo_urdf(one, tmp_path / "controllers.yaml") for one in (cell, numb))
    assert tactile.count('type="contact"') == 2 and 'type="contact"' not in plain
    assert tactile.count('type="force_torque"') == plain.count('type="force_torque"') + 2
    assert plain.count("<mu1>") == tactile.count("<mu1>")
    assert len(bridges(numb)) == len(bridges(cell)) - 4
