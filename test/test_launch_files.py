"""What the launch files would start where the packages of others are installed, which they are not here."""

import importlib.util
import logging
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import rclpy
import yaml
from launch import LaunchContext, LaunchDescription, LaunchService
from launch.actions import (
    ExecuteProcess,
    GroupAction,
    IncludeLaunchDescription,
    RegisterEventHandler,
    Shutdown,
)
from launch.logging import get_logger
from launch.utilities import perform_substitutions
from launch_ros.actions import Node, SetRemap

from lab_bringup.graph_actions import described, manager_parameters
from lab_bringup.preflight import refuse_mixed_distributions
from lab_description import config_directory, load_cell

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


def name_of(made, node):
    """Of an action that starts a node of ours: that of its enclave."""
    flag, enclave = (perform_substitutions(made, word) for word in node.cmd[2:4])
    assert flag == "--enclave"
    return enclave.removeprefix("/lab/")


def executables(actions):
    return [(action.node_package, action.node_executable) for action in actions if isinstance(action, Node)]


class Heard(logging.Handler):
    """Sentences of the loggers of a launch: where they are written to is the launch's matter."""

    def __init__(self):
        super().__init__()
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def launched(*actions):
    """Exit code of a launch, and what it said."""
    service, heard = LaunchService(), Heard()
    service.include_launch_description(LaunchDescription(actions))
    loggers = [get_logger(name) for name in ("launch", "drivers")]
    for logger in loggers:
        logger.addHandler(heard)
    try:
        return service.run(), "\n".join(heard.said)
    finally:
        for logger in loggers:
            logger.removeHandler(heard)


def handler_of(node):
    """What is to happen when the process of a node ends."""
    return node._ExecuteLocal__on_exit


def stand_in(code, *words, on_exit):
    """A process that ends at once, in place of one that is not installed here."""
    return ExecuteProcess(cmd=[sys.executable, "-c", f"raise SystemExit({code})", *words], on_exit=on_exit)


@pytest.mark.parametrize("path", sorted(LAUNCH.glob("*.launch.py")), ids=lambda path: path.name)
def test_every_launch_file_describes_itself(path):
    description = loaded(path.name).generate_launch_description()
    for argument in description.get_launch_arguments():
        assert argument.description.strip()


def test_gazebo_is_given_the_cell(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("gazebo.launch.py")
    actions = module.gazebo(context(module, seed="3", parts="2", headless="true"))
    (simulator,) = [action for action in actions if isinstance(action, IncludeLaunchDescription)]
    arguments = dict(simulator.launch_arguments)
    assert "--headless-rendering" in arguments["gz_args"]
    world = Path(arguments["gz_args"].split()[-1])
    models = [model.get("name") for model in ElementTree.parse(world).getroot().iter("model")]
    assert "camera" in models
    assert executables(actions) == [
        ("ros_gz_sim", "create"),
        ("ros_gz_bridge", "parameter_bridge"),
        ("topic_tools", "drop"),
        ("controller_manager", "spawner"),
    ]
    names = set(yaml.safe_load((world.parent / "controllers.yaml").read_text()))
    cell = load_cell("ur5e_table")
    assert {cell.robot.arm_controller, cell.gripper.gripper_controller} < names


@pytest.mark.parametrize("code", [0, 7])
def test_gazebos_end_is_the_cells_and_not_a_good_one(tmp_path, monkeypatch, code):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("gazebo.launch.py")
    watch, simulator, *_ = module.gazebo(context(module, parts="1"))
    world = dict(simulator.launch_arguments)["gz_args"].split()[-1]
    # as in Gazebo's launch file
    failed, said = launched(watch, stand_in(code, "-r " + world, on_exit=Shutdown()))
    assert failed == 1
    assert f"Gazebo has ended with exit code {code}" in said


def test_the_end_of_another_process_is_not_gazebos(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("gazebo.launch.py")
    watch, *_ = module.gazebo(context(module, parts="1"))
    assert launched(watch, stand_in(0, on_exit=None))[0] == 0


@pytest.mark.parametrize("code", [0, 1])
def test_robot_and_controllers_that_do_not_come_into_gazebo_end_the_cell(tmp_path, monkeypatch, code):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("gazebo.launch.py")
    nodes = [action for action in module.gazebo(context(module, parts="1")) if isinstance(action, Node)]
    handlers = {action.node_executable: handler_of(action) for action in nodes}
    assert handlers["create"] and handlers["spawner"]
    for handler in (handlers["create"], handlers["spawner"]):
        assert launched(stand_in(code, on_exit=handler))[0] == code


def test_gazebo_without_mujoco_names_the_fix(monkeypatch):
    find_spec = importlib.util.find_spec
    for name in ("importlib.util.find_spec", "lab_bringup.preflight.find_spec"):
        monkeypatch.setattr(name, lambda name: None if name == "mujoco" else find_spec(name))
    gazebo, cell = loaded("gazebo.launch.py"), loaded("cell.launch.py")
    with pytest.raises(RuntimeError, match=r"MuJoCo.*run \./lab setup"):
        gazebo.gazebo(context(gazebo))
    with pytest.raises(RuntimeError, match=r"sim:=gazebo needs MuJoCo.*run \./lab setup"):
        cell.refuse_the_impossible(context(cell, sim="gazebo"))


def test_two_distributions_in_one_shell_are_refused(monkeypatch):
    module = loaded("cell.launch.py")
    before = "/w/install/lab_node:/opt/ros/jazzy"
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/opt/ros/lyrical:{before}")
    with pytest.raises(RuntimeError, match="ROS 2 jazzy and lyrical are sourced in the same shell"):
        module.refuse_the_impossible(context(module))
    monkeypatch.setenv("AMENT_PREFIX_PATH", before)
    refuse_mixed_distributions()


def test_gazebo_is_not_started_with_a_scene_that_is_not_there():
    module = loaded("gazebo.launch.py")
    with pytest.raises(RuntimeError, match="heap"):
        module.gazebo(context(module, scene="heap"))


def test_move_group_is_given_our_configuration(monkeypatch):
    module = loaded("move_group.launch.py")
    monkeypatch.setattr("lab_bringup.ros_packages.installed", lambda package: True)
    actions = module.move_group(context(module))
    assert executables(actions) == [("moveit_ros_move_group", "move_group"), ("rviz2", "rviz2")]


def test_move_group_names_every_package_that_it_lacks(monkeypatch):
    module = loaded("move_group.launch.py")
    there: set[str] = set()
    monkeypatch.setattr("lab_bringup.ros_packages.installed", there.__contains__)
    with pytest.raises(RuntimeError) as refused:
        module.move_group(context(module))
    for package in ("moveit_ros_move_group", "moveit_simple_controller_manager", "rviz2"):
        assert package in str(refused.value)
    assert "ros-<distribution>-moveit-ros-visualization" in str(refused.value)
    there.update(module.MOVE_GROUP)
    with pytest.raises(RuntimeError, match="not installed here: rviz2, moveit_ros_visualization"):
        module.move_group(context(module))
    assert module.move_group(context(module, rviz="false"))


def written_cell(tmp_path, name, robot, gripper, tactile):
    """A shipped cell with devices at addresses that are kept for documentation."""
    content = yaml.safe_load((config_directory() / "cells" / f"{name}.yaml").read_text())
    content["gripper"]["tactile"] = tactile
    camera = {"driver": "realsense2_camera", "values": {"serial": "234322070493"}}
    content["hardware"] = {"robot": robot, "gripper": gripper, "camera": camera}
    file = tmp_path / "cells" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.fixture
def real_cell(tmp_path):
    robot = {"driver": "ur_robot_driver", "values": {"address": "192.0.2.7"}}
    gripper = {"driver": "robotiq_driver", "values": {"port": "/dev/ttyUSB0"}}
    return written_cell(tmp_path, "ur5e_table", robot, gripper, tactile=True)


@pytest.fixture
def franka_cell(tmp_path):
    robot, gripper = (
        {"driver": driver, "values": {"address": "192.0.2.7"}} for driver in ("franka_ros2", "franka_hand")
    )
    return written_cell(tmp_path, "fr3_table", robot, gripper, tactile=False)


def test_the_drivers_publish_what_the_cell_needs_and_each_frame_once(real_cell, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("drivers.launch.py")
    made = context(module, cell=str(real_cell))
    actions = module.drivers(made)
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
    hand = yaml.safe_load(next(tmp_path.glob("lab_drivers_*/gripper.yaml")).read_text())
    assert hand["/gripper/controller_manager"]["ros__parameters"]["enforce_command_limits"] is False
    assert hand[f"/gripper/{cell.gripper.gripper_controller}"]["ros__parameters"]["stall_timeout"] == 1.0
    _, of_hand = (a for a in actions if isinstance(a, Node) and a.node_executable == "spawner")
    words = [perform_substitutions(made, part) for part in of_hand.cmd[1:11]]
    # as ros2_control's spawner takes them: it gives file and names to each of its controllers
    assert set(words[:2]) == {"joint_state_broadcaster", cell.gripper.gripper_controller}
    file = yaml.safe_load(Path(words[words.index("--param-file") + 1]).read_text())
    assert {f"/gripper/{name}" for name in words[:2]} < set(file)
    told = words[words.index("--controller-ros-args") + 1].split()
    assert set(told[::2]) == {"-r"}
    assert "joint_states:=/joint_states" in told
    status = f"/{cell.gripper.gripper_controller}/gripper_cmd/_action/status"
    assert f"/gripper{status}:={status}" in told
    gripper = ElementTree.fromstring(module.gripper_urdf(cell))
    assert (
        gripper.findtext("ros2_control/hardware/plugin") == "robotiq_driver/RobotiqGripperHardwareInterface"
    )
    held = {link.get("name") for link in gripper.findall("link")}
    assert held == {cell.robot.tool_link, *cell.gripper.links}
    assert not held & (set(cell.robot.links) - {cell.robot.tool_link})


def test_the_death_of_a_driver_is_told(real_cell):
    """Whichever launch file has started it."""
    module = loaded("drivers.launch.py")
    actions = module.drivers(context(module, cell=str(real_cell)))
    (told,) = [action for action in actions if isinstance(action, RegisterEventHandler)]
    code, said = launched(told, stand_in(3, on_exit=None), stand_in(0, on_exit=None))
    assert code == 0
    assert said.count(", of the cell's drivers, has ended with exit code") == 1
    assert ", of the cell's drivers, has ended with exit code 3" in said


def test_controllers_that_are_not_started_end_the_cell_and_name_the_device(real_cell):
    module = loaded("drivers.launch.py")
    robot = load_cell(real_cell).drivers()[0]
    handler = module.end_without("arm_controller", robot)
    assert launched(stand_in(0, on_exit=handler))[0] == 0
    code, said = launched(stand_in(1, on_exit=handler))
    assert code == 1
    sentence = "arm_controller was not started for the robot ur5e (ur_robot_driver, address 192.0.2.7)"
    assert sentence in said
    spawners = [
        action
        for action in module.drivers(context(module, cell=str(real_cell)))
        if isinstance(action, Node) and action.node_executable == "spawner"
    ]
    assert len(spawners) == 2
    assert all(handler_of(spawner) for spawner in spawners)


def test_a_franka_is_driven_by_efforts_and_its_hand_is_a_node_and_an_adapter(
    franka_cell, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("drivers.launch.py")
    found = executables(module.drivers(context(module, cell=str(franka_cell))))
    assert ("franka_gripper", "franka_gripper_node") in found
    assert ("lab_motion", "franka_gripper_adapter") in found
    assert ("controller_manager", "ros2_control_node") not in found
    cell = load_cell(franka_cell)
    written = yaml.safe_load(next(tmp_path.glob("lab_drivers_*/arm.yaml")).read_text())
    arm = written[cell.robot.arm_controller]["ros__parameters"]
    assert arm["command_interfaces"] == ["effort"]
    assert arm["state_interfaces"] == ["position", "velocity"]
    assert tuple(arm["gains"]) == cell.robot.joint_names
    assert all(isinstance(gain, float) for gains in arm["gains"].values() for gain in gains.values())


def test_joint_states_of_a_franka_keep_the_stamps_of_their_measurement(franka_cell):
    """Its launch file restamps them under the name that everybody listens to."""
    module = loaded("drivers.launch.py")
    made = context(module, cell=str(franka_cell))
    actions = module.drivers(made)
    (passes_on,) = (a for a in actions if isinstance(a, Node) and a.node_package == "topic_tools")
    words = [perform_substitutions(made, part) for part in passes_on.cmd[1:5]]
    assert words == ["messages", "/franka/joint_states", "200.0", "/joint_states"]
    groups = [a.get_sub_entities() for a in actions if isinstance(a, GroupAction)]
    rules = [a for group in groups for a in group if isinstance(a, SetRemap)]
    sources = ((perform_substitutions(made, r.src), perform_substitutions(made, r.dst)) for r in rules)
    arguments = ["--ros-args", *(word for pair in sources for word in ("-r", ":=".join(pair)))]
    graph = rclpy.Context()
    rclpy.init(context=graph, domain_id=54)
    try:
        names = ("joint_state_publisher", "robot_state_publisher")
        nodes = [rclpy.create_node(name, cli_args=arguments, context=graph) for name in names]
        topics = [node.resolve_topic_name("joint_states") for node in nodes]
        for node in nodes:
            node.destroy_node()
    finally:
        rclpy.shutdown(context=graph)
    assert topics == ["/franka/restamped_joint_states", "/joint_states"]


def test_a_real_cell_refuses_what_is_missing(real_cell):
    """No driver is installed here; nothing is started."""
    module = loaded("cell.launch.py")
    with pytest.raises(RuntimeError, match="driver of the robot, and not installed here: ur_robot_driver"):
        module.refuse_the_impossible(context(module, sim="none", cell=str(real_cell)))
    with pytest.raises(RuntimeError, match="hardware: missing"):
        module.refuse_the_impossible(context(module, sim="none"))


def test_a_real_arm_starts_slowly_and_is_confirmed(real_cell):
    module = loaded("cell.launch.py")
    given = module.motion_parameters(context(module, sim="none", cell=str(real_cell)))
    assert given["confirm_first"] is True
    assert given["stamped_goals"] is False  # the driver's controller has a time of its own
    assert given["first_speed"] < given["speed"] < 1.0
    assert "confirm_first" not in module.motion_parameters(context(module, sim="mujoco"))


@pytest.mark.parametrize(
    ("robot", "inputs"),
    [
        (
            "real_cell",
            {
                "running_topic": "io_and_status_controller/robot_program_running",
                "speed_topic": "speed_scaling_state_broadcaster/speed_scaling",
            },
        ),
        ("franka_cell", {}),
    ],
)
def test_a_robot_that_tells_when_it_is_stopped_stops_the_cell(request, robot, inputs):
    module = loaded("cell.launch.py")
    file = str(request.getfixturevalue(robot))
    assert module.stop_inputs(context(module, sim="none", cell=file)) == inputs
    assert module.stop_inputs(context(module, sim="mujoco", cell=file)) == {}
    assert ("lab_stop", "stop_node") in executables(module.nodes(context(module, sim="none", cell=file)))


OURS = ["stop", "perception", "grasping", "motion", "tasks", "recorder"]


@pytest.mark.parametrize(
    ("sim", "before"),
    [
        ("mujoco", ["robot_state_publisher", "simulator"]),
        ("gazebo", ["robot_state_publisher", "gazebo_parts"]),
        ("none", []),
    ],
)
def test_the_nodes_are_started_and_brought_up_in_the_order_of_the_graph(real_cell, sim, before):
    module = loaded("cell.launch.py")
    made = context(module, sim=sim, cell=str(real_cell))
    nodes = module.nodes(made)
    assert [name_of(made, node) for node in nodes] == [*before, *OURS, "lifecycle_manager"]
    cell, graph = described(made)
    managed = manager_parameters(graph, cell, sim)
    assert managed["nodes"] == [*before[1:], *OURS]
    assert managed["restarted"] == [*(before[1:] if sim == "gazebo" else []), *OURS[1:]]
    assert managed.get("topics", []) == ([] if sim == "mujoco" else AWAITED)
    if sim == "none":
        behind = dict(zip(managed["topics"], managed["publishers"], strict=True))
        assert behind["/joint_states"] == "robot ur5e (ur_robot_driver, address 192.0.2.7)"
        assert behind["/camera/color/image_raw"].startswith("camera d435 (realsense2_camera, serial ")
        assert behind["/gripper_controller/gripper_cmd/_action/status"].startswith("gripper robotiq_2f85 (")
    if sim == "gazebo":
        assert set(managed["publishers"]) == {"Gazebo"}


AWAITED = [
    "/camera/color/image_raw",
    "/camera/aligned_depth/image_raw",
    "/camera/color/camera_info",
    "/joint_states",
    "/arm_controller/follow_joint_trajectory/_action/status",
    "/gripper_controller/gripper_cmd/_action/status",
]


def test_an_extension_that_is_not_installed_is_refused_before_anything_starts():
    module = loaded("cell.launch.py")
    with pytest.raises(RuntimeError, match="extension 'nowhere' is not installed: build its package"):
        module.refuse_the_impossible(context(module, extensions="nowhere"))


@pytest.fixture
def cup_cell(tmp_path):
    """A cup whose pump has a node of its own."""
    robot = {"driver": "ur_robot_driver", "values": {"address": "192.0.2.7"}}
    (tmp_path / "drivers").mkdir()
    driver = "package: my_pump\nexecutable: pump_node\nremap: {/pump/on: /suction/switch}\n"
    (tmp_path / "drivers" / "my_pump.yaml").write_text(driver)
    return written_cell(tmp_path, "ur5e_suction", robot, {"driver": "my_pump"}, tactile=True)


def test_a_cup_is_driven_by_a_node_and_waited_for_by_its_pressure(cup_cell, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module = loaded("drivers.launch.py")
    found = executables(module.drivers(context(module, cell=str(cup_cell))))
    assert ("my_pump", "pump_node") in found
    assert ("controller_manager", "ros2_control_node") not in found
    cell, graph = described(context(loaded("cell.launch.py"), sim="none", cell=str(cup_cell)))
    managed = manager_parameters(graph, cell, "none")
    behind = dict(zip(managed["topics"], managed["publishers"], strict=True))
    assert behind["/suction/pressure"] == "gripper suction_20mm (my_pump)"
    assert not [topic for topic in behind if "gripper_cmd" in topic]


def test_hardware_of_ros2_control_is_refused_for_a_cup(cup_cell, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "drivers" / "my_pump.yaml").write_text(
        "package: my_pump\nplugin: my_pump/Pump\ncontroller: x/Y\n"
    )
    module = loaded("drivers.launch.py")
    with pytest.raises(RuntimeError, match="needs a node that serves suction/switch and publishes suction/p"):
        module.drivers(context(module, cell=str(cup_cell)))
