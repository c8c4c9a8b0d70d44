"""The Fast DDS profile of nodes that send nothing large: the caller's, with less shared memory.

Fast DDS goes through the whole segment of a participant again and again, so that all of it stays in memory.
But a reader that is halted for more than a second, or killed, leaves messages that it had begun to read in
there, at times for good. A segment that has room for a few messages alone is full then, and nobody hears its
node any more, for minutes: with scenes of 380 kB in 2 MB after 4 of 64 halts of 2 s, in 4 MB and more after
none of 300.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from lab_description.graph import Graph, Node

PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
SEGMENT = 2 << 20
"""Bytes; dozens of the largest messages of nodes that send none of LARGE."""
LARGE = {
    "sensor_msgs/msg/Image",
    "sensor_msgs/msg/CompressedImage",
    "sensor_msgs/msg/PointCloud2",
    "lab_interfaces/msg/Scene",  # up to 1 MB, with 40 parts
}
_NAMESPACE = "http://www.eprosima.com"


def sends_much(graph: Graph, node: Node) -> bool:
    """Whether a node publishes large messages, or names by a pattern what it publishes."""
    return any(name not in graph.topics or graph.topics[name].type in LARGE for name in node.publish)


def with_small_segment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variable that gives a process the caller's profile with a segment of SEGMENT at most.

    The file is written into `folder`. Nothing is changed without a profile, or with one that is no XML, which
    the doctor complains of.
    """
    named = environment.get(PROFILE, "")
    if not named:
        return {}
    try:
        tree = ElementTree.parse(named)
        for descriptor in tree.iter(f"{{{_NAMESPACE}}}transport_descriptor"):
            for name in ("segment_size", "maxMessageSize"):
                size = descriptor.find(f"{{{_NAMESPACE}}}{name}")
                if size is not None and int(size.text or "") > SEGMENT:
                    size.text = str(SEGMENT)
        path = folder / "fastdds_small.xml"
        ElementTree.register_namespace("", _NAMESPACE)
        tree.write(path, encoding="UTF-8", xml_declaration=True)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        logging.getLogger("launch").warning(f"all nodes use {named} as it is: {error}")
        return {}
    return {PROFILE: str(path)}
