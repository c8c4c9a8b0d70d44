"""Requests of simulation_interfaces 1.x, as here, and of 2.1, as in Lyrical: by stand-ins for its types."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from simulation_interfaces.msg import EntityState as EntityStateMessage

from lab_simulation.mujoco.simulation import EntityState
from lab_simulation.ros import interface_versions as versions
from lab_simulation.ros.interface_versions import resource, state_request, wanted_state

PRESENT = EntityState(np.eye(4), np.array([0.1, 0.0, 0.0]), np.array([0.0, 0.0, 0.2]))


class NewRequest(SimpleNamespace):
    """SetEntityState.Request or SpawnEntity.Request of 2.1."""

    def __init__(self, **fields: Any) -> None:
        flags = {"set_pose": False, "set_twist": False, "set_acceleration": False}
        made_of = SimpleNamespace(uri="", resource_string="")
        super().__init__(**{**flags, "entity_resource": made_of, **fields})


def moved() -> EntityStateMessage:
    """A metre up, at one metre a second along y."""
    state = EntityStateMessage()
    state.pose.position.z, state.pose.orientation.w, state.twist.linear.y = 1.0, 1.0, 1.0
    return state


def test_a_request_of_the_installed_version_sets_all() -> None:
    wanted = wanted_state(state_request("nut", moved()), PRESENT)
    assert wanted.base_from_entity[2, 3] == 1.0
    assert wanted.linear.tolist() == [0.0, 1.0, 0.0]
    assert wanted.angular.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("set_pose", "set_twist", "height", "along_y"),
    [(True, True, 1.0, 1.0), (True, False, 1.0, 0.0), (False, True, 0.0, 1.0), (False, False, 0.0, 0.0)],
)
def test_flags_say_what_is_set(set_pose: bool, set_twist: bool, height: float, along_y: float) -> None:
    wanted = wanted_state(NewRequest(state=moved(), set_pose=set_pose, set_twist=set_twist), PRESENT)
    assert wanted.base_from_entity[2, 3] == height
    assert wanted.linear[1] == along_y
    assert (wanted.linear[0] == PRESENT.linear[0]) == (not set_twist)


def test_our_requests_carry_the_flags_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "SetEntityState", SimpleNamespace(Request=NewRequest))
    request = state_request("nut", moved())
    assert (request.entity, request.set_pose, request.set_twist) == ("nut", True, True)
    assert not request.set_acceleration


def test_what_is_spawned_stands_in_a_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "SpawnEntity", SimpleNamespace(Request=NewRequest))
    monkeypatch.setattr(versions, "Spawnable", NewRequest)
    assert versions.spawn_request("nut", "part://hex_nut").entity_resource.uri == "part://hex_nut"
    assert resource(versions.spawnable("part://hex_nut", "a nut")).uri == "part://hex_nut"


def test_what_is_spawned_stands_in_the_request_here() -> None:
    assert resource(versions.spawn_request("nut", "part://hex_nut")).uri == "part://hex_nut"
    assert resource(versions.spawnable("part://hex_nut", "a nut")).uri == "part://hex_nut"
