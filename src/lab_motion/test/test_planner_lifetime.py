"""A planner of the node's is ended before another is loaded: MoveIt bears one at a time in a process."""

from __future__ import annotations

import pytest
from rclpy.lifecycle import TransitionCallbackReturn

from lab_core.errors import ConfigurationError
from lab_motion.motion import Motion
from lab_motion.motion_node import MotionNode
from lab_motion.planning.port import PLANNERS


@pytest.fixture
def happened(monkeypatch):
    """What happens to planners, in order; the planner is the one that is always there."""
    events = []
    make = MotionNode.make_plugin

    def made(node, port, name, *arguments):
        if port is not PLANNERS:
            return make(node, port, name, *arguments)
        planner = make(node, port, "embedded", *arguments)
        number = sum(event.startswith("loaded") for event in events)
        events.append(f"loaded {number}")
        monkeypatch.setattr(planner, "close", lambda: events.append(f"closed {number}"), raising=False)
        return planner

    monkeypatch.setattr(MotionNode, "make_plugin", made)
    return events


@pytest.fixture
def node(ros):
    made = MotionNode()
    yield made
    made.end()
    made.destroy_node()


def test_a_planner_ends_when_what_comes_after_it_fails_and_at_cleanup(node, happened, monkeypatch):
    def refuse(*_):
        raise ConfigurationError("not today")

    with monkeypatch.context() as patch:
        patch.setattr(Motion, "warm_up", refuse)
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert happened == ["loaded 0", "closed 0"]
    monkeypatch.setattr(Motion, "warm_up", lambda *_: None)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    node.end()
    assert happened[2:] == ["loaded 1", "closed 1", "loaded 2", "closed 2"]


def test_a_planner_that_an_error_left_behind_ends_before_another_is_loaded(node, happened, monkeypatch):
    monkeypatch.setattr(Motion, "warm_up", lambda *_: None)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    with monkeypatch.context() as patch:
        patch.setattr(node, "activate", lambda: 1 // 0)
        assert node.trigger_activate() == TransitionCallbackReturn.ERROR
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert happened == ["loaded 0", "closed 0", "loaded 1"]
