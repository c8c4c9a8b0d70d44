"""MoveIt's configuration, held against URDF and SRDF of each cell that we ship."""

import contextlib
import xml.etree.ElementTree as ElementTree

import pytest
import rclpy
import yaml
from rclpy.context import Context

from lab_core.errors import ConfigurationError
from lab_description import config_directory, load_cell
from lab_motion.planning.moveit.configuration import (
    PLUGINS,
    main,
    move_group_parameters,
    moveit_files,
    moveit_parameters,
    parameter_file,
    require_plugins,
    write_moveit_config,
)

CELLS = sorted(path.stem for path in (config_directory() / "cells").glob("*.yaml"))


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    return load_cell(request.param)


@pytest.fixture(scope="module")
def parameters(cell):
    return moveit_parameters(cell)


@pytest.fixture(scope="module")
def urdf(parameters):
    return ElementTree.fromstring(parameters["robot_description"])


@pytest.fixture(scope="module")
def srdf(parameters):
    return ElementTree.fromstring(parameters["robot_description_semantic"])


def names(elements):
    return {element.get("name") for element in elements}


def groups(srdf):
    return names(srdf.findall("group"))


def chain_joints(urdf, base, tip):
    """Joints that move between two links, from base to tip."""
    above = {joint.find("child").get("link"): joint for joint in urdf.findall("joint")}
    found = []
    while tip != base:
        joint = above[tip]
        if joint.get("type") != "fixed":
            found.append(joint.get("name"))
        tip = joint.find("parent").get("link")
    return found[::-1]


def test_what_the_srdf_names_is_in_the_urdf(urdf, srdf):
    links, joints = names(urdf.findall("link")), names(urdf.findall("joint"))
    for element in srdf.iter():
        for key in ("link", "link1", "link2", "base_link", "tip_link", "parent_link"):
            assert element.get(key) is None or element.get(key) in links, element.attrib
    for element in [*srdf.iterfind("group_state/joint"), *srdf.iterfind("group/joint")]:
        assert element.get("name") in joints
    for passive in srdf.findall("passive_joint"):
        assert urdf.find(f"joint[@name='{passive.get('name')}']/mimic") is not None
    for state in srdf.findall("group_state"):
        assert state.get("group") in groups(srdf)


def test_every_joint_that_moves_has_limits_within_the_urdfs(cell, parameters, urdf):
    limits = parameters["robot_description_planning"]["joint_limits"]
    active = {
        joint.get("name"): joint.find("limit")
        for joint in urdf.findall("joint")
        if joint.get("type") != "fixed" and joint.find("mimic") is None
    }
    assert limits.keys() == active.keys()
    for name, limit in limits.items():
        assert limit["has_velocity_limits"]
        assert 0.0 < limit["max_velocity"] <= float(active[name].get("velocity"))
        assert limit["has_acceleration_limits"]
        assert limit["max_acceleration"] > 0.0
    arm = [limits[name]["max_acceleration"] for name in cell.robot.joint_names]
    assert arm == cell.robot.acceleration.tolist()


def test_groups_and_planners_exist(parameters, srdf):
    assert parameters["robot_description_kinematics"].keys() <= groups(srdf)
    assert parameters["planning_pipelines"]["pipeline_names"] == ["ompl", "pilz_industrial_motion_planner"]
    for pipeline in parameters["planning_pipelines"]["pipeline_names"]:
        assert parameters[pipeline]["planning_plugins"]
    ompl = parameters["ompl"]
    (group,) = groups(srdf) & ompl.keys()
    assert set(ompl[group]["planner_configs"]) <= ompl["planner_configs"].keys()
    assert 1e-4 < ompl[group]["longest_valid_segment_fraction"] < 5e-3
    for request in ("direct", "search", "straight"):
        asked = parameters[request]["plan_request_params"]
        assert asked["planning_pipeline"] in parameters["planning_pipelines"]["pipeline_names"]
        known = {"PTP", "LIN", "CIRC"} | ompl["planner_configs"].keys()
        assert asked["planner_id"] in known


def test_the_controllers_drive_the_joints_of_the_groups_by_our_actions(cell, urdf, srdf):
    controllers = move_group_parameters(cell)["moveit_simple_controller_manager"]
    arm, gripper = (controllers[name] for name in controllers["controller_names"])
    names = [f"{name}/{controllers[name]['action_ns']}" for name in controllers["controller_names"]]
    assert names == [cell.robot.trajectory_action, cell.gripper.action]
    chain = srdf.find("group/chain")
    assert arm["joints"] == chain_joints(urdf, chain.get("base_link"), chain.get("tip_link"))
    assert gripper["joints"] == [cell.gripper.joint]


def test_no_sensor_fills_an_octomap(parameters):
    """MoveIt complains of a missing list of sensors, and of an empty one."""
    assert [parameters[name]["sensor_plugin"] for name in parameters["sensors"]] == [""]
    assert parameters["octomap_resolution"] > 0.0


def test_moveit_py_is_given_the_controllers_too(cell, parameters):
    """It carries nothing out, and complains at every start when there are none."""
    controllers = moveit_files(cell)["moveit_controllers.yaml"]
    assert controllers.keys() <= parameters.keys()
    assert controllers.keys() <= move_group_parameters(cell).keys()


def test_no_parameter_names_a_topic(parameters):
    """MoveIt reads none of them: whoever wrote one would trust it."""
    assert parameters["planning_scene_monitor_options"].keys() == {
        "name",
        "robot_description",
        "wait_for_initial_state_timeout",
    }


def test_every_number_is_a_double(cell, parameters):
    """rcl tells 1 from 1.0, and MoveIt refuses the one where it expects the other."""

    def numbers(value, path):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from numbers(inner, f"{path}.{key}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield path, value

    both = {"moveit_py": parameters, "move_group": move_group_parameters(cell)}
    whole = {path.rsplit(".", 1)[1] for path, value in numbers(both, "") if isinstance(value, int)}
    assert whole == {"planning_attempts"}


@contextlib.contextmanager
def given(parameters, file):
    """A node with these parameters, as moveit_py's is in the namespace that it is put in."""
    file.write_text(parameter_file("/motion/moveit/moveit_py", parameters))
    context = Context()
    rclpy.init(context=context)
    try:
        node = rclpy.create_node(
            "moveit_py",
            namespace="/motion/moveit",
            context=context,
            cli_args=["--ros-args", "--params-file", str(file)],
            automatically_declare_parameters_from_overrides=True,
        )
        yield node
        node.destroy_node()
    finally:
        context.shutdown()


def test_rcl_reads_what_moveit_py_is_given(parameters, tmp_path):
    with given(parameters, tmp_path / "parameters.yaml") as node:
        assert node.get_parameter("robot_description").value == parameters["robot_description"]
        assert node.get_parameter("ompl.request_adapters").value == parameters["ompl"]["request_adapters"]
        assert node.get_parameter("straight.plan_request_params.planner_id").value == "LIN"
        speed = node.get_parameter("robot_description_planning.cartesian_limits.max_trans_vel").value
        assert isinstance(speed, float)


def test_rcl_reads_what_move_group_is_given(cell, tmp_path):
    with given(move_group_parameters(cell), tmp_path / "parameters.yaml") as node:
        controllers = node.get_parameter("moveit_simple_controller_manager.controller_names").value
        assert controllers == [cell.robot.arm_controller, cell.gripper.gripper_controller]
        assert node.get_parameter("planning_pipelines").value == ["ompl", "pilz_industrial_motion_planner"]


def test_move_group_names_its_pipelines(cell):
    parameters = move_group_parameters(cell)
    assert parameters["planning_pipelines"] == ["ompl", "pilz_industrial_motion_planner"]
    assert parameters["default_planning_pipeline"] == "ompl"
    assert "planning_scene_monitor_options" not in parameters


def test_the_files_hold_the_same(cell, tmp_path, capsys):
    paths = write_moveit_config(cell, tmp_path / "new")
    for name, content in moveit_files(cell).items():
        assert yaml.safe_load((tmp_path / "new" / name).read_text()) == content
    assert {path.name for path in paths} >= {"robot.urdf", "robot.srdf", "kinematics.yaml"}
    assert main(["no_such_cell", str(tmp_path)]) == 2
    assert "no_such_cell" in capsys.readouterr().err


def test_a_missing_plugin_is_named_with_its_package(tmp_path, monkeypatch):
    markers = tmp_path / "share/ament_index/resource_index/packages"
    markers.mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    for package in PLUGINS:
        (markers / package).touch()
    require_plugins()
    (markers / "pilz_industrial_motion_planner").unlink()
    with pytest.raises(ConfigurationError, match="install pilz_industrial_motion_planner"):
        require_plugins()
