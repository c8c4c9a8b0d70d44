"""Nodes that send no images have little shared memory, and still get every image."""

import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from std_msgs.msg import Int32

from lab_bringup.transport import PROFILE, SEGMENT, sends_much, with_small_segment
from lab_description import load_cell
from lab_description.graph import load_graph
from lab_node.qos import qos_of
from lab_node.qos_profiles import PROFILES

DOMAIN = 59
SHIPPED = Path(__file__).parents[3] / "environment" / "fastdds.xml"
# A depth image of 640 by 480 in metres; as many at once as the shared memory has to hold.
BYTES, BURST, IMAGES = 640 * 480 * 4, 4, 100

LISTENER = """
import rclpy
from sensor_msgs.msg import Image
from std_msgs.msg import Int32
from lab_node.qos import qos_of
from lab_node.qos_profiles import PROFILES
rclpy.init()
node = rclpy.create_node("listener")
counted = node.create_publisher(Int32, "counted", 10)
seen = set()
def take(image):
    seen.update({image.header.stamp.sec} - {0})
    counted.publish(Int32(data=len(seen)))
node.create_subscription(Image, "image", take, qos_of(PROFILES["sensor"]))
rclpy.spin(node)
"""


def sizes(file):
    return {
        element.tag.rpartition("}")[2]: int(element.text)
        for element in ElementTree.parse(file).iter()
        if element.tag.endswith(("segment_size", "maxMessageSize"))
    }


def test_only_who_sends_much_keeps_the_memory_for_it():
    graph = load_graph(load_cell("ur5e_table"))
    much = [node.name for node in graph.nodes.values() if sends_much(graph, node)]
    assert much == ["simulator", "perception"]
    # readers that are halted or killed leave some of it taken: room for a dozen scenes of 40 parts
    assert sizes(SHIPPED)["segment_size"] >= 12 << 20


def test_the_profile_is_the_callers_but_for_its_segment(tmp_path):
    small = with_small_segment({PROFILE: str(SHIPPED)}, tmp_path)[PROFILE]
    assert sizes(small) == {"segment_size": SEGMENT, "maxMessageSize": SEGMENT}
    assert sizes(SHIPPED)["segment_size"] > SEGMENT
    before, after = ElementTree.parse(SHIPPED), ElementTree.parse(small)
    assert [each.tag for each in before.iter()] == [each.tag for each in after.iter()]
    assert "127.0.0.1" in Path(small).read_text()


@pytest.mark.parametrize("content", [None, "", "<dds", "<a>&b;</a>"])
def test_a_profile_that_cannot_be_read_stays_as_it_is(tmp_path, content):
    profile = tmp_path / "profile.xml"
    if content is not None:
        profile.write_text(content)
    assert with_small_segment({PROFILE: str(profile)}, tmp_path) == {}
    assert with_small_segment({}, tmp_path) == {}


def test_every_image_arrives_at_a_node_with_little_memory(tmp_path, monkeypatch):
    """Several at once, best effort, from a process with the shipped profile."""
    monkeypatch.setenv(PROFILE, str(SHIPPED))
    small = with_small_segment(os.environ, tmp_path)
    environment = {**os.environ, **small, "ROS_DOMAIN_ID": str(DOMAIN)}
    listener = subprocess.Popen([sys.executable, "-P", "-c", LISTENER], env=environment)
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    node = rclpy.create_node("sender", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    counted: list[int] = []
    node.create_subscription(Int32, "counted", lambda message: counted.append(message.data), 10)
    images = node.create_publisher(Image, "image", qos_of(PROFILES["sensor"]))
    message = Image(height=480, width=640, encoding="32FC1", step=640 * 4)
    message.data = bytes(BYTES)

    def until(condition, what):
        deadline = time.monotonic() + 60.0
        while not condition():
            assert time.monotonic() < deadline and listener.poll() is None, f"{what}; got {counted[-1:]}"
            executor.spin_once(timeout_sec=0.05)

    try:
        for _ in range(120):  # each side finds the other at a time of its own
            if counted:
                break
            images.publish(message)
            heard = time.monotonic() + 0.5
            until(lambda until=heard: counted or time.monotonic() > until, "nothing counted")
        for number in range(1, IMAGES + 1):
            message.header.stamp.sec = number
            images.publish(message)
            if number % BURST == 0:
                until(lambda wanted=number: counted[-1] >= wanted, f"{number} images sent")
        assert counted[-1] == IMAGES
    finally:
        listener.kill()
        listener.wait()
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
