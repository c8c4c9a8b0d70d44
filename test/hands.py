"""What people and other programs do to a running cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Pose
from simulation_interfaces.msg import EntityState, Result
from simulation_interfaces.srv import DeleteEntity, SetEntityState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from cell_client import CellClient
from lab_description import Cell
from lab_node.actions import wait_for
from lab_node.rclpy_overrides import ActionClient
from lab_simulation.ros.interface_versions import state_request


def emptiest_place(client: CellClient, cell: Cell) -> tuple[float, float]:
    """Where in the workspace a part is farthest from all others, metres in base_link."""
    taken = np.array([position[:2] for position in client.part_positions().values()])
    lower, upper = cell.workspace.lower[:2] + 0.05, cell.workspace.upper[:2] - 0.05
    grid = np.stack(np.meshgrid(*np.linspace(lower, upper, 15).T), axis=-1).reshape(-1, 2)
    x, y = grid[np.linalg.norm(grid[:, None] - taken[None], axis=2).min(axis=1).argmax()]
    return float(x), float(y)


def put_part(client: CellClient, name: str, x: float, y: float, z: float = 0.05) -> None:
    """Put a part elsewhere; metres in base_link."""
    pose = Pose()
    pose.position.x, pose.position.y, pose.position.z = x, y, z
    ask_simulator(client, SetEntityState, "set_entity_state", state_request(name, EntityState(pose=pose)))


def delete_part(client: CellClient, name: str) -> None:
    """Take a part away for good."""
    ask_simulator(client, DeleteEntity, "delete_entity", DeleteEntity.Request(entity=name))


def ask_simulator(client: CellClient, kind: Any, name: str, request: Any) -> None:
    """Call a service of the simulator that has to succeed."""
    result = client.call(client.client(kind, f"/simulator/{name}"), request).result
    assert result.result == Result.RESULT_OK, f"{name}: {result.error_message}"


def controller_of(client: CellClient, cell: Cell) -> ActionClient:
    """Somebody else's way to the arm's controller."""
    return ActionClient(client.node, FollowJointTrajectory, cell.robot.trajectory_action)


def take_over(client: CellClient, controller: ActionClient, cell: Cell) -> None:
    """Send the controller to where the arm is: the goal that it follows is aborted."""
    state, names = client.joints.peek(), list(cell.robot.joint_names)
    assert state is not None
    where = dict(zip(state.name, state.position, strict=True))
    point = JointTrajectoryPoint(positions=[where[name] for name in names])
    point.time_from_start.nanosec = 300_000_000
    goal = FollowJointTrajectory.Goal(trajectory=JointTrajectory(joint_names=names, points=[point]))
    assert controller.wait_for_server(60.0), "no controller"
    wait_for(controller.send_goal_async(goal), 60.0, "controller")
