"""Takes the arm's controller out of service while the cell is stopped, where ros2_control runs it.

A controller that is active takes goals of anybody; one that is inactive refuses them, and its joints keep the
positions that it commanded last. Only controllers that command positions are deactivated: an arm that is held
by efforts would fall, one that is driven by velocities would drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from controller_manager_msgs.srv import ListControllers, SwitchController
from rclpy.client import Client
from rclpy.node import Node

_LIST, _SWITCH = "/list_controllers", "/switch_controller"
_LIST_TYPE = "controller_manager_msgs/srv/ListControllers"
# Turns of the node, 20 a second: until managers are asked again, where something is to change and where not;
# until a question that nobody answers is asked again; and until who waits for a controller gives up.
_SOON, _LATER, _DEAF, _PATIENCE = 4, 20, 40, 100


class ArmControllers:
    """The controllers behind some actions, of managers in the node's namespace."""

    def __init__(self, node: Node, actions: Iterable[str], failed: Callable[[str], None]) -> None:
        """actions: by name. failed: called with a sentence when a controller does not become active again."""
        self._node, self._failed = node, failed
        self._names = {node.resolve_service_name(action).rpartition("/")[0] for action in actions}
        self._clients: dict[str, Client] = {}
        self._asked: dict[str, tuple[Any, int]] = {}
        self._locked = False
        self._taken: dict[str, set[str]] = {}  # what was deactivated here, by manager
        self._why = ""
        self._turns = self._due = self._unlocked = 0

    def lock(self, locked: bool) -> None:
        """From now on they are to be inactive, or as they were before."""
        if locked != self._locked:
            self._locked, self._unlocked, self._why = locked, self._turns, ""
            self._look()

    @property
    def waits(self) -> str:
        """What is not active again yet; empty when the arm may be told to move, or is locked."""
        names = sorted(name for taken in self._taken.values() for name in taken)
        return f"{', '.join(names)} is being activated again" if names and not self._locked else ""

    def turn(self) -> None:
        """Called 20 times a second."""
        self._turns += 1
        if self.waits and self._turns - self._unlocked == _PATIENCE:
            managers = ", ".join(sorted(manager for manager, taken in self._taken.items() if taken))
            self._failed(f"{self.waits}, in vain: {self._why or f'{managers} does not answer'}")
        if self._turns >= self._due:
            self._look()

    def _look(self) -> None:
        """Find managers, and ask each what its controllers do where that matters."""
        self._due = self._turns + (_SOON if self.waits else _LATER)
        for name, kinds in self._node.get_service_names_and_types():
            if _LIST_TYPE in kinds and name.endswith(_LIST):
                manager = name.removesuffix(_LIST)
                if any(_namespace(manager) == _namespace(each) for each in self._names):
                    self._taken.setdefault(manager, set())
                    # a client that was only just made is not heard yet: both are there before they are needed
                    self._client(ListControllers, manager + _LIST)
                    self._client(SwitchController, manager + _SWITCH)
        for manager, taken in self._taken.items():
            if self._locked or taken:
                self._ask(ListControllers, manager + _LIST, ListControllers.Request(), self._take_list)

    def _take_list(self, manager: str, answer: Any) -> None:
        """Switch what is not as it should be."""
        if self._awaits(manager + _SWITCH):
            return  # this may be from before the switch: believed, it would leave a controller inactive
        taken, active, inactive = self._taken[manager], [], []
        for each in answer.controller:
            if f"{_namespace(manager)}/{each.name}" not in self._names:
                continue
            if each.state == "active" and _by_positions(each):
                active.append(each.name)
            elif each.state == "inactive" and each.name in taken:
                inactive.append(each.name)
        if self._locked:
            taken.update(active)
            self._switch(manager, deactivate_controllers=active)
        else:
            taken.difference_update(active)
            taken.intersection_update(each.name for each in answer.controller)  # one may have been unloaded
            self._switch(manager, activate_controllers=inactive)

    def _switch(self, manager: str, **controllers: list[str]) -> None:
        if any(controllers.values()):
            request = SwitchController.Request(strictness=SwitchController.Request.STRICT, **controllers)
            self._ask(SwitchController, manager + _SWITCH, request, self._take_switch)

    def _take_switch(self, manager: str, answer: Any) -> None:
        if answer.ok:
            before, _ = self._asked.pop(manager + _LIST, (None, 0))
            if before is not None:
                self._clients[manager + _LIST].remove_pending_request(before)
            self._look()  # whether it is so
        else:
            self._why = getattr(answer, "message", "") or f"{manager} refuses and does not say why"

    def _awaits(self, service: str) -> bool:
        """Whether an answer may still come."""
        asked, since = self._asked.get(service, (None, 0))
        return asked is not None and not asked.done() and self._turns - since < _DEAF

    def _client(self, kind: Any, service: str) -> Client:
        if service not in self._clients:
            self._clients[service] = self._node.create_client(kind, service)
        return self._clients[service]

    def _ask(self, kind: Any, service: str, request: Any, then: Callable[[str, Any], None]) -> None:
        client = self._client(kind, service)
        if self._awaits(service) or not client.service_is_ready():
            return
        if service in self._asked:
            client.remove_pending_request(self._asked[service][0])

        def answered(future: Any) -> None:
            if not future.cancelled() and future.exception() is None:
                then(service.rpartition("/")[0], future.result())

        future: Any = client.call_async(request)
        self._asked[service] = (future, self._turns)
        future.add_done_callback(answered)


def _namespace(name: str) -> str:
    return name.rpartition("/")[0]


def _by_positions(controller: Any) -> bool:
    claimed = controller.claimed_interfaces
    return bool(claimed) and all(interface.endswith("/position") for interface in claimed)
