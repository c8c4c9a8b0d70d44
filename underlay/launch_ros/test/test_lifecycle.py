"""Lifecycle events with a real lifecycle node."""

from __future__ import annotations

import os

import pytest
from launch.actions import EmitEvent, OpaqueFunction, RegisterEventHandler, Shutdown, TimerAction
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch_ros import get_default_launch_description
from launch_ros.actions import LifecycleNode, LifecycleTransition, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState, matches_node_name
from lifecycle_msgs.msg import Transition

from launch import LaunchDescription, LaunchService

NODE = """
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

class Demo(LifecycleNode):
    def on_configure(self, state):
        fail = self.declare_parameter("fail", False).value
        return TransitionCallbackReturn.FAILURE if fail else TransitionCallbackReturn.SUCCESS

try:
    rclpy.init()
    rclpy.spin(Demo("demo"))
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""
DEADLINE_SECONDS = 30.0


@pytest.fixture
def domain(monkeypatch):
    """A domain of this process, inside the range that the caller gave."""
    monkeypatch.setenv("ROS_DOMAIN_ID", os.environ.get("ROS_DOMAIN_ID", "10"))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


def launch(*entities) -> int:
    service = LaunchService(noninteractive=True)
    limit = TimerAction(period=DEADLINE_SECONDS, actions=[OpaqueFunction(function=_too_late)])
    service.include_launch_description(LaunchDescription([limit, *entities]))
    return service.run()


def _too_late(context):
    raise TimeoutError(f"the node did not get there within {DEADLINE_SECONDS} s")


def lifecycle_node(**arguments) -> LifecycleNode:
    return LifecycleNode(package="demo", executable="node", name="demo", namespace="cell", **arguments)


def request(node, transition) -> EmitEvent:
    return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))


def test_configure_and_activate_by_events(package, domain):
    package("node", NODE)
    node, seen = lifecycle_node(), []

    def note(context):
        event = context.locals.event
        seen.append((event.start_state, event.goal_state))
        assert event.action is node

    result = launch(
        get_default_launch_description(),
        RegisterEventHandler(OnStateTransition(entities=[OpaqueFunction(function=note)])),
        RegisterEventHandler(
            OnProcessStart(target_action=node, on_start=[request(node, Transition.TRANSITION_CONFIGURE)])
        ),
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                start_state="configuring",
                goal_state="inactive",
                entities=[
                    EmitEvent(
                        event=ChangeState(
                            lifecycle_node_matcher=matches_node_name("/cell/demo"),
                            transition_id=Transition.TRANSITION_ACTIVATE,
                        )
                    )
                ],
            )
        ),
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node, goal_state="active", entities=[Shutdown(reason="active")]
            )
        ),
        node,
    )
    assert result == 0
    assert seen == [
        ("unconfigured", "configuring"),
        ("configuring", "inactive"),
        ("inactive", "activating"),
        ("activating", "active"),
    ]


def test_a_failed_transition_is_an_error_in_the_log(package, domain, capsys):
    package("node", NODE)
    node = lifecycle_node(parameters=[{"fail": True}])
    result = launch(
        RegisterEventHandler(
            OnProcessStart(target_action=node, on_start=[request(node, Transition.TRANSITION_CONFIGURE)])
        ),
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                goal_state="unconfigured",
                # The node answers one request after the other, so that the first answer is in before this
                # one's event.
                entities=[request(node, Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)],
            )
        ),
        RegisterEventHandler(
            OnStateTransition(target_lifecycle_node=node, goal_state="finalized", entities=[Shutdown()])
        ),
        node,
    )
    assert result == 0
    assert (
        "Failed to make transition 'TRANSITION_CONFIGURE' for LifecycleNode '/cell/demo'"
        in capsys.readouterr().out
    )


def test_a_sequence_of_transitions(package, domain):
    package("node", NODE)
    node, done = lifecycle_node(), []
    result = launch(
        node,
        LifecycleTransition(
            lifecycle_node_names=["/cell/demo"],
            transition_ids=[
                Transition.TRANSITION_CONFIGURE,
                Transition.TRANSITION_ACTIVATE,
                Transition.TRANSITION_DEACTIVATE,
            ],
        ),
        RegisterEventHandler(
            OnStateTransition(
                start_state="deactivating",
                goal_state="inactive",
                entities=[OpaqueFunction(function=lambda context: done.append(True)), Shutdown()],
            )
        ),
    )
    assert (result, done) == (0, [True])


def test_a_request_is_given_up_when_the_node_ends(package, domain, capsys):
    package("node", "print('not a node')")
    node = lifecycle_node()
    assert (
        launch_until_idle(
            RegisterEventHandler(
                OnProcessStart(target_action=node, on_start=[request(node, Transition.TRANSITION_CONFIGURE)])
            ),
            node,
        )
        == 0
    )
    assert "Abandoning wait for the '/cell/demo/change_state' service" in capsys.readouterr().out


def launch_until_idle(*entities) -> int:
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription(list(entities)))
    return service.run()


def test_unknown_transitions_and_targets_are_refused():
    with pytest.raises(ValueError, match="TRANSITION_CONFIGURE: 1"):
        ChangeState(lifecycle_node_matcher=lambda node: True, transition_id=99)
    with pytest.raises(RuntimeError, match="LifecycleNode"):
        OnStateTransition(target_lifecycle_node=Node(executable="x"), entities=[])
