"""The node that answers for Gazebo where its parts are."""

from __future__ import annotations

import threading
import time

import pytest
import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from simulation_interfaces.msg import Bounds, EntityFilters, Result
from simulation_interfaces.srv import GetEntitiesStates

from lab_core.errors import InvalidRequestError
from lab_node.qos import RELIABLE
from lab_simulation.gazebo.parts_node import GazeboPartsNode, matching

PATIENCE = 60.0


@pytest.fixture
def parts(ros):
    node = GazeboPartsNode("gazebo_parts")
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    client = rclpy.create_node("client_of_the_test")
    executor = SingleThreadedExecutor()
    for each in (node, client):
        executor.add_node(each)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield client
    executor.shutdown()
    thread.join()
    node.destroy_node()
    client.destroy_node()


def ask(client, **filters):
    service = client.create_client(GetEntitiesStates, "simulator/get_entities_states")
    assert service.wait_for_service(PATIENCE)
    done = threading.Event()
    future = service.call_async(GetEntitiesStates.Request(filters=EntityFilters(**filters)))
    future.add_done_callback(lambda _: done.set())
    assert done.wait(PATIENCE)
    return future.result()


def told(name, x):
    """As ros_gz_bridge brings it: the model's name as child, the world's as frame."""
    message = TransformStamped(child_frame_id=name)
    message.header.frame_id = "cell"
    message.header.stamp.sec = 7
    message.transform.translation.x = x
    message.transform.rotation.w = 1.0
    return message


def test_the_last_pose_of_each_part_is_told_in_base_link(parts):
    publisher = parts.create_publisher(TransformStamped, "gazebo/parts", RELIABLE)
    deadline = time.monotonic() + PATIENCE
    answer = ask(parts)
    while len(answer.entities) < 2 or answer.states[0].pose.position.x != 0.4:
        assert time.monotonic() < deadline, answer
        for message in (told("box_1", 0.1), told("box_2", 0.2), told("box_1", 0.4)):
            publisher.publish(message)
        answer = ask(parts)
    assert answer.result.result == Result.RESULT_OK
    assert answer.entities == ["box_1", "box_2"]
    assert [state.pose.position.x for state in answer.states] == [0.4, 0.2]
    assert {(state.header.frame_id, state.header.stamp.sec) for state in answer.states} == {("base_link", 7)}
    assert ask(parts, filter="2$").entities == ["box_2"]


def test_a_filter_that_gazebo_cannot_answer_is_refused_in_a_sentence(parts):
    refused = ask(parts, filter="(")
    assert refused.result.result == Result.RESULT_OPERATION_FAILED
    assert "'(' is no regular expression" in refused.result.error_message
    with pytest.raises(InvalidRequestError, match="by their names alone"):
        matching(["box_1"], EntityFilters(bounds=Bounds(type=Bounds.TYPE_BOX)))
