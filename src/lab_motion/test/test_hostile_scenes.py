"""Nothing that comes over a topic makes the world emptier than somebody saw it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from lab_interfaces.action import Pick
from lab_interfaces.msg import GraspArray, Outcome, Scene
from motion_graph import CELL, PART, WIDTH, observed
from vision_msgs.msg import Detection3D, Detection3DArray

from lab_core.errors import InvalidRequestError
from lab_core.geometry import OrientedBox
from lab_core.scene import Part
from lab_motion.conversions import scene_to_plan_in
from lab_motion.errors import InvalidGoal
from lab_motion.planning.port import PlanningScene
from lab_node.conversions.scene import parts_from_detections
from lab_node.qos import LATCHED

NAN, INFINITY = float("nan"), float("inf")
EDGES = [NAN, INFINITY, -INFINITY, -0.05, 0.0, 1e300]


def scene(*objects):
    message = Scene(objects=list(objects))
    message.header.frame_id = CELL.robot.base_link
    return message


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_box_that_cannot_be_refuses_the_scene(axis, edge):
    hostile = observed("hostile", 0.5, 0.2, (0.1, 0.1, 0.1))
    setattr(hostile.box.size, axis, edge)
    with pytest.raises(InvalidRequestError, match=r"objects\[1\]|'hostile'"):
        scene_to_plan_in(scene(observed("sound", 0.5, 0.0, (0.1, 0.1, 0.1)), hostile), "base_link")
    placed = Detection3D(id="hostile", bbox=hostile.box)
    with pytest.raises(InvalidRequestError, match="'hostile', which was placed"):
        parts_from_detections(Detection3DArray(detections=[placed]), "which was placed")


@pytest.mark.parametrize("number", [NAN, INFINITY, 1e300])
def test_a_place_that_cannot_be_refuses_the_scene(number):
    for part, axis in (("position", "x"), ("orientation", "z")):
        hostile = observed("hostile", 0.5, 0.2, (0.1, 0.1, 0.1))
        setattr(getattr(hostile.box.center, part), axis, number)
        with pytest.raises(InvalidRequestError, match=f"center.{part}"):
            scene_to_plan_in(scene(hostile), "base_link")


@pytest.mark.parametrize("edge", EDGES[:-1])
def test_nothing_is_planned_beside_a_box_that_cannot_be(edge):
    """Wherever it comes from: a file of what was placed, a plug-in."""
    with pytest.raises(InvalidGoal, match="'hostile' cannot be"):
        PlanningScene((Part("hostile", OrientedBox(np.eye(4), np.array([0.1, edge, 0.1]))),))
    with pytest.raises(InvalidGoal, match="'hostile' cannot be"):
        PlanningScene(held=Part("hostile", OrientedBox(np.full((4, 4), NAN), np.full(3, 0.1))))


def test_two_objects_of_one_name_refuse_the_scene():
    same = observed("box", 0.5, 0.2, (0.1, 0.1, 0.1))
    with pytest.raises(InvalidRequestError, match="'box', given twice"):
        scene_to_plan_in(scene(same, copy.deepcopy(same)), "base_link")


def publish(graph, objects, ahead=0):
    message = scene(*objects)
    message.header.stamp = graph.node.get_clock().now().to_msg()
    message.header.stamp.sec += ahead
    graph.caller.scenes.publish(message)
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def test_a_scene_that_is_refused_leaves_the_one_before_it(graph):
    grasp = graph.show(beside=0.2)
    hostile = observed(PART, 0.5, 0.05, (0.05, WIDTH, NAN))
    publish(graph, [hostile])
    graph.caller.until(lambda: "/scene/objects" in graph.node.refusals.all(), "never refused")
    (kept,) = graph.node._scenes._kept.values()
    assert [item.id for item in kept.objects] == [PART, "neighbour"]
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.GRASP_EMPTY


def test_when_no_other_scene_comes_the_outcome_says_why(graph):
    graph.caller.until(lambda: graph.caller.scenes.get_subscription_count() > 0, "nobody wants scenes")
    publish(graph, [observed(PART, 0.5, 0.05, (0.05, WIDTH, -1.0))])
    graph.caller.until(lambda: "/scene/objects" in graph.node.refusals.all(), "never refused")
    outcome = graph.caller.run(Pick, Pick.Goal(grasps=[])).outcome
    assert outcome.code == Outcome.STALE_INPUT
    assert "1 were refused, the newest since objects[0].box.size.z is -1.0 m" in outcome.message
    assert not graph.cell.trajectories


def test_a_scene_that_comes_after_the_grasps_on_it_is_waited_for(graph):
    """Another node heard it first."""
    begun = []
    graph.caller.create_subscription(GraspArray, "/motion/grasps", begun.append, LATCHED)
    grasp, scenes = graph.show(beside=0.2), graph.node._scenes
    scene = scenes.newest()
    scenes._kept.clear()
    scenes._newest.put(None)
    handle = graph.caller.send(Pick, Pick.Goal(grasps=[grasp]))
    graph.caller.until(lambda: begun, "the pick did not begin")
    graph.caller.scenes.publish(scene)
    outcome = graph.caller.wait(handle.get_result_async()).result.outcome
    assert outcome.code == Outcome.GRASP_EMPTY, outcome.message


def test_a_scene_from_the_future_is_not_acted_on(graph):
    graph.show()
    stamp = publish(graph, [], ahead=3600)
    graph.caller.until(lambda: stamp in graph.node._scenes._kept, "the scene did not come")
    outcome = graph.caller.run(Pick, Pick.Goal(grasps=[])).outcome
    assert outcome.code == Outcome.STALE_INPUT
    assert "ahead of the clock" in outcome.message
    assert not graph.cell.trajectories
