"""The graph of one cell: nodes in their order of start, and what they say to whom; names are absolute."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab_description.graph.entries import ActionEntry, NodeEntry, ServiceEntry, Sim, TopicEntry
from lab_node.names import enclave, resolve


@dataclass(frozen=True, kw_only=True)
class Topic(TopicEntry):
    """A topic. publishers, subscribers: names of nodes; patterns are not counted."""

    name: str
    publishers: tuple[str, ...]
    subscribers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Service(ServiceEntry):
    """A service, and the nodes that serve it."""

    name: str
    servers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Action(ActionEntry):
    """An action, and the nodes that serve it."""

    name: str
    servers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Node(NodeEntry):
    """A node; what it says and hears by absolute names and patterns. file: that describes it."""

    name: str
    file: Path
    namespace: str = ""

    @property
    def path(self) -> str:
        """Its name with its namespace."""
        return resolve(self.name, self.namespace)

    @property
    def enclave(self) -> str:
        """Where its keys are."""
        return enclave(self.name, self.namespace)


@dataclass(frozen=True)
class Graph:
    """Everything by name; nodes in their order of start. extensions: packages that added their pieces.

    namespace: in front of the names, "" or such as "/left"; nodes are called without it.
    """

    nodes: Mapping[str, Node]
    topics: Mapping[str, Topic]
    services: Mapping[str, Service]
    actions: Mapping[str, Action]
    extensions: tuple[str, ...] = ()
    namespace: str = ""

    def started(self, sim: Sim, wanted: Collection[str] = ()) -> list[Node]:
        """The nodes that the launch file starts. wanted: launch arguments of `when` that are true."""
        return [node for node in self.nodes.values() if node.started(sim, wanted)]

    def expected(self, sim: Sim) -> list[Node]:
        """The nodes that a cell that runs has."""
        return [node for node in self.nodes.values() if node.expected(sim)]

    def awaited(self) -> dict[str, str]:
        """Topics that have to be there before a node is configured, and the device behind each."""
        found = {t.name: t.device for t in self.topics.values() if t.awaited}
        found |= {f"{a.name}/_action/status": a.device for a in self.actions.values() if a.awaited}
        return {name: device for name, device in found.items() if device is not None}
