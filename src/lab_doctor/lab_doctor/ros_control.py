"""Listens to the stop node and its inputs, and asks controller managers."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from lab_interfaces.msg import StopState
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import Range
from std_msgs.msg import Bool, Float64

from lab_doctor.snapshot import Controller, StopFacts, StopInput
from lab_node.qos import LATCHED

# Parameters of the stop node that name its inputs, those that tell of changes only, and the others' limit.
INPUTS = {"hardware_topic": Bool, "presence_topic": Range, "running_topic": Bool, "speed_topic": Float64}
KEPT = ("running_topic",)
LIMIT = "input_timeout"
STREAM = QoSProfile(depth=100, reliability=QoSReliabilityPolicy.BEST_EFFORT)
LIST_CONTROLLERS = "controller_manager_msgs/srv/ListControllers"


class StopListener:
    """Hears the stop node, and the inputs that its parameters name, from when it is made."""

    def __init__(self, node: Node, parameters: Mapping[str, Any]) -> None:
        """parameters: values of those of INPUTS and LIMIT; one that is not known may be left out."""
        self._node = node
        self._state: StopState | None = None
        self._heard: dict[str, float] = {}
        self._limit = float(parameters.get(LIMIT) or 0.0)
        self._topics = {name: parameters[name] for name in INPUTS if parameters.get(name)}
        self._own = [node.create_subscription(StopState, "cell/stop_state", self._take, STREAM)]
        for name, topic in self._topics.items():
            qos = LATCHED if name in KEPT else STREAM
            self._own.append(node.create_subscription(INPUTS[name], topic, self._hearer(topic), qos))

    def facts(self) -> StopFacts:
        """What was heard until now; it listens no longer."""
        now = time.monotonic()
        inputs = tuple(
            StopInput(
                name,
                topic if topic.startswith("/") else f"/{topic}",
                f"{INPUTS[name].__module__.split('.')[0]}/msg/{INPUTS[name].__name__}",
                now - self._heard[topic] if topic in self._heard else None,
                math.inf if name in KEPT else self._limit,
            )
            for name, topic in self._topics.items()
        )
        for subscription in self._own:
            self._node.destroy_subscription(subscription)
        if self._state is None:
            return StopFacts(said=False, inputs=inputs)
        return StopFacts(True, bool(self._state.stopped), self._state.reason, inputs)

    def _take(self, state: StopState) -> None:
        self._state = state

    def _hearer(self, topic: str) -> Any:
        def hear(message: Any) -> None:
            self._heard[topic] = time.monotonic()

        return hear


def controller_questions(services: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[Any, str, Any]]:
    """What to ask each controller manager of a cell, by its name; services: types by name.

    Empty where ros2_control is not installed: then no controller manager of this machine runs either.
    """
    found = [name for name, kinds in services.items() if LIST_CONTROLLERS in kinds]
    try:
        kind = import_module("controller_manager_msgs.srv").ListControllers
    except ImportError:
        return {}
    return {
        name.removesuffix("/list_controllers"): (kind, name.lstrip("/"), kind.Request()) for name in found
    }


def controllers_of(manager: str, answer: Any) -> list[Controller]:
    """Controllers in the answer of a controller manager."""
    return [Controller(item.name, item.state, manager) for item in answer.controller]
