"""Two cells side by side in one domain, each in its namespace: one's stop, doctor and record are its own."""

import functools
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rclpy
from lab_interfaces.action import RunOrder
from lab_interfaces.msg import Outcome, StopState, TaskStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from cell_client import clearing
from cell_run import ROOT, CellRun, wall_wait
from doctor_findings import findings
from lab_node.actions import wait_for
from lab_node.conversions.outcomes import name_of
from lab_node.freshness import Latest
from lab_node.names import within
from lab_node.qos import LATCHED
from lab_node.rclpy_overrides import ActionClient, destroy_actions
from lab_recorder.mcap_file import read_mcap

DOMAIN = "73"
SPACES = ("left", "right")
# What every node of rclpy says and hears outside of its namespace.
EVERYBODY = "/parameter_events"
# The tf tree that one of the cells shares its frames in, and who tells them there.
TREE, SHARING = {"/tf", "/tf_static"}, "/right/shared"


class Client:
    """What a test asks of one cell, by relative names."""

    def __init__(self, space: str) -> None:
        self.node = Node("test_client", namespace=space)
        self.stop_state, self.status = Latest[StopState]("stop state"), Latest[TaskStatus]("status")
        self.frames: set[str] = set()
        self.shared: set[str] = set()
        self.node.create_subscription(StopState, "cell/stop_state", self.stop_state.put, LATCHED)
        self.node.create_subscription(TaskStatus, "task/status", self.status.put, LATCHED)
        for topic, frames in (("tf_static", self.frames), ("/tf_static", self.shared)):
            take = functools.partial(self._take_frames, frames)
            self.node.create_subscription(TFMessage, topic, take, LATCHED)
        self.run_order = ActionClient(self.node, RunOrder, "run_order")
        names = ("lifecycle_manager/is_active", "cell/stop", "cell/reset")
        self._services = {name: self.node.create_client(Trigger, name) for name in names}

    def trigger(self, name: str) -> bool:
        client = self._services[name]
        assert client.wait_for_service(60.0), f"no service {client.srv_name}"
        return bool(wait_for(client.call_async(Trigger.Request()), 20.0, client.srv_name).success)

    def active(self) -> bool:
        client = self._services["lifecycle_manager/is_active"]
        if not client.wait_for_service(0.5):
            return False
        asked = client.call_async(Trigger.Request())
        return wall_wait(asked.done, 2.0) and asked.result().success

    def stopped(self) -> bool:
        said = self.stop_state.peek()
        return said is not None and said.stopped

    def clear(self) -> RunOrder.Result:
        assert self.run_order.wait_for_server(60.0)
        handle = wait_for(self.run_order.send_goal_async(clearing()), 20.0, "run_order")
        assert handle.accepted
        return wait_for(handle.get_result_async(), 180.0, "run_order").result

    def _take_frames(self, frames: set[str], message: TFMessage) -> None:
        frames |= {item.header.frame_id for item in message.transforms}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return {space: tmp_path_factory.mktemp(space) for space in SPACES}


@pytest.fixture(scope="module")
def cells(records):
    os.environ["ROS_DOMAIN_ID"] = DOMAIN
    runs, clients = [], {}
    rclpy.init()
    executor = SingleThreadedExecutor()
    try:
        for seed, space in enumerate(SPACES, start=11):
            arguments = {
                "namespace": space,
                "parts": "1",
                "seed": str(seed),
                "speed": "1.0",  # as fast as they can, two simulators would take both cores from all others
                "look": "plain",
                "tf": "shared" if SHARING.startswith(f"/{space}/") else "own",
                "run": f"{space}_run",
                "record": str(records[space]),
            }
            log = records[space] / "cell.log"
            runs.append(CellRun(ROOT / "launch" / "cell.launch.py", arguments, log))
            clients[space] = Client(space)
            executor.add_node(clients[space].node)
        threading.Thread(target=executor.spin, daemon=True).start()
        for run, client in zip(runs, clients.values(), strict=True):
            wall_wait(lambda run=run, client=client: client.active() or run.ended(), 240.0)
            assert not run.ended(), run.last_words()
            assert client.active(), "the cell did not become active"
        yield clients
    finally:
        with ThreadPoolExecutor() as pool:
            list(pool.map(CellRun.close, runs))
        executor.shutdown()
        for client in clients.values():
            destroy_actions(client.node)
            client.node.destroy_node()
        rclpy.try_shutdown()


def test_no_node_says_or_hears_anything_outside_of_its_namespace(cells):
    node = cells["left"].node
    nodes = [each for each in node.get_node_names_and_namespaces() if each[0] != node.get_name()]
    assert {space for name, space in nodes if name == "motion"} == {"/left", "/right"}
    assert {space for _, space in nodes} == {"/left", "/right", SHARING}
    for name, space in nodes:
        said = node.get_publisher_names_and_types_by_node(name, space)
        heard = node.get_subscriber_names_and_types_by_node(name, space)
        served = node.get_service_names_and_types_by_node(name, space)
        asked = node.get_client_names_and_types_by_node(name, space)
        names = {each for each, _ in (*said, *heard, *served, *asked)} - {EVERYBODY}
        cell = f"/{space.split('/')[1]}"
        outside = {each for each in names if within(each, cell) is None}
        assert outside == (TREE if space == SHARING else set()), f"{space}/{name}"


def test_the_frames_of_each_are_in_a_tree_of_its_own_and_shared_ones_have_a_prefix(cells):
    for client in cells.values():
        assert wall_wait(lambda client=client: "base_link" in client.frames, 20.0)
        assert wall_wait(lambda client=client: "right/base_link" in client.shared, 20.0)
        assert not any(frame.startswith("right/") for frame in client.frames)
        assert all(frame.startswith("right/") for frame in client.shared)


def test_a_stop_is_of_one_cell_as_its_doctor_says_and_the_other_works(cells, tmp_path):
    left, right = cells["left"], cells["right"]
    assert left.trigger("cell/stop")
    assert wall_wait(left.stopped, 5.0)
    known = {"stopped", "topic-slow", "topic-old", "pairs", "diagnostics", "clock-stands"}
    found = {space: examined(space, tmp_path / f"{space}.json", known) for space in SPACES}
    result = right.clear()
    assert name_of(result.outcome) == "SUCCESS", result.outcome.message
    assert (result.presented, result.placed) == (1, 1)
    assert not right.stopped() and left.stopped()
    assert left.clear().outcome.code == Outcome.STOPPED
    said = {space: " ".join(each["what"] for each in found[space]) for space in SPACES}
    assert "an operator stopped the cell" in said["left"] and "stopped" not in said["right"]
    for space in SPACES:
        assert {each["check"] for each in found[space]} <= known, found[space]


def examined(space, report, known):
    """What the doctor finds wrong with the cell of a namespace."""
    words = ["--namespace", space, "--domain", DOMAIN]
    found = findings(report, lambda each: {one["check"] for one in each} <= known, words)
    assert json.loads(report.read_text())["namespace"] == f"/{space}"
    return found


def test_the_one_that_was_stopped_clears_its_table_after_its_reset(cells):
    assert cells["left"].trigger("cell/reset")
    assert wall_wait(lambda: not cells["left"].stopped(), 5.0)
    result = cells["left"].clear()
    assert name_of(result.outcome) == "SUCCESS", result.outcome.message
    assert result.placed == 1


def test_each_has_recorded_its_own_run_under_the_names_of_a_cell_alone(cells, records):
    for space, client in cells.items():
        save = client.node.create_client(Trigger, "recorder/save")
        assert save.wait_for_service(20.0)
        file = Path(wait_for(save.call_async(Trigger.Request()), 20.0, "recorder/save").message)
        assert file.parent == records[space]
        assert wall_wait(file.exists, 20.0)
        messages = read_mcap(file)
        topics = {each.topic for each in messages}
        assert {"/scene/objects", "/joint_states", "/task/status", "/tf_static", "/rosout"} <= topics
        assert not any(topic.startswith(("/left", "/right")) for topic in topics)
        statuses = [each for each in messages if each.topic == "/task/status"]
        runs = {deserialize_message(each.entry.data, TaskStatus).run for each in statuses}
        assert runs == {f"{space}_run"}
