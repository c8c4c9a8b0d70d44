"""The running cell: nodes, topics, frames, controllers, clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab_core.geometry import FloatArray, PinholeCamera, invert, rotation_angle
from lab_description import Cell
from lab_description.graph import Graph as Description
from lab_description.graph.entries import Sim
from lab_doctor.control_checks import check_controllers, check_stop
from lab_doctor.described_checks import check_described
from lab_doctor.finding import Finding
from lab_doctor.snapshot import Configuration, Endpoint, Graph, Snapshot
from lab_doctor.touch_checks import check_pads

# Bridge of a cell that Gazebo simulates.
GAZEBO = "ros_gz_bridge"
COLOR, DEPTH = "/camera/color/image_raw", "/camera/aligned_depth/image_raw"
CAMERA_INFO = "/camera/color/camera_info"
ENCODINGS = {COLOR: ("rgb8", "bgr8"), DEPTH: ("16UC1", "32FC1")}
# Of the camera's rate in its YAML, and of the images with depth of the same stamp.
ENOUGH = 0.6
# How far a stamp may lie ahead of this machine's clock, seconds.
FUTURE = 0.1
# Intrinsics by pixels; a camera's place by metres and radians.
FOCAL, CENTRE, PLACE, TURN = 5.0, 8.0, 0.003, 0.005
DEPTH_VALID = 0.2
JOINT_SLACK = 0.02


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic that the cell lives on, which one node publishes. rate: at least, Hz. age: at most, s."""

    topic: str
    kind: str
    rate: float
    age: float


def check_graph(snapshot: Snapshot) -> Iterator[Finding]:
    """Everything of a running cell; nothing when none runs."""
    graph, cell = snapshot.graph, snapshot.configuration.cell
    description = snapshot.configuration.description
    if graph is None:
        return
    yield from _nodes(graph, snapshot)
    yield from _qos(graph)
    yield from _clock(graph)
    yield from check_stop(graph)
    yield from check_pads(graph)
    for node, level, message in graph.diagnostics:
        if level > 0:
            yield Finding("diagnostics", f"{node} says: {message}", f"see /diagnostics and the log of {node}")
    if graph.strangers:
        yield Finding(
            "strangers",
            f"not of the cell, in its domain {snapshot.environment.domain}: {', '.join(graph.strangers)}",
            "give that program another ROS_DOMAIN_ID, or name it with --allow",
        )
    if description is not None:
        yield from check_described(graph, description, sim_of(graph))
    if cell is None or description is None:
        return
    for wanted in wanted_topics(cell, description):
        yield from _topic(graph, wanted)
    yield from _images(graph, cell)
    yield from _frames(graph, cell)
    yield from _robot(graph, cell, description)


def sim_of(graph: Graph) -> Sim:
    """What stands in for the cell."""
    if not graph.simulated:
        return "none"
    return "gazebo" if any(node.name == GAZEBO for node in graph.nodes) else "mujoco"


def wanted_topics(cell: Cell, description: Description) -> list[Wanted]:
    """What has to come for the cell to work."""
    return [
        Wanted(
            topic.name,
            topic.type,
            topic.minimum_rate or (ENOUGH * cell.camera.rate if topic.device == "camera" else 0.0),
            topic.maximum_age,
        )
        for topic in description.topics.values()
        if topic.maximum_age is not None
    ]


def _nodes(graph: Graph, snapshot: Snapshot) -> Iterator[Finding]:
    counts = Counter(node.name for node in graph.nodes)
    described, sim = snapshot.configuration.nodes, sim_of(graph)
    expected = [name for name, node in described.items() if node.expected(sim)]
    for name in expected:
        if not counts[name]:
            yield Finding(
                "node-missing", f"node {name} does not run", "see the launch's log for why it ended; start it"
            )
    for name, count in counts.items():
        if count > 1:
            yield Finding(
                "node-twice",
                f"{count} nodes are called {name}: two cells run in domain {snapshot.environment.domain}",
                "end one of them, or give it another ROS_DOMAIN_ID",
            )
    for node in graph.nodes:
        if node.name not in expected or counts[node.name] > 1:
            continue
        entry = described[node.name]
        if not node.answered:
            yield Finding(
                "node-silent", f"node {node.name} does not answer", "it hangs: see its log and start it again"
            )
        elif entry.managed and node.state != "active":
            yield Finding(
                "node-state",
                f"node {node.name} is {node.state}, expected active",
                f"see its log for the reason; ros2 lifecycle set {graph.namespace}/{node.name} activate",
            )
        simulated = node.use_sim_time
        if node.answered and not entry.wall_time and simulated not in (None, graph.simulated):
            yield Finding(
                "use-sim-time",
                f"use_sim_time of {node.name} is {simulated}, {'a' if graph.simulated else 'no'} simulation"
                " makes the time",
                f"start {node.name} with use_sim_time:={graph.simulated}",
            )
    cells = {node.cell for node in graph.nodes if node.cell is not None}
    if len(cells) > 1:
        yield Finding(
            "cells-differ",
            f"the nodes were started for different cells: {', '.join(sorted(cells))}",
            "start all of them from one launch with one cell:=",
        )
    elif cells and not any(_names(cell, snapshot.configuration) for cell in cells):
        yield Finding(
            "other-cell",
            f"the running cell is {cells.pop()}, this examination is of {snapshot.configuration.name}",
            "name the running cell: lab doctor CELL",
        )


def _names(cell: str, configuration: Configuration) -> bool:
    """Whether what nodes were started for, a name or the path of a file, is the cell of the configuration."""
    file = None if configuration.cell is None else configuration.cell.files["cell"]
    return cell == configuration.name or (file is not None and Path(cell).resolve() == file.resolve())


def _qos(graph: Graph) -> Iterator[Finding]:
    for name, topic in sorted(graph.topics.items()):
        for publisher in topic.publishers:
            for subscriber in topic.subscribers:
                why = _incompatible(publisher, subscriber)
                if why:
                    yield Finding(
                        "qos",
                        f"{name}: {subscriber.node} never hears {publisher.node}: {why}",
                        f"give {publisher.node} the quality of service that docs/architecture.md names",
                    )
        kinds = {end.kind for end in (*topic.publishers, *topic.subscribers)}
        if len(kinds) > 1:
            yield Finding(
                "type",
                f"{name} is used with different types: {', '.join(sorted(kinds))}",
                "make both ends of one version and one type",
            )


def _incompatible(publisher: Endpoint, subscriber: Endpoint) -> str:
    if publisher.kind != subscriber.kind:
        return ""  # said by the type
    if subscriber.reliable and not publisher.reliable:
        return "it asks for reliable, and best effort is offered"
    if subscriber.latched and not publisher.latched:
        return "it asks for transient local, and volatile is offered"
    return ""


def _clock(graph: Graph) -> Iterator[Finding]:
    publishers = graph.topics["/clock"].publishers if "/clock" in graph.topics else ()
    if graph.simulated and not publishers:
        yield Finding("clock-missing", "nobody publishes /clock", "start the simulator")
    elif graph.simulated and graph.clock is not None and graph.clock <= 0.0:
        yield Finding(
            "clock-stands", "simulated time stands still", "activate the simulator, or let it play again"
        )
    elif not graph.simulated and publishers:
        yield Finding(
            "clock-unexpected",
            f"{publishers[0].node} publishes /clock and no simulator runs",
            "end it: a real cell lives on the machine's clock",
        )
    if len(publishers) > 1:
        yield Finding(
            "clock-twice",
            f"/clock has {len(publishers)} publishers: {', '.join(end.node for end in publishers)}",
            "leave one simulator running",
        )


def _topic(graph: Graph, wanted: Wanted) -> Iterator[Finding]:
    topic, stream = graph.topics.get(wanted.topic), graph.streams.get(wanted.topic)
    if topic is None or not topic.publishers:
        yield Finding(
            "topic-missing",
            f"nobody publishes {wanted.topic}",
            "start its driver, or remap the driver's topic to this name",
        )
        return
    sources = [end.node for end in topic.publishers]
    if len(sources) > 1:
        yield Finding(
            "topic-twice",
            f"{wanted.topic} has {len(sources)} publishers: {', '.join(sorted(sources))}",
            "leave one of them running",
        )
    if topic.publishers[0].kind != wanted.kind:
        yield Finding(
            "topic-type",
            f"{wanted.topic} is {topic.publishers[0].kind}, expected {wanted.kind}",
            f"let {sources[0]} publish it as {wanted.kind}",
        )
        return
    if graph.clock is not None and graph.clock <= 0.0:
        return  # time stands: said once
    if stream is None or stream.count == 0:
        yield Finding(
            "topic-silent",
            f"{sources[0]} offers {wanted.topic} and sends nothing",
            "check the device and the log of its driver",
        )
        return
    if stream.age is not None and stream.age < -FUTURE:
        yield Finding(
            "topic-future",
            f"{wanted.topic} is stamped {-stream.age:.2f} s ahead of this machine's clock",
            "synchronise the clocks of the machines, or let the driver stamp with ROS time",
        )
    elif stream.age is not None and stream.age > wanted.age:
        yield Finding(
            "topic-old",
            f"{wanted.topic} is {stream.age:.2f} s old when it comes, the limit is {wanted.age:.2f} s",
            "synchronise the clocks of the machines; check the load of this one",
        )
    if stream.rate is not None and stream.rate < wanted.rate:
        yield Finding(
            "topic-slow",
            f"{wanted.topic} comes with {stream.rate:.1f} Hz, expected {wanted.rate:.1f} Hz or more",
            "check the driver's rate, the cable and the load of this machine",
        )


def _images(graph: Graph, cell: Cell) -> Iterator[Finding]:
    for topic, image in ((COLOR, graph.colour), (DEPTH, graph.depth)):
        if image is None:
            continue
        if image.encoding not in ENCODINGS[topic]:
            yield Finding(
                "encoding",
                f"{topic} is {image.encoding}, expected {' or '.join(ENCODINGS[topic])}",
                "change the driver's format (depth: REP 118)",
            )
        if graph.camera and (image.width, image.height) != (graph.camera.width, graph.camera.height):
            yield Finding(
                "image-size",
                f"{topic} is {image.width}×{image.height}, its camera_info says"
                f" {graph.camera.width}×{graph.camera.height}",
                "let the driver publish depth aligned to colour, with the camera_info of colour",
            )
    if graph.depth is not None and graph.depth.valid < DEPTH_VALID:
        yield Finding(
            "depth-empty",
            f"{100.0 * graph.depth.valid:.0f} % of the depth image hold a measurement",
            "check the projector, the exposure and the distance of the camera",
        )
    if graph.depth_pairs is not None and graph.depth_pairs < ENOUGH:
        yield Finding(
            "pairs",
            f"{100.0 * graph.depth_pairs:.0f} % of the colour images have a depth image of the same stamp",
            "switch the driver's frame synchronisation on",
        )
    found, wanted = graph.camera, cell.camera.pinhole
    if found is not None:
        focal = max(abs(found.fx - wanted.fx), abs(found.fy - wanted.fy))
        centre = max(abs(found.cx - wanted.cx), abs(found.cy - wanted.cy))
        same_size = (found.width, found.height) == (wanted.width, wanted.height)
        if not same_size or focal > FOCAL or centre > CENTRE:
            yield Finding(
                "intrinsics",
                f"{CAMERA_INFO} says {_intrinsics(found)}; {cell.files['camera']} says {_intrinsics(wanted)}",
                "set the driver's resolution, or write the camera's own figures into the file",
            )
    stream = graph.streams.get(COLOR)
    if stream is not None and stream.frame and stream.frame != cell.camera.frame:
        yield Finding(
            "camera-frame",
            f"images are in frame '{stream.frame}', the cell's camera is '{cell.camera.frame}'",
            "set the driver's frame id, or optical_frame in the camera's file",
        )


def _intrinsics(camera: PinholeCamera) -> str:
    return (
        f"{camera.width}×{camera.height}, f {camera.fx:.1f}/{camera.fy:.1f},"
        f" c {camera.cx:.1f}/{camera.cy:.1f}"
    )


def _frames(graph: Graph, cell: Cell) -> Iterator[Finding]:
    for child, parents in sorted(graph.parents.items()):
        yield Finding(
            "tf-parents",
            f"frame {child} hangs on {' and '.join(parents)}",
            "end one of the publishers: a driver with publish_tf often is the second",
        )
    if graph.clock is not None and graph.clock <= 0.0:
        return
    for child in (cell.camera.frame, cell.robot.tool_link):
        base_from_child = _lookup(graph, cell.robot.base_link, child)
        if base_from_child is None:
            yield Finding(
                "tf-gap",
                f"tf does not lead from {cell.robot.base_link} to {child}",
                "start robot_state_publisher with this cell; check /tf_static and /joint_states",
            )
        elif child == cell.camera.frame:
            error = invert(cell.camera.base_from_camera) @ base_from_child
            shift, turn = float(np.linalg.norm(error[:3, 3])), rotation_angle(error[:3, :3])
            if shift > PLACE or turn > TURN:
                yield Finding(
                    "tf-camera",
                    f"tf has the camera {1e3 * shift:.0f} mm and {np.degrees(turn):.1f}° from where"
                    f" {cell.files['cell']} has it",
                    "start all nodes again from one launch; let only one publish the camera's transform",
                )


def _lookup(graph: Graph, base: str, child: str) -> FloatArray | None:
    base_from_child, frame, seen = np.eye(4), child, set[str]()
    while frame != base:
        if frame in seen or frame not in graph.frames:
            return None
        seen.add(frame)
        base_from_child = graph.frames[frame].parent_from_child @ base_from_child
        frame = graph.frames[frame].parent
    return base_from_child


def _robot(graph: Graph, cell: Cell, description: Description) -> Iterator[Finding]:
    yield from check_controllers(graph, description)
    if not graph.joints:
        return
    missing = [
        name
        for name in (*cell.robot.joint_names, *cell.end_effector.reported_joints)
        if name not in graph.joints
    ]
    if missing:
        yield Finding(
            "joints",
            f"/joint_states lacks {', '.join(missing)}",
            "activate joint_state_broadcaster of arm and gripper; check the driver's tf_prefix",
        )
    joints = {**cell.robot.joints, **cell.end_effector.joints}
    for name, position in sorted(graph.joints.items()):
        joint = joints.get(name)
        if joint is None or joint.type == "fixed" or joint.mimic is not None:
            continue
        if not joint.lower - JOINT_SLACK <= position <= joint.upper + JOINT_SLACK:
            yield Finding(
                "joint-limits",
                f"{name} stands at {position:.3f}, outside of {joint.lower:.3f} … {joint.upper:.3f}",
                "move it back by the teach pendant; check its zero and the units of the driver",
            )
