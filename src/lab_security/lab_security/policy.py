"""Who may say and hear what, in names of DDS topics, from the description of the graph.

Names of DDS topics: design.ros2.org/articles/topic_and_service_names.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab_description.graph import Node
from lab_node.names import resolve

# What rclpy does for every node, and lifecycle for the managed ones; ~ is the node's own name.
PUBLISHED = ("/parameter_events", "/rosout")
SUBSCRIBED = ("/clock",)
DIAGNOSTICS = "/diagnostics"
PARAMETERS = ("describe_parameters", "get_parameter_types", "get_parameters", "list_parameters")
SERVED = (*PARAMETERS, "set_parameters", "set_parameters_atomically", "get_type_description")
LIFECYCLE = ("change_state", "get_state", "get_available_states", "get_available_transitions")
MANAGED_SERVED = (*LIFECYCLE, "get_transition_graph")
CANCEL = "cancel_goal"
ACTION_SERVICES = ("send_goal", CANCEL, "get_result")
ACTION_TOPICS = ("feedback", "status")
# Of rmw itself: which node belongs to which participant.
DISCOVERY = "ros_discovery_info"


@dataclass(frozen=True, slots=True)
class Permissions:
    """DDS topics that a participant may write and read, sorted."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions(node: Node) -> Permissions:
    """What the node needs of DDS: what its description names, and what every node does."""
    served = [f"{node.path}/{name}" for name in SERVED + (MANAGED_SERVED if node.managed else ())]
    published = [*PUBLISHED, *([f"{node.path}/transition_event", DIAGNOSTICS] if node.managed else [])]
    write = {DISCOVERY, *(f"rt{resolve(name, node.namespace)}" for name in (*published, *node.publish))}
    read = {DISCOVERY, *(f"rt{resolve(name, node.namespace)}" for name in (*SUBSCRIBED, *node.subscribe))}
    serving = [*served, *node.serve, *_services(node.act, ACTION_SERVICES)]
    calling = [*node.call, *_services(node.ask, ACTION_SERVICES), *_services(node.cancel, (CANCEL,))]
    write |= {f"rr{name}Reply" for name in serving} | {f"rq{name}Request" for name in calling}
    read |= {f"rq{name}Request" for name in serving} | {f"rr{name}Reply" for name in calling}
    write |= {f"rt{name}/_action/{topic}" for name in node.act for topic in ACTION_TOPICS}
    read |= {f"rt{name}/_action/{topic}" for name in node.ask for topic in ACTION_TOPICS}
    return Permissions(tuple(sorted(write)), tuple(sorted(read)))


def _services(actions: Sequence[str], services: Sequence[str]) -> list[str]:
    return [f"{action}/_action/{service}" for action in actions for service in services]
