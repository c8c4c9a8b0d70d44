"""A node that asks the cell, for tests: every wait has a deadline."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import rclpy
from lab_interfaces.action import MoveTo, Pick, Place, PlanGrasps, RunOrder
from lab_interfaces.msg import Attempt, HeldPart, OrderLine, Outcome, Scene, TaskStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import JointState
from simulation_interfaces.srv import GetEntitiesStates, SpawnEntity
from std_srvs.srv import Trigger

from lab_core.errors import DeadlineError
from lab_core.geometry import FloatArray
from lab_description import load_cell
from lab_node.actions import result_of, wait_for
from lab_node.freshness import Latest
from lab_node.qos import HISTORY, LATCHED, RELIABLE
from lab_node.rclpy_overrides import ActionClient, destroy_actions
from lab_simulation.ros.interface_versions import spawn_request

ACTIONS = {
    "/move_to": MoveTo,
    "/pick": Pick,
    "/place": Place,
    "/plan_grasps": PlanGrasps,
    "/run_order": RunOrder,
}


# Seconds of the wall for an answer, on a machine that may pause.
WAIT = 60.0
# Joints slower than this stand, rad/s: what the simulated drives make of noise is below. Fingers that press
# on a part tremble more.
STILL, FINGERS_STILL = 0.01, 0.05
# The middle of a part between the fingers is nearer to the tcp than this, metres.
IN_HAND = 0.06


def clearing(max_parts: int = 0) -> RunOrder.Goal:
    """The order to clear the table, of at most so many parts; 0: of all."""
    return RunOrder.Goal(lines=[OrderLine(what="everything", to=["tray", "bin"])], max_parts=max_parts)


def stamp_of(message: Any) -> int:
    """Nanoseconds of the header."""
    return int(Time.from_msg(message.header.stamp).nanoseconds)


class CellClient:
    """Context manager: a node beside the cell, spun in a thread."""

    def __init__(self, cell: str = "ur5e_table") -> None:
        self._cell = load_cell(cell)

    def __enter__(self) -> CellClient:
        rclpy.init()
        self.node = Node("test_client")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()
        self.attempts: list[Attempt] = []
        self.scene, self.joints = Latest[Scene]("scene"), Latest[JointState]("joint state")
        self.status, self.held = Latest[TaskStatus]("status"), Latest[HeldPart]("held part")
        self.phases: list[str] = []  # of the last action that was sent, and of a task
        # ns, and of the fastest joint, rad/s; of the arm, and of the fingers
        self.speeds: deque[tuple[int, float]] = deque(maxlen=4000)
        self.finger_speeds: deque[tuple[int, float]] = deque(maxlen=4000)
        self.node.create_subscription(Attempt, "/task/attempts", self.attempts.append, HISTORY)
        self.node.create_subscription(Scene, "/scene/objects", self.scene.put, RELIABLE)
        self.node.create_subscription(TaskStatus, "/task/status", self.status.put, LATCHED)
        self.node.create_subscription(HeldPart, "/motion/held", self.held.put, LATCHED)
        self.node.create_subscription(JointState, "/joint_states", self._take_joints, RELIABLE)
        self._services: dict[str, Any] = {}
        self._others: list[Node] = []
        self._spawned = 0
        self._actions = {name: ActionClient(self.node, kind, name) for name, kind in ACTIONS.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self._thread.join()
        for node in (self.node, *self._others):
            destroy_actions(node)
            node.destroy_node()
        rclpy.try_shutdown()

    def until(self, condition: Callable[[], Any], timeout: float, what: str) -> Any:
        """The first true value of the condition; fails after the timeout, seconds of the wall."""
        deadline, pause = time.monotonic() + timeout, threading.Event()
        while not (value := condition()):
            assert time.monotonic() < deadline, f"no {what} within {timeout} s"
            pause.wait(0.01)
        return value

    def until_active(self, timeout: float = 240.0, gone: Callable[[], str] = lambda: "") -> None:
        """Wait until the whole cell is active. gone: why it will never be; empty while it may."""
        client = self._services["/lifecycle_manager/is_active"] = self.node.create_client(
            Trigger, "/lifecycle_manager/is_active"
        )

        def up() -> bool:
            assert not (why := gone()), why
            return client.service_is_ready() and self.answers_active()

        self.until(up, timeout, "active cell")
        self.until(self.joints.peek, timeout, "joint state")

    def is_active(self, timeout: float = WAIT) -> bool:
        """Whether the whole cell is active now."""
        return bool(self._trigger("/lifecycle_manager/is_active", timeout).success)

    def answers_active(self) -> bool:
        """An answer to a client that its server has not discovered yet is lost: ask again."""
        try:
            return self.is_active(3.0)
        except DeadlineError:
            return False

    def spin_too(self, node: Node) -> None:
        """Spin another node until the end."""
        self._executor.add_node(node)
        self._others.append(node)

    def client(self, kind: Any, name: str) -> Any:
        """Of a service that is there; one a name, as every process of the cell remembers each that it met."""
        if name not in self._services:
            self._services[name] = self.node.create_client(kind, name)
        assert self._services[name].wait_for_service(WAIT), f"no service {name}"
        return self._services[name]

    def call(self, client: Any, request: Any, timeout: float = WAIT) -> Any:
        """Answer of a service."""
        return wait_for(client.call_async(request), timeout, client.srv_name)

    def send(self, action: str, goal: Any, timeout: float = WAIT) -> Any:
        """Handle of an accepted goal."""
        client = self._actions[action]
        assert client.wait_for_server(timeout), f"no server for {action}"
        self.phases = []
        handle = wait_for(
            client.send_goal_async(goal, feedback_callback=self._take_feedback), timeout, action
        )
        assert handle.accepted, f"{action} refused the goal"
        return handle

    def ask(
        self, action: str, goal: Any, timeout: float = 240.0, cancelled: Callable[[], bool] = lambda: False
    ) -> Any:
        """Result of an action."""
        return result_of(self.send(action, goal), cancelled, timeout, action).result

    def pick_best(self) -> Any:
        """Result of picking whatever can be picked best, of what is seen from now on."""
        # by the simulator: what this client heard last may be from before a part was spawned
        now = self._states().states[0].header.stamp
        planned = self.ask("/plan_grasps", PlanGrasps.Goal(not_before=now))
        assert planned.outcome.code == Outcome.SUCCESS, planned.outcome.message
        return self.ask("/pick", Pick.Goal(grasps=planned.grasps))

    def spawn(self, uri: str, x: float, y: float, z: float = 0.021) -> None:
        """Add a part to the simulation; its origin metres in base_link."""
        self._spawned += 1
        request = spawn_request(f"spawned_{self._spawned}", uri)
        pose = request.initial_pose.pose
        pose.position.x, pose.position.y, pose.position.z = x, y, z
        answer = self.call(self.client(SpawnEntity, "/simulator/spawn_entity"), request)
        assert answer.result.result == answer.result.RESULT_OK, answer.result.error_message

    def stop(self) -> None:
        """What an operator does first."""
        assert self._trigger("/cell/stop").success

    def reset(self) -> None:
        """What an operator does when the cause is gone."""
        answer = self._trigger("/cell/reset")
        assert answer.success, answer.message

    def may_be_reset(self) -> bool:
        """Whether a reset is granted; then it is done."""
        return bool(self._trigger("/cell/reset").success)

    def time(self) -> int:
        """Stamp of the newest joint state, nanoseconds of the cell's clock."""
        return stamp_of(self.joints.peek())

    def seconds_until_still(self, since: int, still_for: float = 0.2, fingers: bool = False) -> float:
        """Seconds of the cell's clock from `since` until arm or fingers rest for good; 0 if they stood."""
        heard, limit = (self.finger_speeds, FINGERS_STILL) if fingers else (self.speeds, STILL)
        while True:
            moving = [stamp for stamp, speed in list(heard) if stamp >= since and speed > limit]
            end = max(moving, default=since)
            if self.time() - end > still_for * 1e9:
                return (end - since) * 1e-9
            assert end - since < 30e9, f"the {'fingers do' if fingers else 'arm does'} not come to rest"
            self.joints.wait_for_newer(Time(nanoseconds=self.time() + 1), WAIT)

    def _trigger(self, name: str, timeout: float = WAIT) -> Any:
        return self.call(self.client(Trigger, name), Trigger.Request(), timeout)

    def _take_feedback(self, message: Any) -> None:
        feedback = message.feedback
        self.phases.append(feedback.status.phase if hasattr(feedback, "status") else feedback.phase)

    def _take_joints(self, message: JointState) -> None:
        if not set(self._cell.robot.joint_names) <= set(message.name):
            return  # somebody else's: a cell that is fuzzed hears more than its robot
        speeds = dict(zip(message.name, map(abs, message.velocity), strict=True))
        fingers = [name for name in speeds if name not in self._cell.robot.joint_names]
        self.finger_speeds.append((stamp_of(message), max((speeds[name] for name in fingers), default=0.0)))
        self.speeds.append((stamp_of(message), max(v for n, v in speeds.items() if n not in fingers)))
        self.joints.put(message)

    def part_positions(self) -> dict[str, tuple[float, float, float]]:
        """Where the parts really are, by the simulator, metres in base_link."""
        answer = self._states()
        positions = [state.pose.position for state in answer.states]
        return {name: (p.x, p.y, p.z) for name, p in zip(answer.entities, positions, strict=True)}

    def _states(self) -> GetEntitiesStates.Response:
        client = self.client(GetEntitiesStates, "/simulator/get_entities_states")
        return self.call(client, GetEntitiesStates.Request())

    def at_the_tcp(self, positions: dict[str, tuple[float, float, float]]) -> list[str]:
        """Which of these parts may be in the hand, the nearest to the tcp first."""
        tcp = self._tcp()
        distances = {name: np.linalg.norm(tcp - position) for name, position in positions.items()}
        return sorted((name for name in positions if distances[name] < IN_HAND), key=distances.__getitem__)

    def _tcp(self) -> FloatArray:
        """Where the middle between the pads is, (3,) metres in base_link."""
        robot, joints = self._cell.robot, self.joints.peek()
        assert joints is not None, "no joint state"
        positions = dict(zip(joints.name, joints.position, strict=True))
        flange = robot.forward({name: positions[name] for name in robot.moving})[robot.tool_link][0]
        base_from_tcp: FloatArray = flange @ self._cell.tool_from_tcp
        return base_from_tcp[:3, 3]
