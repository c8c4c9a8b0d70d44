"""A lifecycle node as a process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import launch.logging
from launch.actions import OpaqueFunction
from launch.event_handler import EventHandler
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from lifecycle_msgs.msg import TransitionEvent
from lifecycle_msgs.srv import ChangeState as ChangeStateService
from rclpy.client import Client

from ..events.lifecycle import ChangeState, StateTransition
from ..ros_adapters import get_ros_node
from .node import Node

_POLL_SECONDS = 0.1


class LifecycleNode(Node):
    """Runs a lifecycle node; emits StateTransition when its state changes, changes it on ChangeState.

    A request waits until the node offers its `change_state` service; it is given up when the launch ends.
    """

    def __init__(
        self, *, name: SomeSubstitutionsType, namespace: SomeSubstitutionsType, **kwargs: Any
    ) -> None:
        """Further arguments are those of Node."""
        super().__init__(name=name, namespace=namespace, **kwargs)
        self.__logger = launch.logging.get_logger(__name__)
        self.__client: Client | None = None

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        self._perform_substitutions(context)
        node = get_ros_node(context)
        node.create_subscription(
            TransitionEvent,
            f"{self.node_name}/transition_event",
            lambda msg: self.__on_transition(context, msg),
            10,
        )
        self.__client = node.create_client(ChangeStateService, f"{self.node_name}/change_state")
        context.register_event_handler(
            EventHandler(
                matcher=lambda event: isinstance(event, ChangeState) and event.lifecycle_node_matcher(self),
                entities=[OpaqueFunction(function=self.__on_change_state)],
            )
        )
        return super().execute(context)

    def __on_transition(self, context: LaunchContext, msg: TransitionEvent) -> None:
        """In the thread of the executor."""
        loop = context.asyncio_loop
        if loop is not None:
            loop.call_soon_threadsafe(context.emit_event_sync, StateTransition(action=self, msg=msg))

    def __on_change_state(self, context: LaunchContext) -> None:
        transition = context.locals.event.transition_id
        task = asyncio.get_running_loop().create_task(self.__change_state(context, transition))
        context.add_completion_future(task)

    async def __change_state(self, context: LaunchContext, transition_id: int) -> None:
        client = self.__client
        assert client is not None
        request = ChangeStateService.Request()
        request.transition.id = transition_id
        while not client.service_is_ready():
            if self.__gives_up(context, f"'{client.srv_name}' service"):
                return
            await asyncio.sleep(_POLL_SECONDS)
        loop, answered = asyncio.get_running_loop(), asyncio.Event()
        response = client.call_async(request)
        response.add_done_callback(lambda _: loop.call_soon_threadsafe(answered.set))
        while not response.done():
            if self.__gives_up(context, f"'{client.srv_name}' service response"):
                response.cancel()
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(answered.wait(), timeout=_POLL_SECONDS)
        if not response.result().success:
            self.__logger.error(
                f"Failed to make transition '{ChangeState.valid_transitions[transition_id]}' "
                f"for LifecycleNode '{self.node_name}'"
            )

    def __gives_up(self, context: LaunchContext, what: str) -> bool:
        """Whether the launch or the node has ended."""
        future = self.get_asyncio_future()
        if context.is_shutdown:
            reason = "shutdown"
        elif future is not None and future.done():
            reason = f"the end of LifecycleNode '{self.node_name}'"
        else:
            return False
        self.__logger.warning(f"Abandoning wait for the {what}, due to {reason}.")
        return True
