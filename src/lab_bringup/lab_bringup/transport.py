"""The Fast DDS profile of nodes that send no images: the caller's, with a smaller segment of shared memory.

Fast DDS goes through the whole segment of a participant again and again, so that all of it stays in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from lab_description.graph import Graph, Node

PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
SEGMENT = 2 << 20
"""Bytes; the largest message without an image, a scene of 40 parts, has half of it."""
IMAGES = {"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/PointCloud2"}
_NAMESPACE = "http://www.eprosima.com"


def sends_images(graph: Graph, node: Node) -> bool:
    """Whether a node publishes images, or names by a pattern what it publishes."""
    return any(name not in graph.topics or graph.topics[name].type in IMAGES for name in node.publish)


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
        path = folder / "fastdds_without_images.xml"
        ElementTree.register_namespace("", _NAMESPACE)
        tree.write(path, encoding="UTF-8", xml_declaration=True)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        logging.getLogger("launch").warning(f"all nodes use {named} as it is: {error}")
        return {}
    return {PROFILE: str(path)}
