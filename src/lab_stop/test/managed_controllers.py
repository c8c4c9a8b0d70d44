"""A controller manager of ros2_control, as far as the stop node meets one."""

from controller_manager_msgs.msg import ControllerState
from controller_manager_msgs.srv import ListControllers, SwitchController


class ControllerManager:
    """Lists and switches its controllers; they command positions."""

    def __init__(self, node, *names, interface="position", namespace=""):
        self.states = dict.fromkeys(names, "active")
        self.interface, self.refusal = interface, ""
        self.listed, self.switched = 0, []
        manager = f"{namespace}/controller_manager"
        node.create_service(ListControllers, f"{manager}/list_controllers", self._list)
        node.create_service(SwitchController, f"{manager}/switch_controller", self._switch)

    def _list(self, request, response):
        self.listed += 1
        for name, state in self.states.items():
            claimed = [f"joint_1/{self.interface}", f"joint_2/{self.interface}"] if state == "active" else []
            response.controller.append(ControllerState(name=name, state=state, claimed_interfaces=claimed))
        return response

    def _switch(self, request, response):
        self.switched.append((list(request.deactivate_controllers), list(request.activate_controllers)))
        response.ok, response.message = not self.refusal, self.refusal
        if response.ok:
            self.states.update(dict.fromkeys(request.deactivate_controllers, "inactive"))
            self.states.update(dict.fromkeys(request.activate_controllers, "active"))
        return response
