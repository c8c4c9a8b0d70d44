"""Where Gazebo's parts are, asked for as in the embedded simulator: what a run is judged by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from geometry_msgs.msg import Pose, TransformStamped
from simulation_interfaces.msg import Bounds, EntityFilters, EntityState, Result
from simulation_interfaces.srv import GetEntitiesStates

from lab_core.errors import InvalidRequestError
from lab_core.parameters import parameter
from lab_description import load_cell
from lab_node.lifecycle import LabNode, spin
from lab_node.qos import SENSOR
from lab_simulation.gazebo.files import PARTS


@dataclass(frozen=True)
class GazeboPartsParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")


class GazeboPartsNode(LabNode):
    """Keeps the last pose that Gazebo has told of each part. No velocities: Gazebo does not tell them."""

    Parameters = GazeboPartsParameters

    def configure(self) -> None:
        """Listen."""
        self._base_frame = load_cell(self.parameters.cell).robot.base_link
        self._poses: dict[str, TransformStamped] = {}
        self.create_subscription(TransformStamped, PARTS, self._take, SENSOR)
        self.create_service(GetEntitiesStates, "simulator/get_entities_states", self._get_states)

    def _take(self, message: TransformStamped) -> None:
        self._poses[message.child_frame_id] = message

    def _get_states(self, request: Any, response: Any) -> Any:
        try:
            names = matching(sorted(self._poses), request.filters)
        except InvalidRequestError as error:
            response.result = Result(result=Result.RESULT_OPERATION_FAILED, error_message=str(error))
            return response
        response.result = Result(result=Result.RESULT_OK)
        response.entities = names
        response.states = [self._state_of(self._poses[name]) for name in names]
        return response

    def _state_of(self, told: TransformStamped) -> EntityState:
        state = EntityState(header=told.header, pose=Pose(orientation=told.transform.rotation))
        state.header.frame_id = self._base_frame  # which is the world's origin
        place = told.transform.translation
        state.pose.position.x, state.pose.position.y, state.pose.position.z = place.x, place.y, place.z
        return state


def matching(names: list[str], filters: EntityFilters) -> list[str]:
    """Those that the regular expression of the filters finds.

    Raises InvalidRequestError: it is none, or it is to be filtered by what Gazebo does not tell.
    """
    if filters.bounds.type != Bounds.TYPE_EMPTY or filters.tags.tags or filters.categories:
        raise InvalidRequestError("in Gazebo, entities are filtered by their names alone")
    try:
        pattern = re.compile(filters.filter)
    except re.error as error:
        raise InvalidRequestError(f"filter '{filters.filter}' is no regular expression: {error}") from error
    return [name for name in names if pattern.search(name)]


def main() -> None:
    """Executable gazebo_parts."""
    spin(lambda: GazeboPartsNode("gazebo_parts"))
