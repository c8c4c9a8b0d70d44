"""The node with real messages: scenes in, grasps out, and what it says when something is missing."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rclpy
from lab_interfaces.action import PlanGrasps
from lab_interfaces.msg import GraspArray, Outcome
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from visualization_msgs.msg import MarkerArray

from lab_core.scene import Scene
from lab_description import config_directory
from lab_grasping.grasp_node import GraspNode
from lab_grasping.testing.synthetic import Solid, at, observe
from lab_node.conversions.poses import matrix_from_pose
from lab_node.conversions.scene import scene_message
from lab_node.qos import LATCHED, RELIABLE
from lab_node.rclpy_overrides import destroy_actions

DEADLINE = 60.0
BLOCK = Solid("box", (0.03, 0.05, 0.04), at(0.50, 0.00, 0.02, 0.4))
POST = Solid("cylinder", (0.015, 0.06), at(0.42, 0.12, 0.03))


def at_time(scene: Scene, stamp: Time) -> SceneMessage:
    """What perception would publish."""
    return scene_message(replace(scene, stamp=stamp.nanoseconds))


class Cell:
    """The node, a perception that says what the test wants, and a task that asks."""

    def __init__(self, **parameters: object) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = GraspNode(parameter_overrides=overrides)
        self.peer = Node("peer_of_the_test")
        self.scenes = self.peer.create_publisher(SceneMessage, "/scene/objects", RELIABLE)
        self.client = ActionClient(self.peer, PlanGrasps, "/plan_grasps")
        self.arrays: list[GraspArray] = []
        self.marker_arrays: list[MarkerArray] = []
        self.peer.create_subscription(GraspArray, "/grasps", self.arrays.append, LATCHED)
        self.peer.create_subscription(MarkerArray, "/grasps/markers", self.marker_arrays.append, LATCHED)
        self.executor = SingleThreadedExecutor()
        for member in (self.node, self.peer):
            self.executor.add_node(member)

    def spin_until(self, condition, what: str) -> None:
        deadline = self.peer.get_clock().now().nanoseconds + int(DEADLINE * 1e9)
        while not condition():
            assert self.peer.get_clock().now().nanoseconds < deadline, f"{what} did not happen"
            self.executor.spin_once(timeout_sec=0.02)

    def start(self) -> Cell:
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        self.spin_until(lambda: self.client.server_is_ready(), "the action server")
        self.spin_until(lambda: self.scenes.get_subscription_count() == 1, "the subscription")
        return self

    def now(self) -> Time:
        return self.peer.get_clock().now()

    def show(self, message: SceneMessage) -> None:
        """Publish a scene and wait until the node has it."""
        self.scenes.publish(message)
        self.spin_until(
            lambda: self.node.newest() is not None and self.node.newest().header == message.header,
            "the arrival of the scene",
        )

    def send(self, **goal: object):
        future = self.client.send_goal_async(PlanGrasps.Goal(**goal))
        self.spin_until(future.done, "the answer to the goal")
        return future.result()

    def plan(self, **goal: object) -> PlanGrasps.Result:
        handle = self.send(**goal)
        assert handle.accepted
        future = handle.get_result_async()
        self.spin_until(future.done, "the result")
        return future.result().result

    def close(self) -> None:
        self.node.end()
        self.executor.shutdown()
        self.node.destroy_node()
        destroy_actions(self.peer)
        self.peer.destroy_node()


@pytest.fixture(scope="module", autouse=True)
def ros() -> Iterator[None]:
    os.environ.setdefault("ROS_DOMAIN_ID", "36")
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def cell() -> Iterator[Cell]:
    made = Cell().start()
    yield made
    made.close()


def test_a_part_is_planned_for(cell: Cell) -> None:
    """Result, topic and markers agree; the stamp is that of the image."""
    message = at_time(observe([BLOCK, POST], noise=0.001), cell.now())
    cell.show(message)
    result = cell.plan(object_id="part_2", max_grasps=5)
    assert result.outcome.code == Outcome.SUCCESS
    assert 1 <= len(result.grasps) <= 5
    assert result.candidates > len(result.grasps)
    assert 0.0 < result.stage.compute < 30.0
    best = result.grasps[0]
    assert best.object_id == "part_2"
    assert best.header == message.header
    assert 0.025 < best.width < best.opening < 0.086
    tcp = matrix_from_pose(best.pose)[:3, 3]
    assert np.linalg.norm(tcp[:2] - [0.42, 0.12]) < 0.02
    cell.spin_until(lambda: bool(cell.arrays and cell.marker_arrays), "publication")
    assert cell.arrays[-1].grasps == result.grasps
    assert len(cell.marker_arrays[-1].markers) == 1 + len(result.grasps)


def test_a_cell_with_a_suction_cup_gets_places_for_its_lip(tmp_path: Path) -> None:
    """The same topics and action; what its planner is called has to be said."""
    table = (config_directory() / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
    path = tmp_path / "cup.yaml"
    path.write_text(table.replace("robotiq_2f85", "suction_20mm"), encoding="utf-8")
    cell = Cell(cell=str(path)).start()
    try:
        slab = Solid("box", (0.06, 0.06, 0.04), at(0.50, 0.00, 0.02, 0.4))
        cell.show(at_time(observe([slab]), cell.now()))
        result = cell.plan(object_id="part_1")
        assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
        best = matrix_from_pose(result.grasps[0].pose)
        assert result.grasps[0].opening == 0.0
        np.testing.assert_allclose(best[:2, 3], [0.5, 0.0], atol=0.006)
        assert best[2, 2] < -0.99
        cell.spin_until(lambda: bool(cell.marker_arrays), "the markers")
        assert len(cell.marker_arrays[-1].markers) == 1 + len(result.grasps)
    finally:
        cell.close()


def test_without_a_name_the_best_part_is_taken(cell: Cell) -> None:
    cell.show(at_time(observe([BLOCK, POST]), cell.now()))
    result = cell.plan()
    assert result.outcome.code == Outcome.SUCCESS
    assert result.grasps[0].object_id in ("part_1", "part_2")


def test_the_same_scene_gives_the_same_grasps(cell: Cell) -> None:
    cell.show(at_time(observe([BLOCK, POST], noise=0.001), cell.now()))
    first = cell.plan(object_id="part_1")
    second = cell.plan(object_id="part_1")
    assert first.grasps == second.grasps


@pytest.mark.parametrize(
    ("object_id", "solids", "code", "words"),
    [
        ("part_9", [BLOCK], Outcome.OBJECT_UNKNOWN, "part_9"),
        ("part_1", [Solid("box", (0.15, 0.15, 0.1), at(0.5, 0.0, 0.05))], Outcome.OBJECT_TOO_WIDE, "85 mm"),
    ],
)
def test_failures_are_outcomes(
    cell: Cell, object_id: str, solids: list[Solid], code: int, words: str
) -> None:
    cell.show(at_time(observe(solids), cell.now()))
    result = cell.plan(object_id=object_id)
    assert result.outcome.code == code
    assert result.outcome.stage == "grasping"
    assert words in result.outcome.message
    assert not result.grasps
    cell.spin_until(lambda: bool(cell.arrays), "publication")
    assert cell.arrays[-1].outcome.code == code


def test_a_part_that_was_hardly_seen(cell: Cell) -> None:
    scene = observe([BLOCK])
    part = replace(scene.objects[0], points=scene.objects[0].points[:5], normals=scene.objects[0].normals[:5])
    cell.show(at_time(replace(scene, objects=(part,)), cell.now()))
    outcome = cell.plan(object_id="part_1").outcome
    assert outcome.code == Outcome.TOO_FEW_POINTS


def test_a_part_among_walls_has_no_grasp(cell: Cell) -> None:
    walls = [
        Solid("box", (0.16, 0.02, 0.12), at(0.5, 0.045, 0.06)),
        Solid("box", (0.16, 0.02, 0.12), at(0.5, -0.045, 0.06)),
        Solid("box", (0.02, 0.07, 0.12), at(0.57, 0.0, 0.06)),
    ]
    cell.show(at_time(observe([Solid("box", (0.05, 0.06, 0.02), at(0.5, 0.0, 0.01)), *walls]), cell.now()))
    outcome = cell.plan(object_id="part_1").outcome
    assert outcome.code == Outcome.NO_GRASP_FOUND, outcome.message


def test_what_perception_could_not_do_is_passed_on(cell: Cell) -> None:
    message = at_time(observe([BLOCK]), cell.now())
    message.objects = []
    message.outcome = Outcome(code=Outcome.NO_OBJECT, stage="perception", message="nothing on the support")
    cell.show(message)
    outcome = cell.plan().outcome
    assert (outcome.code, outcome.stage) == (Outcome.NO_OBJECT, "perception")
    assert outcome.message == "nothing on the support"


def test_old_scenes_are_refused(cell: Cell) -> None:
    """Older than the limit: STALE_INPUT says how old."""
    old = Time(nanoseconds=cell.now().nanoseconds - 3_000_000_000)
    cell.show(at_time(observe([BLOCK]), old))
    outcome = cell.plan(object_id="part_1").outcome
    assert outcome.code == Outcome.STALE_INPUT
    assert "limit is 2.00 s" in outcome.message


def test_a_scene_from_before_the_goal_is_waited_out() -> None:
    """With not_before the node waits for a newer scene, and says so when none comes."""
    cell = Cell(scene_timeout=0.3).start()
    try:
        message = at_time(observe([BLOCK]), cell.now())
        cell.show(message)
        later = Time(nanoseconds=cell.now().nanoseconds + 1_000_000_000).to_msg()
        outcome = cell.plan(object_id="part_1", not_before=later).outcome
        assert outcome.code == Outcome.STALE_INPUT
        assert "is perception running" in outcome.message
    finally:
        cell.close()


def test_cancel_ends_the_wait_for_a_scene(cell: Cell) -> None:
    handle = cell.send(not_before=Time(nanoseconds=2**60).to_msg())
    result = handle.get_result_async()
    cancel = handle.cancel_goal_async()
    cell.spin_until(lambda: cancel.done() and result.done(), "the end of the cancelled goal")
    assert result.result().result.outcome.code == Outcome.CANCELLED


def test_a_malformed_scene_is_named(cell: Cell) -> None:
    message = at_time(observe([BLOCK]), cell.now())
    message.view.depth.encoding = "rgb8"
    cell.show(message)
    outcome = cell.plan(object_id="part_1").outcome
    assert outcome.code == Outcome.INVALID_REQUEST
    assert "rgb8" in outcome.message


def test_goals_are_refused_while_inactive(cell: Cell) -> None:
    assert cell.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert not cell.send(object_id="part_1").accepted


@pytest.mark.parametrize(
    "parameters",
    [{"planner": "nonsense"}, {"cell": "nowhere"}, {"tip_margin": -1.0}, {"max_grasps": "many"}, {"sede": 1}],
    ids=lambda parameters: next(iter(parameters)),
)
def test_impossible_parameters_refuse_to_configure(parameters: dict[str, object]) -> None:
    cell = Cell(**parameters)
    try:
        assert cell.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    finally:
        cell.close()


def test_many_goals_at_once_all_get_answers(cell: Cell) -> None:
    """Planning runs in threads of its own; the executor stays free."""
    cell.show(at_time(observe([BLOCK, POST]), cell.now()))
    handles = [cell.send(object_id=f"part_{1 + k % 2}") for k in range(4)]
    futures = [handle.get_result_async() for handle in handles]
    cell.spin_until(lambda: all(future.done() for future in futures), "all results")
    results = [future.result().result for future in futures]
    assert [result.outcome.code for result in results] == [Outcome.SUCCESS] * 4
    assert results[0].grasps == results[2].grasps
    assert threading.active_count() < 20
