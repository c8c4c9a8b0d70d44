"""Several transitions, one after the other, of lifecycle nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import launch.logging
from launch.action import Action
from launch.actions import EmitEvent, OpaqueFunction
from launch.event import Event
from launch.event_handler import EventHandler
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from lifecycle_msgs.msg import Transition

from ..events.lifecycle import ChangeState, StateTransition
from ..events.matchers import matches_node_name

_SHUTDOWN = ("shuttingdown", "finalized")


class LifecycleTransition(Action):
    """Asks nodes for transitions; each is asked for when the node has completed the one before.

    A node whose transition fails is asked for nothing more.
    """

    transition_targets: ClassVar[dict[int, tuple[str, str]]] = {
        Transition.TRANSITION_CONFIGURE: ("configuring", "inactive"),
        Transition.TRANSITION_CLEANUP: ("cleaningup", "unconfigured"),
        Transition.TRANSITION_ACTIVATE: ("activating", "active"),
        Transition.TRANSITION_DEACTIVATE: ("deactivating", "inactive"),
        Transition.TRANSITION_UNCONFIGURED_SHUTDOWN: _SHUTDOWN,
        Transition.TRANSITION_INACTIVE_SHUTDOWN: _SHUTDOWN,
        Transition.TRANSITION_ACTIVE_SHUTDOWN: _SHUTDOWN,
    }

    def __init__(
        self,
        *,
        lifecycle_node_names: Sequence[SomeSubstitutionsType],
        transition_ids: Sequence[int | SomeSubstitutionsType],
        **kwargs: Any,
    ) -> None:
        """lifecycle_node_names: with namespaces. transition_ids: of lifecycle_msgs.msg.Transition."""
        super().__init__(**kwargs)
        if len(transition_ids) == 0:
            raise ValueError("No transition_ids provided.")
        if len(lifecycle_node_names) == 0:
            raise ValueError("No lifecycle_node_names provided.")
        self.__names = [normalize_to_list_of_substitutions(name) for name in lifecycle_node_names]
        self.__transitions = [
            normalize_to_list_of_substitutions(str(one) if isinstance(one, int) else one)
            for one in transition_ids
        ]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """ValueError if a transition is no number of one."""
        texts = [perform_substitutions(context, one) for one in self.__transitions]
        try:
            transitions = [int(text) for text in texts]
        except ValueError as error:
            raise ValueError(f"expected integer for lifecycle transition, got {texts}") from error
        sequences = [_Sequence(perform_substitutions(context, name), transitions) for name in self.__names]
        for sequence in sequences:
            context.register_event_handler(sequence.handler)
        return [sequence.request() for sequence in sequences]


class _Sequence:
    """The transitions of one node that are still to come."""

    def __init__(self, node_name: str, transitions: list[int]) -> None:
        self._node_name = node_name
        self._is_meant = matches_node_name(node_name)
        self._transitions = list(transitions)
        self._logger = launch.logging.get_logger(__name__)
        self.handler = EventHandler(matcher=self._concerns, entities=OpaqueFunction(function=self._continue))

    def request(self) -> EmitEvent:
        """Ask for the next transition."""
        return EmitEvent(
            event=ChangeState(lifecycle_node_matcher=self._is_meant, transition_id=self._transitions[0])
        )

    def _concerns(self, event: Event) -> bool:
        if not isinstance(event, StateTransition) or not self._is_meant(event.action):
            return False
        expected = LifecycleTransition.transition_targets[self._transitions[0]]
        return event.goal_state == "errorprocessing" or (event.start_state, event.goal_state) == expected

    def _continue(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        failed = context.locals.event.goal_state == "errorprocessing"
        if failed:
            self._logger.info(
                f"Stopping transitions for {self._node_name} because 'error occurred during transitions'"
            )
        elif len(self._transitions) > 1:
            del self._transitions[0]
            return [self.request()]
        context.unregister_event_handler(self.handler)
        return None
