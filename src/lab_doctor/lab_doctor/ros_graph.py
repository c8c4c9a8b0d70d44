"""Asks the running cell: one node that listens for some seconds and takes notes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import GetState
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import GetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from lab_core.errors import LabError
from lab_core.geometry import FloatArray
from lab_description import Gripper
from lab_description.graph import NodeEntry, extension_names
from lab_description.graph.entries import SIMS
from lab_doctor.graph_checks import CAMERA_INFO, COLOR, DEPTH, GAZEBO, wanted_topics
from lab_doctor.ros_control import INPUTS, LIMIT, StopListener, controller_questions, controllers_of
from lab_doctor.ros_touch import TouchListener
from lab_doctor.snapshot import (
    Configuration,
    Controller,
    Endpoint,
    Graph,
    ImageFacts,
    NodeFacts,
    Parent,
    Stream,
    Topic,
)
from lab_node.conversions.images import depth_in_metres, pinhole_camera
from lab_node.conversions.poses import matrix_from_transform
from lab_node.gate import Gated
from lab_node.message_types import message_class
from lab_node.names import resolve, within

K = TypeVar("K")

# Beginnings of the names of drivers, controllers and bridges that belong to a cell.
DRIVERS = (
    "arm_controller",
    "camera",
    "controller_manager",
    "dashboard_client",
    "force_torque_sensor_broadcaster",
    "gripper",
    "gz_",
    "io_and_",
    "joint_state_broadcaster",
    "launch_ros",
    "realsense",
    "ros_gz",
    "transform_",
    "ur_",
)
# A node that every cell has once.
MANAGER = "lifecycle_manager"
HISTORY = QoSProfile(depth=100, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
EVERY = QoSProfile(depth=100, reliability=QoSReliabilityPolicy.BEST_EFFORT)
# How often a node is asked, and seconds that it has each time.
ASKED, ANSWER = 3, 2.0
# A participant whose first announcement was lost is announced again every three seconds.
LATE_NAMES = 8.0


class Examiner(Gated, Node):
    """Listens to the cell of its own namespace. `present` tells whether there is one; `graph` is what it
    noted, by the names of a cell without a namespace.
    """

    def __init__(self, nodes: Mapping[str, NodeEntry], name: str = "doctor") -> None:
        """nodes: that the cell may have."""
        super().__init__(name)
        self._space = self.get_namespace().rstrip("/")
        self._described = nodes
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self._stamps: dict[str, list[int]] = defaultdict(list)
        self._newest: dict[str, Any] = {}
        self._ages: dict[str, float] = {}
        self._clock_seen: list[int] = []
        self._edges: dict[str, dict[str, FloatArray]] = defaultdict(dict)
        self._diagnostics: dict[str, tuple[int, str]] = {}

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self.destroy_node()

    def spin(self, seconds: float) -> None:
        """Listen."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def present(self, patience: float) -> bool:
        """Whether nodes of a cell show within the time, seconds."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if set(self._names()) & {name for name, node in self._described.items() if node.managed}:
                self.spin(0.5)  # the others follow
                return True
            self.spin(0.1)
        return False

    def extensions(self) -> tuple[str, ...]:
        """Packages whose nodes the cell has, as its recorder was told."""
        request = GetParameters.Request(names=["extensions"])
        question = {"recorder": (GetParameters, "recorder/get_parameters", request)}
        answers = self._call_all(question, LATE_NAMES)
        return extension_names(_value(answers.get("recorder")) or "")

    def graph(self, configuration: Configuration, seconds: float, allowed: Iterable[str]) -> Graph:
        """Listen so long, ask every node, and tell. allowed: names of nodes that are welcome too."""
        self._described = configuration.nodes
        cell, description = configuration.cell, configuration.description
        own = [self.create_subscription(Clock, "/clock", self._take_clock, EVERY)]
        self.spin(0.3)  # ages need the time before the first message
        stop = self._stop_listener()
        effector = None if cell is None else cell.end_effector
        pads = TouchListener(self, effector) if isinstance(effector, Gripper) else None
        wanted = [] if cell is None or description is None else wanted_topics(cell, description)
        for item in wanted:
            kind = message_class(item.kind)
            own.append(
                self.create_subscription(kind, f"{self._space}{item.topic}", self._taker(item.topic), EVERY)
            )
        for topic, qos in (("/tf_static", HISTORY), ("/tf", EVERY)):
            own.append(self.create_subscription(TFMessage, topic, self._take_frames, qos))
        own.append(self.create_subscription(DiagnosticArray, "/diagnostics", self._take_diagnostics, 50))
        self.spin(seconds)
        heard = None if stop is None else stop.facts()
        felt = () if pads is None else pads.facts()
        names = self._names_at_last()
        simulated = "simulator" in names or GAZEBO in names
        nodes = self._ask(names)
        image, depth, info = (self._newest.get(topic) for topic in (COLOR, DEPTH, CAMERA_INFO))
        colour_stamps = set(self._stamps[COLOR])
        joints = self._newest.get("/joint_states")
        graph = Graph(
            simulated=simulated,
            nodes=nodes,
            topics=self._topics(),
            streams={item.topic: self._stream(item.topic) for item in wanted},
            actions=self._actions(),
            frames={child: Parent(*next(iter(edges.items()))) for child, edges in self._edges.items()},
            parents={child: tuple(sorted(edges)) for child, edges in self._edges.items() if len(edges) > 1},
            joints={} if joints is None else dict(zip(joints.name, joints.position, strict=False)),
            clock=(self._clock_seen[-1] - self._clock_seen[0]) * 1e-9 if self._clock_seen else None,
            camera=_camera(info),
            colour=_image(image),
            depth=_image(depth),
            depth_pairs=len(colour_stamps & set(self._stamps[DEPTH])) / len(colour_stamps)
            if len(colour_stamps) > 2
            else None,
            diagnostics=tuple((name, *said) for name, said in sorted(self._diagnostics.items())),
            strangers=tuple(sorted(name for name in set(names) if self._strange(name, allowed))),
            stop=heard,
            controllers=self._controllers(),
            services=self._services_there(),
            pads=felt,
            namespace=self._space,
        )
        for subscription in own:
            self.destroy_subscription(subscription)
        return graph

    def _names(self) -> list[str]:
        """With its namespace where a node is in one: a real cell has several robot_state_publishers."""
        seen = self.get_node_names_and_namespaces()
        seen.remove((self.get_name(), self.get_namespace()))
        found = (self._called(resolve(n, s.rstrip("/"))) for n, s in seen if not n.startswith("_"))
        return [name.lstrip("/") for name in found if name is not None]

    def _called(self, name: str) -> str | None:
        """What the cell calls a name of the whole domain; None: it is not the cell's."""
        spaces = {s.rstrip("/") for n, s in self.get_node_names_and_namespaces() if n == MANAGER}
        return within(name, self._space, spaces - {self._space})

    def _services_there(self) -> dict[str, tuple[str, ...]]:
        """Types by what the cell calls its services."""
        every = ((self._called(name), kinds) for name, kinds in self.get_service_names_and_types())
        return {name: tuple(kinds) for name, kinds in every if name is not None}

    def _names_at_last(self) -> list[str]:
        """Names of the nodes; those that a cell has to have may be heard of late."""
        end = time.monotonic() + LATE_NAMES
        always = {name for name, node in self._described.items() if all(node.expected(sim) for sim in SIMS)}
        while always - set(self._names()) and time.monotonic() < end:
            self.spin(0.2)
        return self._names()

    def _strange(self, name: str, allowed: Iterable[str]) -> bool:
        alone = name.rpartition("/")[2]
        return alone not in (*self._described, *allowed) and not alone.startswith(DRIVERS)

    def _taker(self, topic: str) -> Any:
        def take(message: Any) -> None:
            now = self._clock_seen[-1] if self._clock_seen else self.get_clock().now().nanoseconds
            header = getattr(message, "header", None)
            stamp = now if header is None else Time.from_msg(header.stamp).nanoseconds
            self._stamps[topic].append(stamp)
            self._newest[topic] = message
            self._ages[topic] = (now - stamp) * 1e-9

        return take

    def _take_clock(self, message: Clock) -> None:
        self._clock_seen.append(Time.from_msg(message.clock).nanoseconds)

    def _take_frames(self, message: TFMessage) -> None:
        for item in message.transforms:
            edges = self._edges[item.child_frame_id]
            edges[item.header.frame_id] = matrix_from_transform(item.transform)

    def _take_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._diagnostics[status.name] = (int.from_bytes(status.level, "little"), status.message)

    def _stream(self, topic: str) -> Stream:
        stamps = sorted(set(self._stamps[topic]))
        span = (stamps[-1] - stamps[0]) * 1e-9 if len(stamps) > 1 else 0.0
        newest = self._newest.get(topic)
        return Stream(
            count=len(stamps),
            rate=(len(stamps) - 1) / span if span > 0.0 else None,
            age=self._ages.get(topic),
            frame="" if not hasattr(newest, "header") else newest.header.frame_id,
        )

    def _topics(self) -> dict[str, Topic]:
        topics = {}
        for name, _ in self.get_topic_names_and_types():
            called = self._called(name)
            if called is None:
                continue
            ends = [
                tuple(_endpoint(info) for info in infos if info.node_name != self.get_name())
                for infos in (
                    self.get_publishers_info_by_topic(name),
                    self.get_subscriptions_info_by_topic(name),
                )
            ]
            if any(ends):
                topics[called] = Topic(*ends)
        return topics

    def _actions(self) -> frozenset[str]:
        """Names of the actions that somebody serves."""
        suffix = "/_action/send_goal"
        services = self._services_there()
        return frozenset(name.removesuffix(suffix) for name in services if name.endswith(suffix))

    def _stop_listener(self) -> StopListener | None:
        if "stop" not in self._names():
            return None
        questions = {
            name: (GetParameters, "stop/get_parameters", GetParameters.Request(names=[name]))
            for name in (*INPUTS, LIMIT)
        }
        answers = self._call_all(questions)
        return StopListener(self, {name: _value(answer) for name, answer in answers.items()})

    def _controllers(self) -> tuple[Controller, ...]:
        answers = self._call_all(controller_questions(self._services_there()))
        return tuple(each for manager, answer in answers.items() for each in controllers_of(manager, answer))

    def _ask(self, names: list[str]) -> tuple[NodeFacts, ...]:
        """State and parameters of the nodes, all at once."""
        services = self._services_there()
        questions = {}
        for name in sorted(set(names) & set(self._described)):
            if f"/{name}/get_state" in services:
                questions[name, "state"] = (GetState, f"{name}/get_state", GetState.Request())
            if f"/{name}/get_parameters" in services:
                for wanted in ("use_sim_time", "cell"):
                    request = GetParameters.Request(names=[wanted])
                    questions[name, wanted] = (GetParameters, f"{name}/get_parameters", request)
        answers = self._call_all(questions)
        facts = []
        for name in names:
            state = answers.get((name, "state"))
            facts.append(
                NodeFacts(
                    name,
                    None if state is None else state.current_state.label,
                    _value(answers.get((name, "use_sim_time"))),
                    _value(answers.get((name, "cell"))),
                    answered=name not in self._described or any(node == name for node, _ in answers),
                )
            )
        return tuple(facts)

    def _call_all(self, questions: Mapping[K, tuple[Any, str, Any]], patience: float = 1.0) -> dict[K, Any]:
        """Answers of services, asked all at once: type, name and request; who does not answer is left out.

        patience: for a service to show, seconds. An answer to a client that its server has not discovered yet
        is lost, so that all are asked again.
        """
        clients = {key: self.create_client(kind, name) for key, (kind, name, _) in questions.items()}
        there = [key for key, client in clients.items() if client.wait_for_service(patience)]
        answers: dict[K, Any] = {}
        for _ in range(ASKED):
            waiting = {key: clients[key].call_async(questions[key][2]) for key in there if key not in answers}
            end = time.monotonic() + ANSWER
            while time.monotonic() < end and not all(future.done() for future in waiting.values()):
                self.spin(0.05)
            answers |= {key: future.result() for key, future in waiting.items() if future.done()}
        for client in clients.values():
            self.destroy_client(client)
        return answers


def _value(answer: Any) -> Any:
    if answer is None or not answer.values:
        return None
    value = answer.values[0]
    return {
        ParameterType.PARAMETER_BOOL: value.bool_value,
        ParameterType.PARAMETER_STRING: value.string_value,
        ParameterType.PARAMETER_DOUBLE: value.double_value,
    }.get(value.type)


def _endpoint(info: Any) -> Endpoint:
    return Endpoint(
        info.node_name,
        info.topic_type,
        info.qos_profile.reliability == QoSReliabilityPolicy.RELIABLE,
        info.qos_profile.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )


def _camera(info: CameraInfo | None) -> Any:
    if info is None:
        return None
    try:
        return pinhole_camera(info)
    except LabError:
        return None


def _image(message: Image | None) -> ImageFacts | None:
    if message is None:
        return None
    valid = 1.0
    if message.encoding in ("16UC1", "32FC1"):
        try:
            valid = float(np.isfinite(depth_in_metres(message)).mean())
        except LabError:
            valid = 0.0
    return ImageFacts(message.width, message.height, message.encoding, valid)
