"""What differs between simulation_interfaces 1.x (ROS 2 Jazzy) and 2.x (Lyrical); the rest of the stack does
not know.

2.0 holds what an entity is made of in a Resource, where 1.x has two fields. 2.1 sets of an entity's state
only what flags name, where before all of it is set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulation_interfaces.msg import EntityState as EntityStateMessage
from simulation_interfaces.msg import Spawnable
from simulation_interfaces.srv import SetEntityState, SpawnEntity

from lab_simulation.conversions import entity_state
from lab_simulation.mujoco.simulation import EntityState


def resource(message: Any) -> Any:
    """Of a spawn request or a spawnable: what has the fields uri and resource_string."""
    return getattr(message, "entity_resource", message)


def spawnable(uri: str, description: str) -> Spawnable:
    """What get_spawnables lists."""
    message = Spawnable(description=description)
    resource(message).uri = uri
    return message


def spawn_request(name: str, uri: str, **fields: Any) -> SpawnEntity.Request:
    """A request to spawn what a uri names."""
    request = SpawnEntity.Request(name=name, **fields)
    resource(request).uri = uri
    return request


def state_request(entity: str, state: EntityStateMessage) -> SetEntityState.Request:
    """A request to set pose and velocity of an entity."""
    request = SetEntityState.Request(entity=entity, state=state)
    if hasattr(request, "set_pose"):
        request.set_pose = request.set_twist = True
    return request


def wanted_state(request: Any, present: EntityState) -> EntityState:
    """What a request to set an entity's state asks for, the rest as it is at present.

    Raises InvalidRequestError for a quaternion without length.
    """
    if getattr(request, "set_pose", True):
        wanted = entity_state(request.state)
        if getattr(request, "set_twist", True):
            return wanted
        return replace(present, base_from_entity=wanted.base_from_entity)
    if not request.set_twist:
        return present
    moving = EntityStateMessage(twist=request.state.twist)
    moving.pose.orientation.w = 1.0
    return replace(entity_state(moving), base_from_entity=present.base_from_entity)
