"""The services of simulation_interfaces over real ROS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ros_bench import Bench
from rosgraph_msgs.msg import Clock
from simulation_interfaces.msg import Result, SimulationState
from simulation_interfaces.srv import (
    DeleteEntity,
    GetEntities,
    GetEntitiesStates,
    GetEntityInfo,
    GetEntityState,
    GetSimulationState,
    GetSimulatorFeatures,
    GetSpawnables,
    ResetSimulation,
    SetEntityState,
    SetSimulationState,
    SpawnEntity,
    StepSimulation,
)

from lab_simulation.ros.interface_versions import resource, spawn_request, state_request


@pytest.fixture(scope="module")
def paused(ros: None) -> Iterator[Bench]:
    """A simulator that stands at time zero."""
    bench = Bench(seed=1, parts=2, paused=True)
    bench.start()
    yield bench
    bench.close()


def test_time_stands_until_it_is_played_and_steps_are_exact(paused: Bench) -> None:
    paused.listen(Clock, "/clock")
    paused.wait(lambda: len(paused.stamps.get("/clock", [])) >= 2, "the clock of a paused simulation")
    assert set(paused.stamps["/clock"]) == {0.0}
    assert paused.call(GetSimulationState, "get_simulation_state").state.state == SimulationState.STATE_PAUSED
    assert paused.call(StepSimulation, "step_simulation", steps=50).result.result == Result.RESULT_OK
    # a clock that stands is told again once a second
    paused.wait(lambda: paused.stamps["/clock"][-1] >= 0.1 - 1e-9, "the steps")
    assert max(paused.stamps["/clock"]) == pytest.approx(0.1), "50 steps of 2 ms"
    assert (
        paused.call(StepSimulation, "step_simulation", steps=0).result.result
        == Result.RESULT_OPERATION_FAILED
    )
    playing = SimulationState(state=SimulationState.STATE_PLAYING)
    assert (
        paused.call(SetSimulationState, "set_simulation_state", state=playing).result.result
        == Result.RESULT_OK
    )
    paused.wait(lambda: paused.stamps["/clock"][-1] > 0.3, "time to run")
    again = paused.call(SetSimulationState, "set_simulation_state", state=playing).result
    assert again.result == SetSimulationState.Response.ALREADY_IN_TARGET_STATE
    stepped = paused.call(StepSimulation, "step_simulation", steps=5).result
    assert stepped.result == Result.RESULT_INCORRECT_STATE
    assert "pause it first" in stepped.error_message
    stopped = SimulationState(state=SimulationState.STATE_STOPPED)
    assert (
        paused.call(SetSimulationState, "set_simulation_state", state=stopped).result.result
        == Result.RESULT_OK
    )
    paused.wait(lambda: paused.stamps["/clock"][-1] == 0.0, "time zero")
    leaving = SimulationState(state=SimulationState.STATE_QUITTING)
    refused = paused.call(SetSimulationState, "set_simulation_state", state=leaving).result
    assert refused.result == Result.RESULT_FEATURE_UNSUPPORTED


def test_entities_come_and_go(paused: Bench) -> None:
    before = list(paused.call(GetEntities, "get_entities").entities)
    assert len(before) == 2
    request = spawn_request("nut", "part://hex_nut?colour=red&material=steel")
    request.initial_pose.header.frame_id = "base_link"
    request.initial_pose.pose.position.x, request.initial_pose.pose.position.z = 0.55, 0.30
    spawned = paused.ask(SpawnEntity, "spawn_entity", request)
    assert (spawned.result.result, spawned.entity_name) == (Result.RESULT_OK, "nut")
    again = paused.ask(SpawnEntity, "spawn_entity", request).result
    assert again.result == SpawnEntity.Response.NAME_NOT_UNIQUE
    request.allow_renaming = True
    renamed = paused.ask(SpawnEntity, "spawn_entity", request)
    assert renamed.entity_name == "nut_1"
    tags = paused.call(GetEntityInfo, "get_entity_info", entity="nut").info.tags
    assert list(tags) == ["hex_nut", "steel", "red"]
    request_filters = GetEntities.Request().filters
    request_filters.filter = "^nut"
    assert len(paused.call(GetEntities, "get_entities", filters=request_filters).entities) == 2
    state = paused.call(GetEntityState, "get_entity_state", entity="nut").state
    assert (state.pose.position.x, state.pose.position.z) == (0.55, 0.30)
    state.pose.position.x = 0.60
    assert paused.ask(SetEntityState, "set_entity_state", state_request("nut", state)).result.result == 1
    assert paused.call(GetEntityState, "get_entity_state", entity="nut").state.pose.position.x == 0.60
    states = paused.call(GetEntitiesStates, "get_entities_states")
    assert len(states.entities) == len(states.states) == 4
    assert paused.call(DeleteEntity, "delete_entity", entity="nut").result.result == Result.RESULT_OK
    gone = paused.call(DeleteEntity, "delete_entity", entity="nut").result
    assert gone.result == Result.RESULT_NOT_FOUND
    assert "no part 'nut'" in gone.error_message
    spawned_scope = ResetSimulation.Request.SCOPE_SPAWNED
    assert paused.call(ResetSimulation, "reset_simulation", scope=spawned_scope).result.result == 1
    assert list(paused.call(GetEntities, "get_entities").entities) == before
    paused.call(DeleteEntity, "delete_entity", entity=before[0])
    assert paused.call(ResetSimulation, "reset_simulation").result.result == Result.RESULT_OK
    assert list(paused.call(GetEntities, "get_entities").entities) == before


@pytest.mark.parametrize(
    ("uri", "fields", "code", "sentence"),
    [
        ("", {}, SpawnEntity.Response.NO_RESOURCE, "get_spawnables lists"),
        ("robot.urdf", {}, SpawnEntity.Response.UNSUPPORTED_FORMAT, "is no part"),
        ("part://anvil", {}, SpawnEntity.Response.RESOURCE_PARSE_ERROR, "no part kind 'anvil'"),
        ("part://box", {"name": "1/2"}, SpawnEntity.Response.NAME_INVALID, "'1/2' is no name"),
        ("part://box", {"name": "table"}, SpawnEntity.Response.NAME_NOT_UNIQUE, "already"),
        ("part://box", {"entity_namespace": "a b"}, SpawnEntity.Response.NAMESPACE_INVALID, "a b"),
    ],
)
def test_what_cannot_be_spawned_says_why(
    paused: Bench, uri: str, fields: dict, code: int, sentence: str
) -> None:
    request = spawn_request(uri=uri, **{"name": "", **fields})
    result = paused.ask(SpawnEntity, "spawn_entity", request).result
    assert result.result == code
    assert sentence in result.error_message


def test_a_description_in_place_of_a_uri_is_refused(paused: Bench) -> None:
    request = spawn_request("", "")
    resource(request).resource_string = "<robot/>"
    result = paused.ask(SpawnEntity, "spawn_entity", request).result
    assert result.result == SpawnEntity.Response.UNSUPPORTED_FORMAT
    assert "give a uri" in result.error_message


def test_spawnables_and_features_are_told(paused: Bench) -> None:
    spawnables = paused.call(GetSpawnables, "get_spawnables").spawnables
    assert "part://gear" in {resource(spawnable).uri for spawnable in spawnables}
    features = paused.call(GetSimulatorFeatures, "get_simulator_features").features
    assert len(features.features) >= 12
