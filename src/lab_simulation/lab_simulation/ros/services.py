"""The services of simulation_interfaces, with its meanings and result codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.task import Future
from simulation_interfaces.msg import (
    Bounds,
    EntityCategory,
    EntityFilters,
    Result,
    SimulationState,
    SimulatorFeatures,
    TagsFilter,
)
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

from lab_core.errors import InvalidRequestError, LabError
from lab_node.conversions.poses import matrix_from_pose
from lab_simulation.conversions import STATES, entity_state_message, stamp
from lab_simulation.errors import SceneError, UnknownEntity
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.simulation_loop import LoopState, SimulationLoop
from lab_simulation.ros.interface_versions import resource, spawnable, wanted_state
from lab_simulation.scenes.parts import Part
from lab_simulation.scenes.scene_file import MAXIMUM_PARTS
from lab_simulation.scenes.spawning import UnsupportedResource, part_from_address, spawnable_addresses

MOST_STEPS = 1_000_000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NAMESPACE = re.compile(r"/?[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*")
_FEATURES = (
    SimulatorFeatures.SPAWNING,
    SimulatorFeatures.DELETING,
    SimulatorFeatures.ENTITY_TAGS,
    SimulatorFeatures.ENTITY_CATEGORIES,
    SimulatorFeatures.ENTITY_STATE_GETTING,
    SimulatorFeatures.ENTITY_STATE_SETTING,
    SimulatorFeatures.ENTITY_INFO_GETTING,
    SimulatorFeatures.SPAWNABLES,
    SimulatorFeatures.SIMULATION_RESET,
    SimulatorFeatures.SIMULATION_RESET_SPAWNED,
    SimulatorFeatures.SIMULATION_STATE_GETTING,
    SimulatorFeatures.SIMULATION_STATE_SETTING,
    SimulatorFeatures.SIMULATION_STATE_PAUSE,
    SimulatorFeatures.STEP_SIMULATION_SINGLE,
    SimulatorFeatures.STEP_SIMULATION_MULTIPLE,
)


class SimulatorServices:
    """Serves under the node's own name; the work is done in the simulation's thread."""

    def __init__(self, node: Node, loop: SimulationLoop, base_frame: str, active: Callable[[], bool]) -> None:
        self._node = node
        self._loop = loop
        self._base_frame = base_frame
        self._frames = {"", "world", base_frame}
        self._active = active
        for kind, name, callback in (
            (GetSimulatorFeatures, "get_simulator_features", self._get_features),
            (GetSpawnables, "get_spawnables", self._get_spawnables),
            (SpawnEntity, "spawn_entity", self._spawn),
            (DeleteEntity, "delete_entity", self._delete),
            (GetEntities, "get_entities", self._get_entities),
            (GetEntityInfo, "get_entity_info", self._get_info),
            (GetEntityState, "get_entity_state", self._get_state),
            (GetEntitiesStates, "get_entities_states", self._get_states),
            (SetEntityState, "set_entity_state", self._set_state),
            (ResetSimulation, "reset_simulation", self._reset),
            (GetSimulationState, "get_simulation_state", self._get_simulation_state),
            (SetSimulationState, "set_simulation_state", self._set_simulation_state),
            (StepSimulation, "step_simulation", self._step),
        ):
            node.create_service(kind, f"~/{name}", callback)

    async def _get_features(self, request: Any, response: Any) -> Any:
        response.features.features = list(_FEATURES)
        response.features.spawn_formats = ["part", "obj", "stl"]
        response.features.custom_info = "MuJoCo in process; entities are the parts on the table"
        return response

    async def _get_spawnables(self, request: Any, response: Any) -> Any:
        response.result = _ok()
        response.spawnables = [
            spawnable(address, description) for address, description in spawnable_addresses().items()
        ]
        return response

    async def _spawn(self, request: Any, response: Any) -> Any:
        try:
            response.entity_name = await self._do(lambda simulation: self._spawn_in(simulation, request))
        except _Refused as refused:
            response.result = Result(result=refused.code, error_message=str(refused))
        else:
            response.result = _ok()
        return response

    def _spawn_in(self, simulation: Simulation, request: Any) -> str:
        codes = SpawnEntity.Response
        wanted = resource(request)
        if not wanted.uri:
            if wanted.resource_string:
                raise _Refused(codes.UNSUPPORTED_FORMAT, "resource_string is not supported; give a uri")
            raise _Refused(codes.NO_RESOURCE, "uri is empty; get_spawnables lists what there is")
        if request.entity_namespace and not _NAMESPACE.fullmatch(request.entity_namespace):
            raise _Refused(codes.NAMESPACE_INVALID, f"'{request.entity_namespace}' is no ROS namespace")
        if request.initial_pose.header.frame_id not in self._frames:
            raise _Refused(
                codes.INVALID_POSE,
                f"frame '{request.initial_pose.header.frame_id}' is not known; use {self._base_frame}",
            )
        if len(simulation.parts) >= MAXIMUM_PARTS:
            raise _Refused(
                Result.RESULT_OPERATION_FAILED, f"there are {MAXIMUM_PARTS} parts already, the most"
            )
        name = self._new_name(simulation, request)
        try:
            pose = matrix_from_pose(request.initial_pose.pose)
            if not np.isfinite(pose).all():
                raise InvalidRequestError("the initial pose is not finite")
            part = part_from_address(wanted.uri, name)
        except InvalidRequestError as error:
            raise _Refused(codes.INVALID_POSE, str(error)) from error
        except UnsupportedResource as error:
            raise _Refused(codes.UNSUPPORTED_FORMAT, str(error)) from error
        except SceneError as error:
            raise _Refused(codes.RESOURCE_PARSE_ERROR, str(error)) from error
        simulation.spawn(part, pose)
        return name

    def _new_name(self, simulation: Simulation, request: Any) -> str:
        codes = SpawnEntity.Response
        stem = request.name or "part"
        if not _NAME.fullmatch(stem):
            raise _Refused(codes.NAME_INVALID, f"'{stem}' is no name: letters, digits and _, a letter first")
        if request.name and request.name not in simulation.parts and not simulation.has_name(request.name):
            return str(request.name)
        if request.name and not request.allow_renaming:
            raise _Refused(codes.NAME_NOT_UNIQUE, f"there is a '{request.name}' already; set allow_renaming")
        return next(
            name
            for name in (f"{stem}_{index}" for index in range(1, 10 * MAXIMUM_PARTS))
            if not simulation.has_name(name)
        )

    async def _delete(self, request: Any, response: Any) -> Any:
        response.result = await self._result(lambda simulation: simulation.delete(request.entity))
        return response

    async def _get_entities(self, request: Any, response: Any) -> Any:
        def get(simulation: Simulation) -> None:
            response.entities = _matching(simulation, request.filters)

        response.result = await self._result(get)
        return response

    async def _get_info(self, request: Any, response: Any) -> Any:
        def get(simulation: Simulation) -> None:
            if request.entity not in simulation.parts:
                raise UnknownEntity(f"no entity '{request.entity}'")
            part = simulation.parts[request.entity]
            response.info.category.category = EntityCategory.CATEGORY_DYNAMIC_OBJECT
            response.info.description = f"{part.colour} {part.kind} of {part.material}, {part.mass:.3f} kg"
            response.info.tags = _tags(part)

        response.result = await self._result(get)
        return response

    async def _get_state(self, request: Any, response: Any) -> Any:
        def get(simulation: Simulation) -> None:
            response.state = entity_state_message(
                simulation.entity(request.entity), stamp(simulation), self._base_frame
            )

        response.result = await self._result(get)
        return response

    async def _get_states(self, request: Any, response: Any) -> Any:
        def get(simulation: Simulation) -> None:
            response.entities = _matching(simulation, request.filters)
            response.states = [
                entity_state_message(simulation.entity(name), stamp(simulation), self._base_frame)
                for name in response.entities
            ]

        response.result = await self._result(get)
        return response

    async def _set_state(self, request: Any, response: Any) -> Any:
        def change(simulation: Simulation) -> None:
            if request.state.header.frame_id not in self._frames:
                raise InvalidRequestError(
                    f"frame '{request.state.header.frame_id}' is not known; use {self._base_frame}"
                )
            state = wanted_state(request, simulation.entity(request.entity))
            if not np.isfinite([*state.base_from_entity.ravel(), *state.linear, *state.angular]).all():
                raise InvalidRequestError("the state is not finite")
            simulation.move_entity(request.entity, state)

        response.result = await self._result(change)
        return response

    async def _reset(self, request: Any, response: Any) -> Any:
        scope = request.scope or ResetSimulation.Request.SCOPE_ALL
        if scope == ResetSimulation.Request.SCOPE_ALL:
            response.result = await self._result(lambda simulation: simulation.reset())
        elif scope == ResetSimulation.Request.SCOPE_SPAWNED:
            response.result = await self._result(lambda simulation: simulation.delete_spawned())
        else:
            response.result = Result(
                result=Result.RESULT_FEATURE_UNSUPPORTED,
                error_message="time and state are reset together; use SCOPE_ALL or SCOPE_SPAWNED",
            )
        return response

    async def _get_simulation_state(self, request: Any, response: Any) -> Any:
        response.state.state = STATES[self._loop.state]
        response.result = _ok()
        return response

    async def _set_simulation_state(self, request: Any, response: Any) -> Any:
        wanted = request.state.state
        state = next((key for key, value in STATES.items() if value == wanted), None)
        if state is None:
            quitting = wanted == SimulationState.STATE_QUITTING
            response.result = Result(
                result=Result.RESULT_FEATURE_UNSUPPORTED,
                error_message="end the process to quit" if quitting else f"there is no state {wanted} to set",
            )
        elif not self._active():
            response.result = _incorrect_state()
        elif state is self._loop.state:
            code = SetSimulationState.Response.ALREADY_IN_TARGET_STATE
            response.result = Result(result=code, error_message=f"the simulation is {state.value} already")
        else:
            await self._wait(self._loop.set_state(state))
            response.result = _ok()
        return response

    async def _step(self, request: Any, response: Any) -> Any:
        if not self._active():
            response.result = _incorrect_state()
        elif self._loop.state is LoopState.PLAYING:
            response.result = Result(
                result=Result.RESULT_INCORRECT_STATE,
                error_message="the simulation is playing; pause it first",
            )
        elif not 1 <= request.steps <= MOST_STEPS:
            response.result = Result(
                result=Result.RESULT_OPERATION_FAILED,
                error_message=f"{request.steps} steps; use 1 to {MOST_STEPS}",
            )
        else:
            try:
                if self._loop.state is LoopState.STOPPED:
                    await self._wait(self._loop.set_state(LoopState.PAUSED))
                await self._wait(self._loop.advance(request.steps))
                response.result = _ok()
            except LabError as error:
                response.result = _failed(error)
        return response

    async def _result(self, work: Callable[[Simulation], None]) -> Result:
        try:
            await self._do(work)
        except _Refused as refused:
            return Result(result=refused.code, error_message=str(refused))
        except UnknownEntity as error:
            return Result(result=Result.RESULT_NOT_FOUND, error_message=str(error))
        except LabError as error:
            return _failed(error)
        return _ok()

    async def _do(self, work: Callable[[Simulation], Any]) -> Any:
        return await self._wait(self._loop.ask(work))

    async def _wait(self, asked: Any) -> Any:
        """Await, in the executor, what the simulation's thread does."""
        done = Future(executor=self._node.executor)
        # A future that another thread completes does not wake an executor of this rclpy; a task does.
        asked.add_done_callback(lambda _: self._node.executor.create_task(done.set_result, None))
        await done
        return asked.result()


class _Refused(Exception):
    """A request that ends with a code of the service's own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def _matching(simulation: Simulation, filters: EntityFilters) -> list[str]:
    if filters.bounds.type != Bounds.TYPE_EMPTY:
        raise _Refused(Result.RESULT_FEATURE_UNSUPPORTED, "entities are not filtered by bounds")
    try:
        pattern = re.compile(filters.filter)
    except re.error as error:
        raise InvalidRequestError(f"filter '{filters.filter}' is no regular expression: {error}") from error
    categories = {category.category for category in filters.categories}
    return [
        name
        for name, part in simulation.parts.items()
        if pattern.search(name)
        and (not categories or EntityCategory.CATEGORY_DYNAMIC_OBJECT in categories)
        and _tagged(part, filters.tags)
    ]


def _tagged(part: Part, wanted: TagsFilter) -> bool:
    if not wanted.tags:
        return True
    found = [tag in _tags(part) for tag in wanted.tags]
    return all(found) if wanted.filter_mode == TagsFilter.FILTER_MODE_ALL else any(found)


def _tags(part: Part) -> list[str]:
    return [part.kind, part.material, part.colour]


def _ok() -> Result:
    return Result(result=Result.RESULT_OK)


def _failed(error: Exception) -> Result:
    return Result(result=Result.RESULT_OPERATION_FAILED, error_message=str(error))


def _incorrect_state() -> Result:
    return Result(
        result=Result.RESULT_INCORRECT_STATE,
        error_message="the simulator node is not active; activate it first",
    )
