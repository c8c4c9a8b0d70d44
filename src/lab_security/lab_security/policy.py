"""Who may say and hear what: config/security.yaml, and what follows from it in names of DDS topics.

Names of DDS topics: design.ros2.org/articles/topic_and_service_names.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab_core.errors import ConfigurationError
from lab_description.schema import parse, read_yaml

# What rclpy does for every node, and lifecycle for the managed ones; ~ is the node's own name.
PUBLISHED = ("/parameter_events", "/rosout")
SUBSCRIBED = ("/clock",)
PARAMETERS = ("describe_parameters", "get_parameter_types", "get_parameters", "list_parameters")
SERVED = (*PARAMETERS, "set_parameters", "set_parameters_atomically", "get_type_description")
LIFECYCLE = ("change_state", "get_state", "get_available_states", "get_available_transitions")
MANAGED_SERVED = (*LIFECYCLE, "get_transition_graph")
ACTION_SERVICES = ("send_goal", "cancel_goal", "get_result")
ACTION_TOPICS = ("feedback", "status")
# Of rmw itself: which node belongs to which participant.
DISCOVERY = "ros_discovery_info"


@dataclass(frozen=True)
class NodePolicy:
    """What one node may do, beside what every node may. Names are absolute; those with * are patterns.

    managed: it has a lifecycle. publish, subscribe: topics. serve, call: services. act, ask: actions that it
    serves, and that it sends goals to.
    """

    managed: bool = True
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()
    call: tuple[str, ...] = ()
    act: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in ("publish", "subscribe", "serve", "call", "act", "ask"):
            for name in getattr(self, kind):
                if not name.startswith("/"):
                    raise ValueError(f"{kind}: {name!r} is not absolute, expected /{name}")


@dataclass(frozen=True)
class Policy:
    """Content of config/security.yaml: policies by name of the node."""

    nodes: Mapping[str, NodePolicy]


@dataclass(frozen=True, slots=True)
class Permissions:
    """DDS topics that a participant may write and read, sorted."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def load_policy(path: Path) -> Policy:
    """The policy of a file.

    Raises ConfigurationError, which names file, key and fix.
    """
    policy = parse(Policy, read_yaml(path), path)
    for name in policy.nodes:
        if not name.replace("_", "").isalnum():
            raise ConfigurationError(f"{path}: nodes.{name}: not the name of a node")
    return policy


def permissions(node: str, policy: NodePolicy) -> Permissions:
    """What the node needs of DDS."""
    served = [f"/{node}/{name}" for name in SERVED + (MANAGED_SERVED if policy.managed else ())]
    published = [*PUBLISHED, *([f"/{node}/transition_event", "/diagnostics"] if policy.managed else [])]
    write = {DISCOVERY, *(f"rt{name}" for name in (*published, *policy.publish))}
    read = {DISCOVERY, *(f"rt{name}" for name in (*SUBSCRIBED, *policy.subscribe))}
    serving = [*served, *policy.serve, *_services(policy.act)]
    calling = [*policy.call, *_services(policy.ask)]
    write |= {f"rr{name}Reply" for name in serving} | {f"rq{name}Request" for name in calling}
    read |= {f"rq{name}Request" for name in serving} | {f"rr{name}Reply" for name in calling}
    write |= {f"rt{name}/_action/{topic}" for name in policy.act for topic in ACTION_TOPICS}
    read |= {f"rt{name}/_action/{topic}" for name in policy.ask for topic in ACTION_TOPICS}
    return Permissions(tuple(sorted(write)), tuple(sorted(read)))


def _services(actions: tuple[str, ...]) -> list[str]:
    return [f"{action}/_action/{service}" for action in actions for service in ACTION_SERVICES]
