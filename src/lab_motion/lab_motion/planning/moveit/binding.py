"""MoveIt in this process, through moveit_py: the only file that knows its bindings and messages.

What its defects ask for (numbers of moveit/moveit2 issues): a MoveItPy that stays until the process ends,
see process.py (3398, 3721, 3839); planning scenes of our own, not the monitor's, which others overwrite
(2657) and which follows a clock (2220, 2940); a namespace of its own, because the monitor's topics have no
parameters (3729); all parameters in one file (2219); nothing is executed (2655).
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped

# Absent where MoveIt is not installed: then this module cannot be imported, which says so.
from moveit.core.planning_scene import PlanningScene
from moveit.planning import PlanRequestParameters
from moveit_msgs.msg import AttachedCollisionObject, CollisionObject
from shape_msgs.msg import SolidPrimitive

from lab_core.geometry import FloatArray, OrientedBox
from lab_core.plugins import PluginUnavailable
from lab_description import Cell
from lab_description.srdf import ARM_GROUP
from lab_motion.planning.moveit.configuration import (
    DEFAULT_SEARCH,
    DIRECT_REQUEST,
    SEARCH_REQUEST,
    STRAIGHT_REQUEST,
    Search,
    moveit_parameters,
    require_plugins,
)
from lab_motion.planning.moveit.process import moveit_of
from lab_motion.planning.moveit.scene import MoveItScene
from lab_node.conversions.poses import pose_from_matrix


class MoveItSession:
    """What one planner asks of MoveIt; not safe for several threads at once.

    Requests answer with what MoveIt found, unchecked. While it plans, moveit_py holds Python's interpreter
    lock: every request is short.
    """

    def __init__(self, cell: Cell, touch_links: list[str], search: Search = DEFAULT_SEARCH) -> None:
        """touch_links: links that a held part may touch.

        Raises PluginUnavailable with DDS security, ConfigurationError when a plug-in is missing or MoveIt
        does not start.
        """
        if os.environ.get("ROS_SECURITY_ENABLE") == "true":  # as rcl compares it
            raise PluginUnavailable(
                "MoveIt cannot plan with DDS security, because moveit_py does not run in the node's enclave:"
                " use planner:=embedded, or unset ROS_SECURITY_ENABLE"
            )
        require_plugins()
        self._base = cell.robot.base_link
        self._tip = cell.end_effector.tcp_link
        self._joints = cell.robot.joint_names
        self._touch_links = touch_links
        self._scene: Any = None
        moveit = moveit_of(moveit_parameters(cell, search))
        self._arm: Any = moveit.get_planning_component(ARM_GROUP)
        self._requests: dict[str, Any] = {
            name: PlanRequestParameters(moveit, name)
            for name in (DIRECT_REQUEST, SEARCH_REQUEST, STRAIGHT_REQUEST)
        }
        # The robot and nothing else. It is only copied: all scenes made like this share one world.
        self._empty: Any = PlanningScene(moveit.get_robot_model())

    def close(self) -> None:
        """Lets go of MoveIt, which stays for the next planner of the same cell."""
        self._scene = self._empty = self._arm = None
        self._requests.clear()

    def forward(self, positions: FloatArray) -> FloatArray:
        """base_from_tcp (4, 4) at joint positions (J,), in MoveIt's model."""
        state = copy.deepcopy(self._empty.current_state)
        state = self._moved(state, dict(zip(self._joints, positions.tolist(), strict=True)))
        model_from_base = np.asarray(state.get_global_link_transform(self._base))
        return np.linalg.solve(model_from_base, np.asarray(state.get_global_link_transform(self._tip)))

    def set_scene(self, scene: MoveItScene) -> None:
        """What is true in the requests that follow: nobody else's objects or allowed pairs are."""
        self._scene = copy.deepcopy(self._empty)
        for name, boxes in scene.obstacles.items():
            self._scene.apply_collision_object(collision_object(name, self._base, boxes))
        if scene.held is not None:
            name, box = scene.held
            self._scene.process_attached_collision_object(
                AttachedCollisionObject(
                    link_name=self._tip,
                    object=collision_object(name, self._tip, (box,)),
                    touch_links=self._touch_links,
                )
            )
        for first, second in sorted(scene.allowed):
            self._scene.allowed_collision_matrix.set_entry(first, second, True)
        self._scene.current_state = self._moved(copy.deepcopy(self._scene.current_state), scene.hand_joints)

    def direct(self, start: FloatArray, goal: FloatArray) -> FloatArray | None:
        """The straight line in joint space, as samples (N, J); None when something is in the way."""
        return self._to_joints(DIRECT_REQUEST, start, goal)

    def search(self, start: FloatArray, goal: FloatArray) -> FloatArray | None:
        """Some way, as samples (N, J); None when the time of one search was not enough."""
        return self._to_joints(SEARCH_REQUEST, start, goal)

    def straight(self, start: FloatArray, base_from_tcp: FloatArray) -> FloatArray | None:
        """Samples (N, J) of a straight motion of the tool to a pose (4, 4); None when it is not possible."""
        self._arm.set_start_state(robot_state=self._state(start))
        goal = PoseStamped(pose=pose_from_matrix(base_from_tcp))
        goal.header.frame_id = self._base
        self._arm.set_goal_state(pose_stamped_msg=goal, pose_link=self._tip)
        return self._plan(STRAIGHT_REQUEST)

    def _to_joints(self, request: str, start: FloatArray, goal: FloatArray) -> FloatArray | None:
        self._arm.set_start_state(robot_state=self._state(start))
        self._arm.set_goal_state(robot_state=self._state(goal))
        return self._plan(request)

    def _plan(self, request: str) -> FloatArray | None:
        answer = self._arm.plan(single_plan_parameters=self._requests[request], planning_scene=self._scene)
        if not answer or answer.trajectory is None:
            return None
        message = answer.trajectory.get_robot_trajectory_msg().joint_trajectory
        if len(message.points) < 2:
            return None
        columns = [list(message.joint_names).index(name) for name in self._joints]
        return np.array([point.positions for point in message.points])[:, columns]

    def _state(self, positions: FloatArray) -> Any:
        """The arm at joint positions (J,), with the hand and what it holds as in the scene.

        What is attached has to be in the start state: one without would take it from the scene.
        """
        state = copy.deepcopy(self._scene.current_state)
        return self._moved(state, dict(zip(self._joints, positions.tolist(), strict=True)))

    @staticmethod
    def _moved(state: Any, positions: Mapping[str, float]) -> Any:
        state.joint_positions = {name: float(position) for name, position in positions.items()}
        state.update()
        return state


def collision_object(name: str, frame: str, boxes: tuple[OrientedBox, ...]) -> CollisionObject:
    """Boxes of a frame as one object to add."""
    message = CollisionObject(id=name, operation=CollisionObject.ADD)
    message.header.frame_id = frame
    message.pose.orientation.w = 1.0
    for box in boxes:
        size = [float(edge) for edge in box.size]
        message.primitives.append(SolidPrimitive(type=SolidPrimitive.BOX, dimensions=size))
        message.primitive_poses.append(pose_from_matrix(box.frame_from_box))
    return message
