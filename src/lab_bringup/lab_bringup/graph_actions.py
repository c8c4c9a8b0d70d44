"""Launch actions of the nodes that the graph's description names."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from launch import LaunchContext
from launch.actions import EmitEvent
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node as NodeAction
from launch_ros.actions import PushRosNamespace, SetRemap
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from lab_bringup.interrupts import uninterrupted
from lab_bringup.ros_packages import installed
from lab_core.errors import LabError
from lab_description import Cell, load_cell
from lab_description.graph import Graph, Node, extension_names, load_graph
from lab_node.names import namespace_from, remappings, resolve

NODE_PARAMETERS = PathJoinSubstitution([FindPackageShare("lab_bringup"), "config", "nodes.yaml"])
NUMBERS = {"parts": int, "seed": int, "speed": float}
"""Launch arguments of the cell that are numbers."""
TEXTS = {"order": str}
"""And those that people write, in which YAML could see something else."""
# of one node within the window, seconds, until the cell ends
RESTARTS, RESTART_WINDOW = 3, 600.0
# of a node that the cell may be without, until it stays away
OPTIONAL_RESTARTS = 10


def described(context: LaunchContext) -> tuple[Cell, Graph]:
    """The cell of the launch's arguments, and its graph. Raises RuntimeError, with which the launch ends."""
    chosen = context.launch_configurations
    try:
        cell = load_cell(chosen["cell"])
        return cell, load_graph(
            cell, extension_names(chosen["extensions"]), namespace_from(chosen["namespace"])
        )
    except LabError as error:
        raise RuntimeError(str(error)) from None


def switched_on(context: LaunchContext) -> set[str]:
    """Launch arguments that are true: what `when` of a node asks for."""
    return {name for name, value in context.launch_configurations.items() if value == "true"}


def refuse_unstartable(graph: Graph, context: LaunchContext) -> None:
    """Raises RuntimeError at a node whose package is not installed, or that wants an argument that is not."""
    chosen = context.launch_configurations
    for node in graph.nodes.values():
        if node.when is not None and node.when not in chosen:
            raise RuntimeError(
                f"{node.file}: nodes.{node.name}.when: there is no launch argument '{node.when}', see"
                " --show-args"
            )
    for node in graph.started(chosen["sim"], switched_on(context)):
        if not installed(str(node.package)):
            raise RuntimeError(
                f"{node.file}: nodes.{node.name}.package: '{node.package}' is not installed: build it and"
                " source the workspace"
            )
        for name, argument in node.arguments.items():
            if argument not in chosen:
                raise RuntimeError(
                    f"{node.file}: nodes.{node.name}.arguments.{name}: there is no launch argument"
                    f" '{argument}', see --show-args"
                )


def end_everything(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """One node's end is the cell's end; a node that died makes the launch fail."""
    if event.returncode != 0 and not context.is_shutdown:
        raise RuntimeError(
            f"{event.process_name} ended with exit code {event.returncode}: its messages above say why"
        )
    return [EmitEvent(event=Shutdown(reason=f"{event.process_name} has ended"))]


class Restarts:
    """A node that has died is started again, and the lifecycle manager brings it up; not again and again."""

    def __init__(self) -> None:
        self._deaths: dict[str, list[float]] = {}

    def __call__(self, event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Ends the cell at one death too many."""
        if context.is_shutdown:
            return []
        name, now = event.process_name.rpartition("-")[0], time.monotonic()
        deaths = [then for then in self._deaths.get(name, []) if now - then < RESTART_WINDOW] + [now]
        self._deaths[name] = deaths
        if len(deaths) > RESTARTS:
            raise RuntimeError(
                f"{name} ended with exit code {event.returncode}, for the {len(deaths)}th time within"
                f" {RESTART_WINDOW:.0f} s: its messages above say why"
            )
        return []


def names_of(namespace: str) -> list[LaunchDescriptionEntity]:
    """What puts the nodes that follow into a namespace, with the names that ROS has for everybody."""
    if not namespace:
        return []
    return [PushRosNamespace(namespace), *(SetRemap(source, to) for source, to in remappings(namespace))]


def shared_frames(graph: Graph, description: Mapping[str, Any]) -> NodeAction:
    """Tells the frames of a cell in a namespace on the /tf of everybody too, with the namespace in front.

    description: parameters of the cell's own robot_state_publisher. Goes before names_of, whose remappings
    it must not have.
    """
    return NodeAction(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        exec_name="robot_state_publisher",
        name="robot_state_publisher",
        prefix=uninterrupted(graph.nodes["robot_state_publisher"]),
        namespace=f"{graph.namespace}/shared",
        parameters=[{**description, "frame_prefix": f"{graph.namespace.strip('/')}/"}],
        remappings=[(name, resolve(name, graph.namespace)) for name in ("/clock", "/rosout")]
        + [("joint_states", resolve("joint_states", graph.namespace))],
        respawn=True,
        respawn_delay=1.0,
    )


def start(
    node: Node,
    computed: Mapping[str, Any],
    of_cell: Mapping[str, Any] | None = None,
    params_file: str = "",
    variables: Mapping[str, str] | None = None,
    prefix: str | None = None,
) -> NodeAction:
    """A node in its enclave, with its entry in config/nodes.yaml and the launch arguments that it wants.

    computed: parameters that launch arguments give, or that follow from the cell; they win. of_cell: that the
    YAML of the cell gives, which win over config/nodes.yaml. params_file: of the user, "" for none, which
    wins over both. variables: of its environment. prefix: what starts the executable, as of launch's Node.
    """
    last: dict[str, Any] = {name: argument(word) for name, word in node.arguments.items()}
    if node.wall_time:  # each listener to the simulated clock costs a tenth of a core
        last["use_sim_time"] = False
    first = [dict(node.parameters)] if node.parameters else []
    cell = [dict(of_cell)] if of_cell else []
    files = [params_file] if params_file else []
    # of its logger alone: that of the middleware would bury it
    level = [f"{node.path.strip('/').replace('/', '.')}:=", LaunchConfiguration("log_level")]
    return NodeAction(
        package=node.package,
        executable=node.executable,
        exec_name=node.executable,
        name=node.name,
        prefix=prefix,
        parameters=[*first, NODE_PARAMETERS, *cell, *files, {**last, **computed}],
        # where its keys are, when DDS security is on; see docs/security.md
        ros_arguments=["--enclave", node.enclave, "--log-level", level],
        additional_env=dict(variables or {}),
        **ending(node),
    )


def ending(node: Node) -> dict[str, Any]:
    """What follows when the node ends. Of one that a cell may be without, nothing but another start."""
    if not node.restarted:
        return {"on_exit": end_everything}
    again: dict[str, Any] = {"respawn": True, "respawn_delay": 1.0}
    if node.when is not None:
        return again | {"respawn_max_retries": OPTIONAL_RESTARTS}
    return again | {"on_exit": Restarts()}


def argument(name: str) -> Any:
    """A launch argument as a parameter."""
    value = LaunchConfiguration(name)
    kind = (NUMBERS | TEXTS).get(name)
    return value if kind is None else ParameterValue(value, value_type=kind)


def manager_parameters(graph: Graph, cell: Cell, sim: str) -> dict[str, Any]:
    """What the lifecycle manager brings up, which of it is started again, and what has to be there before."""
    managed = [node for node in graph.started(sim) if node.managed]
    parameters: dict[str, Any] = {
        "nodes": [node.name for node in managed],
        "restarted": [node.name for node in managed if node.restarted],
    }
    if sim == "mujoco":
        return parameters
    awaited = graph.awaited()
    words = dict.fromkeys(awaited.values(), "Gazebo")
    if sim == "none":
        words = {device.kind: device.words for device in cell.drivers()}
    return parameters | {"topics": list(awaited), "publishers": [words[kind] for kind in awaited.values()]}
