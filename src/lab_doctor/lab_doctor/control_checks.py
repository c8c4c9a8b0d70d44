"""What lets the cell move: the stop node, its inputs, and the controllers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lab_description.graph import Graph as Description
from lab_doctor.finding import Finding
from lab_doctor.snapshot import Graph, StopInput

RESET = "when its cause is gone: ros2 service call {}/cell/reset std_srvs/srv/Trigger"


def check_stop(graph: Graph) -> Iterator[Finding]:
    """Whether the cell may move, and why not; nothing when there is no stop node or it is not active."""
    if graph.stop is None or not any(n.name == "stop" and n.state == "active" for n in graph.nodes):
        return
    for item in graph.stop.inputs:
        yield from _input(graph, item)
    if not graph.stop.said:
        yield Finding(
            "stop-silent",
            "the stop node is active and says nothing on /cell/stop_state: nothing moves",
            "see the log of the stop node and start the cell again",
        )
    elif graph.stop.stopped:
        yield Finding("stopped", f"the cell is stopped: {graph.stop.reason}", RESET.format(graph.namespace))


def _input(graph: Graph, item: StopInput) -> Iterator[Finding]:
    topic = graph.topics.get(item.topic)
    if topic is None or not topic.publishers:
        yield Finding(
            "stop-input",
            f"nobody publishes {item.topic}, which {item.parameter} of the stop node names: the cell stays"
            " stopped",
            f"start its driver, or correct {item.parameter} in nodes.yaml",
        )
    elif topic.publishers[0].kind != item.kind:
        yield Finding(
            "stop-input",
            f"{item.topic} is {topic.publishers[0].kind}, the stop node expects {item.kind}",
            f"let {topic.publishers[0].node} publish it as {item.kind}",
        )
    elif item.silence is None or item.silence > item.limit:
        heard = "sends nothing" if item.silence is None else f"has been silent for {item.silence:.2f} s"
        limit = f", the stop node's limit is {item.limit:.2f} s" if math.isfinite(item.limit) else ""
        yield Finding(
            "stop-input",
            f"{topic.publishers[0].node} offers {item.topic} and {heard}{limit}",
            "check the device and the log of its driver",
        )


def check_controllers(graph: Graph, description: Description) -> Iterator[Finding]:
    """Whether the controllers are there, and active where a controller manager tells: an inactive one still
    offers its action, and refuses every goal. While the cell is stopped that of the arm is to be inactive.
    """
    stopped = graph.stop is not None and graph.stop.stopped
    devices = {action.name: action.device for action in description.actions.values() if action.device}
    for action in devices:
        if action not in graph.actions:
            yield Finding(
                "controller",
                f"no controller serves {action}",
                f"ros2 control switch_controllers --activate {_controller(action)}",
            )
    served = {_controller(action): device for action, device in devices.items() if action in graph.actions}
    for each in graph.controllers:
        if stopped and each.state == "inactive" and served.get(each.name) == "robot":
            continue
        if each.name in (*served, "joint_state_broadcaster") and each.state != "active":
            yield Finding(
                "controller",
                f"controller {each.name} of {each.manager} is {each.state}, expected active",
                f"ros2 control switch_controllers -c {graph.namespace}{each.manager} --activate {each.name}"
                if each.state == "inactive"
                else f"see the log of {each.manager} for why, and start the drivers again",
            )


def _controller(action: str) -> str:
    return action.strip("/").split("/")[0]
