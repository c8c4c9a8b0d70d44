"""What cannot work on this machine, said in a sentence before anything is started."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from launch import LaunchContext
from launch.logging import get_logger

from lab_bringup.graph_actions import NUMBERS, described, refuse_unstartable, switched_on
from lab_bringup.named_plugins import by_arguments, by_cell, refuse_unknown
from lab_bringup.other_cells import listening
from lab_bringup.parameter_file import given_to, parameters_in, refuse_malformed
from lab_bringup.parameter_file import refuse_unusable as refuse_unusable_file
from lab_bringup.ros_packages import installed, refuse_missing
from lab_core.errors import ConfigurationError, LabError
from lab_description import Cell, config_directory, load_cell
from lab_description.graph import Node
from lab_node.domain import domain_id
from lab_node.names import namespace_from
from lab_simulation.simulator_parameters import refuse_unusable

TELL_EVERY = 5.0
"""Seconds, while meshes are read."""
# What sim:=gazebo starts, beside our own packages.
GAZEBO = (
    "ros_gz_sim",
    "ros_gz_bridge",
    "gz_ros2_control",
    "topic_tools",
    "controller_manager",
    "joint_state_broadcaster",
    "joint_trajectory_controller",
    "parallel_gripper_controller",
    "force_torque_sensor_broadcaster",
)


def refuse_the_impossible(context: LaunchContext) -> None:
    """Of the cell's launch arguments. Raises RuntimeError, with which the launch ends."""
    refuse_mixed_distributions()
    chosen = context.launch_configurations
    try:
        domain, namespace = domain_id(), namespace_from(chosen["namespace"])
    except LabError as error:
        raise RuntimeError(str(error)) from None
    with listening(domain, namespace) as heard:
        refuse_wrong_arguments(context, namespace)
        nodes = heard()
    if nodes:
        where = f" and namespace {namespace}" if namespace else ""
        raise RuntimeError(
            f"a cell already runs in domain {domain}{where}, with the nodes {', '.join(nodes)}: end it first,"
            " or give this one a domain of its own by ROS_DOMAIN_ID, or names of its own by namespace:="
        )


def refuse_wrong_arguments(context: LaunchContext, namespace: str) -> None:
    """What can be known without a look at other cells. Raises RuntimeError."""
    chosen = context.launch_configurations
    numbers: dict[str, Any] = {}
    for name, kind in NUMBERS.items():
        value = context.launch_configurations[name]
        try:
            numbers[name] = kind(value)
        except ValueError:
            wanted = "a whole number" if kind is int else "a number"
            raise RuntimeError(f"{name}:={value[:40]} is not {wanted}: see --show-args") from None
    try:
        if context.launch_configurations["sim"] != "none":
            words = {name: context.launch_configurations[name] for name in ("scene", "meshes")}
            refuse_unusable(words | numbers)
        refuse_unwritable(context.launch_configurations["record"])
        cell = load_cell(context.launch_configurations["cell"])
        if context.launch_configurations["sim"] == "gazebo" and cell.gripper.touch is not None:
            # and without a gripper it has said so: nothing in Gazebo stands in for a vacuum
            raise ConfigurationError(
                f"{cell.files['cell']}: gripper.touch: nothing in Gazebo stands in for tactile pads: use"
                " sim:=mujoco, or a cell without them"
            )
        refuse_unknown(chosen, cell)
    except LabError as error:
        raise RuntimeError(str(error)) from None
    _, graph = described(context)
    refuse_unstartable(graph, context)
    sim = chosen["sim"]
    try:
        if chosen["params_file"]:
            nodes_started = graph.started(sim, switched_on(context))
            refuse_unusable_file(Path(chosen["params_file"]), [node.path for node in nodes_started])
        refuse_malformed_parameters(graph.started(sim, switched_on(context)), cell, chosen)
    except LabError as error:
        raise RuntimeError(str(error)) from None
    if chosen["tf"] == "shared" and not namespace:
        raise RuntimeError("tf:=shared is for a cell in a namespace: give it one with namespace:=")
    if sim == "gazebo" and namespace:
        raise RuntimeError(
            "sim:=gazebo has no namespaces, since Gazebo's own names have none: leave namespace:= out, or use"
            " sim:=mujoco"
        )
    if sim == "gazebo":
        if find_spec("mujoco") is None:
            raise RuntimeError("sim:=gazebo needs MuJoCo, which lays out the parts: run ./lab setup")
        refuse_missing(GAZEBO, "sim:=gazebo needs Gazebo", ", or use sim:=mujoco")
    if sim == "none":
        refuse_missing_drivers(context)
    elif context.launch_configurations["meshes"]:
        prepare_meshes(context.launch_configurations["meshes"])
    if (by_cell(cell, "motion") | by_arguments(chosen, "motion")).get("planner") == "moveit":
        refuse_missing(["moveit_py"], "planner:=moveit needs MoveIt", ", or use planner:=embedded")


def refuse_malformed_parameters(started: Sequence[Node], cell: Cell, chosen: Mapping[str, str]) -> None:
    """Raises ConfigurationError at parameters with which a node would refuse to configure.

    Of each place that gives some: config/nodes.yaml, the YAML of the cell, and the file of the user.
    """
    places = [config_directory() / "nodes.yaml"]
    if chosen["params_file"]:
        places.append(Path(chosen["params_file"]))
    files = {path: parameters_in(path) for path in places}
    for node in started:
        for path, entries in files.items():
            refuse_malformed(node.name, node, given_to(node.path, entries), str(path))
        refuse_malformed(node.name, node, by_cell(cell, node.name), str(cell.files["cell"]))


def refuse_unwritable(record: str) -> None:
    """Raises ConfigurationError when the record of a run cannot go where it shall."""
    folder = Path("runs" if record == "auto" else record).resolve()
    if record == "none":
        return
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        raise ConfigurationError(f"record:={record}: {there} is a file, expected a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigurationError(f"record:={record}: nothing can be written to {there}")


def prepare_meshes(folder: str) -> None:
    """Read them before a node has to, which may not take a minute; the node finds them on the disk then.

    Raises RuntimeError when none can be used.
    """
    from lab_simulation.scenes.mesh_parts import mesh_source

    said, logger = time.monotonic(), get_logger("meshes")

    def tell(done: int, of: int, name: str) -> None:
        nonlocal said
        if time.monotonic() - said > TELL_EVERY:
            said = time.monotonic()
            logger.info(f"{done} of {of} are read, the newest is {name}")

    try:
        mesh_source(folder, progress=tell)
    except LabError as error:
        raise RuntimeError(str(error)) from None


def refuse_mixed_distributions() -> None:
    """Raises RuntimeError in a shell that has sourced two distributions."""
    entries = [Path(entry) for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    names = sorted({entry.name for entry in entries if entry.parent.name == "ros"})
    if len(names) > 1:
        raise RuntimeError(
            f"ROS 2 {' and '.join(names)} are sourced in the same shell, and their libraries do not mix:"
            " open a new shell and source one of them"
        )


def refuse_missing_drivers(context: LaunchContext) -> None:
    """Raises RuntimeError when the cell does not say where its devices are, or a driver is away."""
    try:
        devices = load_cell(context.launch_configurations["cell"]).drivers()
    except LabError as error:
        raise RuntimeError(str(error)) from None
    if context.launch_configurations["drivers"] == "false":
        return
    for device in devices:
        missing = [package for package in device.packages if not installed(package)]
        if missing:
            raise RuntimeError(
                f"sim:=none needs the driver of the {device.kind}, and not installed here:"
                f" {', '.join(missing)}: install them, or try the cell with sim:=mujoco"
            )
