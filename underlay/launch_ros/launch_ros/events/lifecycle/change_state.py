"""A lifecycle node is to change its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from launch.event import Event
from lifecycle_msgs.msg import State, Transition

if TYPE_CHECKING:
    from ...actions import LifecycleNode


def _constants(message: type, *prefixes: str) -> dict[int, str]:
    return {getattr(message, name): name for name in dir(message) if name.startswith(prefixes)}


class ChangeState(Event):
    """Asks for a transition of every lifecycle node that the matcher takes."""

    name = "launch_ros.events.lifecycle.ChangeState"

    valid_transitions: ClassVar[dict[int, str]] = {
        getattr(Transition, name): name
        for name in (
            "TRANSITION_CREATE",
            "TRANSITION_CONFIGURE",
            "TRANSITION_CLEANUP",
            "TRANSITION_ACTIVATE",
            "TRANSITION_DEACTIVATE",
            "TRANSITION_UNCONFIGURED_SHUTDOWN",
            "TRANSITION_INACTIVE_SHUTDOWN",
            "TRANSITION_ACTIVE_SHUTDOWN",
            "TRANSITION_DESTROY",
        )
    }
    valid_states: ClassVar[dict[int, str]] = _constants(State, "PRIMARY_STATE_", "TRANSITION_STATE_")

    def __init__(
        self, *, lifecycle_node_matcher: Callable[[LifecycleNode], bool], transition_id: int
    ) -> None:
        """transition_id: of lifecycle_msgs.msg.Transition; ValueError if it is none of the requestable
        ones.
        """
        if transition_id not in self.valid_transitions:
            known = ", ".join(f"{name}: {number}" for number, name in self.valid_transitions.items())
            raise ValueError(f"given transition_id of '{transition_id}', expected one of {{{known}}}")
        self.__lifecycle_node_matcher = lifecycle_node_matcher
        self.__transition_id = transition_id

    @property
    def lifecycle_node_matcher(self) -> Callable[[LifecycleNode], bool]:
        """Whether a node is meant."""
        return self.__lifecycle_node_matcher

    @property
    def transition_id(self) -> int:
        """The transition."""
        return self.__transition_id
