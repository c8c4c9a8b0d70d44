"""Whether the nodes of a running cell say what the description of the graph promises: type, QoS, by whom."""

from __future__ import annotations

from collections.abc import Iterator

from lab_description.graph import Graph as Description
from lab_description.graph import Topic as Described
from lab_description.graph.entries import Sim
from lab_doctor.finding import Finding
from lab_doctor.snapshot import Endpoint, Graph
from lab_node.qos_profiles import Profile


def check_described(graph: Graph, description: Description, sim: Sim) -> Iterator[Finding]:
    """What the nodes that run and answer do not say, say otherwise, and what others say in their place.

    Topics whose messages are looked at themselves, and those that anyone may publish, are left out.
    """
    working = {node.name for node in graph.nodes if node.answered and node.state in (None, "active")}
    started = [node for node in description.started(sim) if node.name in working]
    for topic in description.topics.values():
        if topic.anyone or topic.maximum_age is not None:
            continue
        for node in started:
            if topic.name in node.publish:
                yield from _said(graph, topic, node.name, str(node.file))
        if topic.device is None or sim == "mujoco":
            yield from _others(graph, topic)
    for action in description.actions.values():
        for node in started:
            if action.device is None and action.name in node.act and action.name not in graph.actions:
                yield Finding(
                    "action-missing",
                    f"{node.name} does not serve {action.name}, which {node.file} promises",
                    f"see the log of {node.name}, or correct the file",
                )
    for name, kinds in graph.services.items():
        service = description.services.get(name)
        if service is not None and kinds and service.type not in kinds:
            yield Finding(
                "service-type",
                f"{name} is {', '.join(kinds)}, expected {service.type}",
                "let its server use that type, or correct graph.yaml",
            )


def _said(graph: Graph, topic: Described, node: str, file: str) -> Iterator[Finding]:
    """How a node publishes a topic."""
    live = graph.topics.get(topic.name)
    ends = [] if live is None else [end for end in live.publishers if end.node == node]
    if live is None or not ends:
        yield Finding(
            "publisher-missing",
            f"{node} does not publish {topic.name}, which {file} promises",
            f"see the log of {node}, or correct the file",
        )
        return
    offered = Profile(1, ends[0].reliable, ends[0].latched)
    if ends[0].kind != topic.type:
        yield Finding(
            "topic-type",
            f"{topic.name} is {ends[0].kind}, expected {topic.type}",
            f"let {node} publish it as {topic.type}, or correct {file}",
        )
    elif not offered.serves(topic.profile) and all(_heard(offered, end) for end in live.subscribers):
        yield Finding(
            "qos",
            f"{node} offers {topic.name} {_words(offered)}, and {file} promises {_words(topic.profile)}",
            f"publish it with the profile '{topic.qos}' of lab_node.qos",
        )


def _others(graph: Graph, topic: Described) -> Iterator[Finding]:
    """Who publishes a topic that is somebody else's."""
    live = graph.topics.get(topic.name)
    others = sorted({end.node for end in live.publishers} - {*topic.publishers}) if live else []
    if others and topic.publishers:
        yield Finding(
            "publisher",
            f"{topic.name} comes from {', '.join(others)} too, expected {', '.join(topic.publishers)} alone",
            "end it, or describe it in a graph.yaml of an extension",
        )


def _heard(offered: Profile, subscriber: Endpoint) -> bool:
    return offered.serves(Profile(1, subscriber.reliable, subscriber.latched))


def _words(profile: Profile) -> str:
    reliable = "reliable" if profile.reliable else "best effort"
    return f"{reliable} and {'transient local' if profile.latched else 'volatile'}"
