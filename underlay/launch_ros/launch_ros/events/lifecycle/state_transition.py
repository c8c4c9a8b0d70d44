"""A lifecycle node has changed its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.event import Event
from lifecycle_msgs.msg import TransitionEvent

if TYPE_CHECKING:
    from ...actions import LifecycleNode


class StateTransition(Event):
    """Emitted when a lifecycle node of the launch says that it is in another state."""

    name = "launch_ros.events.lifecycle.StateTransition"

    def __init__(self, *, action: LifecycleNode, msg: TransitionEvent) -> None:
        self.__action = action
        self.__msg = msg

    @property
    def action(self) -> LifecycleNode:
        """The action that started the node."""
        return self.__action

    @property
    def msg(self) -> TransitionEvent:
        """The node's message."""
        return self.__msg

    @property
    def timestamp(self) -> int:
        """When, nanoseconds, as the node says."""
        return int(self.__msg.timestamp)

    @property
    def transition(self) -> str:
        """Label of the transition, for example 'configure'."""
        return str(self.__msg.transition.label)

    @property
    def start_state(self) -> str:
        """Label of the state before, for example 'configuring'."""
        return str(self.__msg.start_state.label)

    @property
    def goal_state(self) -> str:
        """Label of the state afterwards, for example 'inactive'."""
        return str(self.__msg.goal_state.label)
