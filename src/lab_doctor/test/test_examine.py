"""The doctor finds what was put wrong, exactly that, and nothing on a sound cell."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sound import CELL, MIB, sound_snapshot

from lab_core.geometry import make_transform
from lab_description import load_cell
from lab_description.camera import Calibration, ExpectedError
from lab_description.graph import load_graph
from lab_doctor.examine import examine
from lab_doctor.graph_checks import CAMERA_INFO, COLOR, DEPTH
from lab_doctor.snapshot import (
    CellProcess,
    Controller,
    Endpoint,
    ImageFacts,
    Listener,
    NodeFacts,
    Parent,
    StopFacts,
    StopInput,
    Stream,
    Topic,
)


def found(snapshot):
    return [finding.check for findings in examine(snapshot).values() for finding in findings]


@pytest.mark.parametrize("running", [True, False])
def test_a_sound_cell_has_no_findings(running):
    assert found(sound_snapshot(running)) == []


def machine(**changes):
    return lambda s: replace(s, machine=replace(s.machine, **changes))


def variables(**changes):
    def change(s):
        merged = {k: v for k, v in {**s.environment.variables, **changes}.items() if v is not None}
        return replace(s, environment=replace(s.environment, variables=merged))

    return change


def environment(**changes):
    return lambda s: replace(s, environment=replace(s.environment, **changes))


def profile(**changes):
    return lambda s: environment(profile=replace(s.environment.profile, **changes))(s)


def configuration(**changes):
    return lambda s: replace(s, configuration=replace(s.configuration, **changes))


def cell(**changes):
    return configuration(cell=replace(CELL, **changes))


def graph(**changes):
    """Changes of the graph; a mapping is merged into the one there, None takes an entry out."""

    def change(s):
        values = {}
        for name, value in changes.items():
            old = getattr(s.graph, name)
            if isinstance(old, Mapping) and isinstance(value, Mapping):
                value = {k: v for k, v in {**old, **value}.items() if v is not None}
            values[name] = value
        return replace(s, graph=replace(s.graph, **values))

    return change


def node(name, **changes):
    def change(s):
        nodes = tuple(replace(n, **changes) if n.name == name else n for n in s.graph.nodes)
        return graph(nodes=nodes)(s)

    return change


def without_node(name):
    return lambda s: graph(nodes=tuple(n for n in s.graph.nodes if n.name != name))(s)


def also(*changes):
    def change(s):
        for one in changes:
            s = one(s)
        return s

    return change


def not_running(s):
    return replace(s, graph=None)


def real(s):
    return replace(s, real=True, graph=None)


def stop_button(silence, kind="std_msgs/msg/Bool", published=True):
    """The stop node watches /estop, which was heard so long ago."""
    item = StopInput("hardware_topic", "/estop", "std_msgs/msg/Bool", silence, 0.5)
    topic = Topic((Endpoint("safety_plc", kind, True, False),)) if published else None
    return graph(stop=StopFacts(said=True, inputs=(item,)), topics={"/estop": topic})


def without_action(name):
    return lambda s: graph(actions=s.graph.actions - {name})(s)


def controllers(**states):
    managed = [Controller(name, state, "/controller_manager") for name, state in states.items()]
    return graph(controllers=tuple(managed))


IMAGE = "sensor_msgs/msg/Image"
GRASPS = "lab_interfaces/msg/GraspArray"
STATUS = "lab_interfaces/msg/TaskStatus"
PINHOLE = CELL.camera.pinhole
MOVED = make_transform(np.eye(3), [0.02, 0.0, 0.0]) @ CELL.camera.base_from_camera
POOR = Calibration(ExpectedError(0.008, 0.01), 12, "ChArUco", "cell.calibration")
AWAY = make_transform(np.eye(3), [1.5, 0.0, 0.0]) @ CELL.camera.base_from_camera
FAR_TRAY = {"tray": replace(CELL.destinations["tray"], xyz=(0.0, 1.4, 0.0))}

MISCONFIGURATIONS = {
    # machine
    "full disk": (machine(disk_free=100 * MIB), "disk"),
    "container with 64 MiB of shared memory": (machine(shared_memory=64 * MIB), "shared-memory"),
    "shared memory filled": (machine(shared_memory_free=10 * MIB), "shared-memory-free"),
    "no memory": (also(machine(memory_available=500 * MIB), not_running), "memory"),
    "clock never set": (machine(now=date(1970, 1, 1)), "clock"),
    "overloaded": (machine(load_per_core=9.0), "load"),
    "package not built": (machine(packages_missing=("lab_motion",)), "packages"),
    "another numpy": (machine(installed={"numpy": "1.26.4"}), "versions"),
    "node of a dead run": (
        machine(processes=(CellProcess(4711, "motion_node", 0, True),)),
        "leftover-processes",
    ),
    "segments of a killed run": (machine(stale_segments=("fastrtps_0a",)), "leftover-memory"),
    "open to the network": (
        machine(listeners=(Listener("udp", "0.0.0.0", 7410, "motion_node (9)"),)),
        "open-port",
    ),
    # environment
    "not sourced": (variables(ROS_DISTRO=None), "distribution"),
    "two distributions": (variables(AMENT_PREFIX_PATH="/opt/ros/humble:/w/install"), "mixed-distributions"),
    "middleware not installed": (variables(RMW_IMPLEMENTATION="rmw_zenoh_cpp"), "middleware"),
    "domain 300": (variables(ROS_DOMAIN_ID="300"), "domain"),
    "discovery off": (variables(ROS_AUTOMATIC_DISCOVERY_RANGE="OFF"), "discovery-off"),
    "discovery misspelt": (variables(ROS_AUTOMATIC_DISCOVERY_RANGE="LOCAL"), "discovery-range"),
    "discovery not set": (variables(ROS_AUTOMATIC_DISCOVERY_RANGE=None), "discovery-open"),
    "old localhost variable": (variables(ROS_LOCALHOST_ONLY="0"), "localhost-only"),
    "unreachable peer": (variables(ROS_STATIC_PEERS="192.168.1.7"), "static-peers"),
    "cell in another domain": (
        also(not_running, machine(processes=(CellProcess(12, "motion_node", 37, False),))),
        "other-domain",
    ),
    "no transport profile": (environment(profile=None), "transport-profile"),
    "profile is not XML": (profile(error="is not well-formed XML"), "transport-profile"),
    "small segments": (profile(segment_size=512 * 1024), "transport-segment"),
    "builtin transports": (variables(FASTDDS_BUILTIN_TRANSPORTS="LARGE_DATA"), "builtin-transports"),
    "security without keys": (
        also(
            variables(ROS_SECURITY_ENABLE="true", ROS_SECURITY_STRATEGY="Enforce"),
            environment(keystore="ROS_SECURITY_ENABLE is true and ROS_SECURITY_KEYSTORE is not set"),
        ),
        "keystore",
    ),
    "security that this DDS cannot": (
        also(
            variables(ROS_SECURITY_ENABLE="true", ROS_SECURITY_STRATEGY="Enforce"),
            environment(security_plugins=False),
        ),
        "security-plugins",
    ),
    "security not enforced": (variables(ROS_SECURITY_ENABLE="true"), "security-strategy"),
    # configuration
    "misspelt key in the cell": (
        configuration(cell=None, cell_error="cells/a.yaml: tabel_height: unknown key"),
        "cell",
    ),
    "misspelt parameter": (configuration(errors=("nodes.yaml: parameter 'sed'",)), "parameters"),
    "stale collision pairs": (configuration(stored_pairs=False), "collision-matrix"),
    "camera looks elsewhere": (
        also(not_running, cell(camera=replace(CELL.camera, base_from_camera=AWAY))),
        "camera-view",
    ),
    "parts too near to the camera": (
        also(
            not_running,
            cell(camera=replace(CELL.camera, model=replace(CELL.camera.model, near=0.9, far=3.0))),
        ),
        "camera-range",
    ),
    "tray out of reach": (cell(destinations=FAR_TRAY), "reach"),
    "never calibrated": (real, "calibration-missing"),
    "calibrated long ago": (
        also(real, cell(camera=replace(CELL.camera, calibrated=date(2026, 1, 1)))),
        "calibration-age",
    ),
    "calibrated tomorrow": (
        also(real, cell(camera=replace(CELL.camera, calibrated=date(2026, 9, 2)))),
        "calibration-date",
    ),
    "calibrated badly": (
        also(real, cell(camera=replace(CELL.camera, calibrated=date(2026, 8, 1), calibration=POOR))),
        "calibration-error",
    ),
    # running cell
    "node missing": (without_node("grasping"), "node-missing"),
    "node inactive": (node("motion", state="inactive"), "node-state"),
    "node hangs": (node("motion", state=None, answered=False), "node-silent"),
    "two cells in one domain": (
        lambda s: graph(nodes=(*s.graph.nodes, NodeFacts("tasks", "active")))(s),
        "node-twice",
    ),
    "wall time in simulation": (node("tasks", use_sim_time=False), "use-sim-time"),
    "nodes of different cells": (node("motion", cell="ur10_table"), "cells-differ"),
    "another cell runs": (configuration(name="ur10_table"), "other-cell"),
    "best effort to a reliable listener": (
        graph(
            topics={
                "/task/status": Topic(
                    (Endpoint("tasks", STATUS, False, True),), (Endpoint("console", STATUS, True, True),)
                )
            }
        ),
        "qos",
    ),
    "volatile to a latched listener": (
        graph(
            topics={
                "/task/status": Topic(
                    (Endpoint("tasks", STATUS, True, False),), (Endpoint("console", STATUS, True, True),)
                )
            }
        ),
        "qos",
    ),
    "two types on one topic": (
        graph(
            topics={
                "/task/status": Topic(
                    (Endpoint("tasks", STATUS, True, True),),
                    (Endpoint("console", "std_msgs/msg/String", True, True),),
                )
            }
        ),
        "type",
    ),
    "no depth": (graph(topics={DEPTH: None}), "topic-missing"),
    "two drivers of one camera": (
        graph(
            topics={
                CAMERA_INFO: Topic(
                    tuple(
                        Endpoint(name, "sensor_msgs/msg/CameraInfo", True, False)
                        for name in ("camera", "simulator")
                    )
                )
            }
        ),
        "topic-twice",
    ),
    "compressed images": (
        graph(topics={COLOR: Topic((Endpoint("camera", "sensor_msgs/msg/CompressedImage", True, False),))}),
        "topic-type",
    ),
    "silent camera": (graph(streams={COLOR: Stream(0)}), "topic-silent"),
    "slow camera": (graph(streams={COLOR: Stream(9, 3.0, 0.05, CELL.camera.frame)}), "topic-slow"),
    "old joint states": (graph(streams={"/joint_states": Stream(300, 100.0, 4.0)}), "topic-old"),
    "clocks disagree": (graph(streams={"/joint_states": Stream(300, 100.0, -2.0)}), "topic-future"),
    "clock stands": (graph(clock=0.0), "clock-stands"),
    "no clock": (graph(topics={"/clock": None}, clock=None), "clock-missing"),
    "wrong encoding": (graph(depth=ImageFacts(640, 480, "8UC1")), "encoding"),
    "depth of another size": (graph(depth=ImageFacts(848, 480, "16UC1")), "image-size"),
    "lens cap": (graph(depth=ImageFacts(640, 480, "16UC1", 0.01)), "depth-empty"),
    "colour and depth apart": (graph(depth_pairs=0.1), "pairs"),
    "other intrinsics": (graph(camera=replace(PINHOLE, fx=380.0, fy=380.0)), "intrinsics"),
    "other frame": (
        graph(streams={COLOR: Stream(50, 15.0, 0.05, "camera_optical")}),
        "camera-frame",
    ),
    "frame with two parents": (
        graph(parents={"camera_link": ("base_link", "world")}),
        "tf-parents",
    ),
    "tf tree in two": (graph(frames={CELL.camera.frame: None}), "tf-gap"),
    "camera moved in tf": (
        graph(frames={CELL.camera.frame: Parent(CELL.robot.base_link, MOVED)}),
        "tf-camera",
    ),
    "recorder missing": (without_node("recorder"), "node-missing"),
    "lifecycle manager missing": (without_node("lifecycle_manager"), "node-missing"),
    "stopped": (graph(stop=StopFacts(True, True, "an operator stopped the cell")), "stopped"),
    "stop node says nothing": (graph(stop=StopFacts(said=False)), "stop-silent"),
    "stop button without a driver": (stop_button(None, published=False), "stop-input"),
    "stop button of another type": (stop_button(None, kind="std_msgs/msg/String"), "stop-input"),
    "stop button sends nothing": (stop_button(None), "stop-input"),
    "stop button fell silent": (stop_button(1.2), "stop-input"),
    "no controller": (without_action(f"/{CELL.robot.trajectory_action}"), "controller"),
    "controller inactive": (controllers(arm_controller="inactive"), "controller"),
    "broadcaster not configured": (controllers(joint_state_broadcaster="unconfigured"), "controller"),
    "gripper not in joint states": (graph(joints={CELL.gripper.joint: None}), "joints"),
    "joint beyond its limit": (graph(joints={"elbow_joint": 9.0}), "joint-limits"),
    "a node complains": (graph(diagnostics=(("motion", 1, "cannot plan"),)), "diagnostics"),
    "a node that says less than it should": (graph(topics={"/grasps": None}), "publisher-missing"),
    "a node that says it otherwise": (
        graph(topics={"/grasps": Topic((Endpoint("grasping", STATUS, True, True),))}),
        "topic-type",
    ),
    "a node that offers less": (
        graph(topics={"/grasps": Topic((Endpoint("grasping", GRASPS, True, False),))}),
        "qos",
    ),
    "somebody else's grasps": (
        graph(
            topics={
                "/grasps": Topic(
                    tuple(Endpoint(name, GRASPS, True, True) for name in ("grasping", "intruder"))
                )
            }
        ),
        "publisher",
    ),
    "an action that nobody serves": (without_action("/pick"), "action-missing"),
    "a service of another type": (graph(services={"/cell/reset": ("std_srvs/srv/Empty",)}), "service-type"),
    "foreign node": (graph(strangers=("turtlesim",)), "strangers"),
}


SOUND = {
    "stop button that is heard": stop_button(0.1),
    "controllers that the cell does not need": controllers(
        arm_controller="active", joint_state_broadcaster="active", forward_position_controller="inactive"
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_no_finding(name):
    assert found(SOUND[name](sound_snapshot())) == []


@pytest.mark.parametrize("name", MISCONFIGURATIONS)
def test_a_misconfiguration_is_found_and_nothing_else(name):
    change, check = MISCONFIGURATIONS[name]
    assert found(change(sound_snapshot())) == [check]


@pytest.mark.parametrize(
    ("name", "more"), [(CELL.robot.trajectory_action, []), (CELL.gripper.action, ["controller"])]
)
def test_of_a_stopped_cell_only_the_arm_s_controller_may_be_inactive(name, more):
    stopped = graph(stop=StopFacts(True, True, "an operator stopped the cell"))(sound_snapshot())
    change = controllers(**{name.strip("/").split("/")[0]: "inactive"})
    assert found(change(stopped)) == ["stopped", *more]


def test_every_finding_says_what_and_how_to_mend_it():
    for change, _ in MISCONFIGURATIONS.values():
        for findings in examine(change(sound_snapshot())).values():
            for finding in findings:
                assert finding.what and finding.fix and "\n" not in finding.what + finding.fix


def test_another_machine_of_the_cell_is_welcome_when_a_setting_says_so():
    snapshot = also(
        variables(ROS_AUTOMATIC_DISCOVERY_RANGE="SUBNET"),
        profile(interfaces=()),
        machine(listeners=(Listener("udp", "0.0.0.0", 7410, "motion_node (9)"),), receive_buffer=8 * MIB),
    )(sound_snapshot())
    assert found(snapshot) == []
    assert found(machine(receive_buffer=212992)(snapshot)) == ["receive-buffer"]
    assert found(replace(machine(clock_synchronised=False)(snapshot), real=True, graph=None)) == [
        "clock-synchronised",
        "calibration-missing",
    ]


def test_a_cell_with_a_suction_cup_needs_its_pressure():
    """And no action of fingers, and none of their joints."""
    cup = load_cell("ur5e_suction")
    described = load_graph(cup)
    snapshot = also(
        cell(end_effector=cup.end_effector),
        configuration(description=described),
        graph(actions=frozenset(described.actions)),
    )(sound_snapshot())
    found = [one.what for area in examine(snapshot).values() for one in area]
    assert found == ["nobody publishes /suction/pressure"]


def test_a_cell_may_be_named_by_its_path():
    """As `cell:=/home/me/mine.yaml` does for every node of it."""
    by_path = sound_snapshot()
    for each in by_path.graph.nodes:
        if each.cell is not None:
            by_path = node(each.name, cell=str(CELL.files["cell"]))(by_path)
    found = [each.check for area in examine(by_path).values() for each in area]
    assert "other-cell" not in found and "cells-differ" not in found
