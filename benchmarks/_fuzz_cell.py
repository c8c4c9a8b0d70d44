"""A whole cell that is stopped and fed hostile messages, requests and goals: what breaks, and what moves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from lab_interfaces.action import MoveTo, Pick, Place, PlanGrasps
from lab_interfaces.msg import Outcome, StopState
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import ListParameters, SetParameters
from rclpy.action import ActionClient
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.time import Time
from trajectory_msgs.msg import JointTrajectoryPoint

from _cell_run import ROOT, CellClient, CellRun, running_cell, wall_wait
from lab_description import Cell, load_cell
from lab_description.graph import Graph, load_graph
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_evaluation.fuzzing.ros_messages import messages
from lab_evaluation.fuzzing.target import Target
from lab_node.actions import wait_for
from lab_node.message_types import message_class
from lab_node.qos import ALIVE, LATCHED

GROUP = "running cell"
CELL = "ur5e_table"
WAIT = 20.0
FLOOD = 300
"""Times that a message comes at once."""
# What a stopped arm may move, radians: it sags, and a stranger's goal is cancelled only when it has begun.
MAY_MOVE = 0.005
# Who may set the clock moves everything in simulation, and who may reset the stop may move the cell.
TRUSTED_TOPICS = {"/clock"}
TRUSTED_SERVICES = {"/cell/reset"}


def _target(name: str, inputs: st.SearchStrategy[Any], take: Callable[[Any], object]) -> Target:
    # said to take a second, so that inputs of all of them come mixed, one by one
    return Target(name, GROUP, inputs, take, seconds=1.0)


class StoppedCell:
    """Feeds a cell and looks at it after every input."""

    def __init__(self, run: CellRun, client: CellClient, log: Path, cell: Cell, graph: Graph) -> None:
        self._run, self.client, self._log, self._graph = run, client, log, graph
        self._robot, self._read = cell.robot, 0
        self._publishers: list[Publisher] = []
        self.moved = 0.0
        """Radians, the most that a joint of the stopped arm moved."""
        self._still = self._arm()

    def targets(self) -> Iterator[Target]:
        """Everything that the cell hears, serves and does."""
        for topic in self._graph.topics.values():
            heard = [name for name in topic.subscribers if name in self._graph.nodes]
            if heard and topic.name not in TRUSTED_TOPICS:
                yield self._topic(
                    topic.name, message_class(topic.type), ALIVE if topic.qos == "alive" else LATCHED
                )
        for service in self._graph.services.values():
            if service.servers and "*" not in service.name and service.name not in TRUSTED_SERVICES:
                yield self._service(service.name, message_class(service.type))
        for action in self._graph.actions.values():
            if action.servers:
                yield self._action(action.name, message_class(action.type))
        for node in self._graph.started("mujoco"):
            if node.managed:
                yield self._parameters(node.path)
                yield self._transitions(node.path)

    def _topic(self, name: str, kind: Any, qos: QoSProfile) -> Target:
        publisher = self.client.node.create_publisher(kind, name, qos)
        self._publishers.append(publisher)

        def take(given: tuple[Any, bool, int]) -> None:
            message, fresh, times = given
            if fresh and hasattr(message, "header"):
                message.header.stamp = Time(nanoseconds=self.client.time()).to_msg()
            for _ in range(times):
                publisher.publish(message)
            self._look()

        times = st.sampled_from([1, 1, 1, 2, FLOOD])
        return _target(f"topic {name}", st.tuples(messages(kind), st.booleans(), times), take)

    def _service(self, name: str, kind: Any) -> Target:
        def take(request: Any) -> None:
            self.client.call(self.client.client(kind, name), request, WAIT)
            self._look()

        return _target(f"service {name}", messages(kind.Request), take)

    def _action(self, name: str, kind: Any) -> Target:
        client = ActionClient(self.client.node, kind, name)
        assert client.wait_for_server(WAIT), f"no server for {name}"

        def take(goal: Any) -> None:
            handle = wait_for(client.send_goal_async(goal), WAIT, name)
            if handle.accepted:
                answer = wait_for(handle.get_result_async(), WAIT, name).result
                outcome = getattr(answer, "outcome", None)
                moves = kind in (MoveTo, Pick, Place)
                if moves and outcome is not None and outcome.code == Outcome.SUCCESS:
                    raise Wrong(f"{name} succeeded in a cell that is stopped", Verdict.WRONG_SUCCESS)
            self._look()

        return _target(f"action {name}", messages(kind.Goal), take)

    def _parameters(self, node: str) -> Target:
        """No node takes a number that is none."""
        client = self.client.client(SetParameters, f"{node}/set_parameters")
        lister = self.client.client(ListParameters, f"{node}/list_parameters")
        names = sorted(self.client.call(lister, ListParameters.Request(), WAIT).result.names)
        values = st.sampled_from([float("nan"), float("inf"), float("-inf")])

        def take(given: tuple[str, float]) -> None:
            name, value = given
            request = SetParameters.Request(
                parameters=[
                    Parameter(
                        name=name,
                        value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value),
                    )
                ]
            )
            (answer,) = self.client.call(client, request, WAIT).results
            if answer.successful:
                raise Wrong(f"{node} took {name} = {value}")
            self._look()

        return _target(f"parameters of {node}", st.tuples(st.sampled_from(names), values), take)

    def _transitions(self, node: str) -> Target:
        """Transitions that an active node does not have."""
        client = self.client.client(ChangeState, f"{node}/change_state")

        def take(number: int) -> None:
            request = ChangeState.Request()
            request.transition.id = number
            if self.client.call(client, request, WAIT).success:
                raise Wrong(f"{node} made the transition {number}, which an active node does not have")
            self._look()

        return _target(f"transitions of {node}", st.sampled_from([0, 1, 2, 3, 8, 99, 255]), take)

    def goal_of_a_stranger(self) -> float:
        """Radians that the arm moves when a goal comes to its controller past everything."""
        before = self._arm()
        client = ActionClient(self.client.node, *self._controller())
        goal = self._controller()[0].Goal()
        goal.trajectory.joint_names = list(self._robot.joint_names)
        far = JointTrajectoryPoint(positions=[float(q) + 0.5 for q in before])
        far.time_from_start.sec = 1
        goal.trajectory.points = [far]
        assert client.wait_for_server(WAIT), "no controller"
        handle = wait_for(client.send_goal_async(goal), WAIT, "controller")
        if handle.accepted:
            wait_for(handle.get_result_async(), WAIT, "controller")
        self.client.seconds_until_still(self.client.time(), still_for=1.0)
        return float(np.abs(self._arm() - before).max())

    def forged_permission(self) -> float:
        """Radians that the arm moves when somebody forges the stop node's word and asks for a motion."""
        before, publisher = (
            self._arm(),
            self.client.node.create_publisher(StopState, "/cell/stop_state", ALIVE),
        )
        handle = self.client.send("/move_to", MoveTo.Goal(configuration="stow"))
        result = handle.get_result_async()
        for _ in range(300):
            said = StopState(stopped=False, speed=1.0)
            said.header.stamp = Time(nanoseconds=self.client.time()).to_msg()
            publisher.publish(said)
            self.client.joints.wait_for_newer(Time(nanoseconds=self.client.time() + 1), WAIT)
            if result.done():
                break
        wait_for(result, 60.0, "move_to")
        self.client.node.destroy_publisher(publisher)
        self.client.seconds_until_still(self.client.time())
        return float(np.abs(self._arm() - before).max())

    def works(self) -> str:
        """After a reset: what keeps the cell from picking and placing a part; empty if nothing does."""
        for publisher in self._publishers:
            self.client.node.destroy_publisher(publisher)
        # refused as long as somebody else says whether the cell may move
        if not wall_wait(self.client.may_be_reset, WAIT):
            return "the cell cannot be reset"
        now = Time(nanoseconds=self.client.time()).to_msg()
        grasps = self.client.ask("/plan_grasps", PlanGrasps.Goal(not_before=now))
        if grasps.outcome.code != Outcome.SUCCESS:
            return f"no grasps: {grasps.outcome.message}"
        picked = self.client.ask("/pick", Pick.Goal(grasps=grasps.grasps))
        if picked.outcome.code != Outcome.SUCCESS:
            return f"no pick: {picked.outcome.message}"
        placed = self.client.ask("/place", Place.Goal(destination="bin"))
        return "" if placed.outcome.code == Outcome.SUCCESS else f"no place: {placed.outcome.message}"

    def _controller(self) -> tuple[Any, str]:
        action = next(a for a in self._graph.actions.values() if a.type.endswith("FollowJointTrajectory"))
        return message_class(action.type), action.name

    def _look(self) -> None:
        """Raise Wrong when something is broken, or the arm has moved."""
        self.client.joints.wait_for_newer(Time(nanoseconds=self.client.time() + 1), WAIT)
        with self._log.open("rb") as log:
            log.seek(self._read)
            said = log.read()
        self._read += len(said)
        for sign in (b"Traceback", b"process has died", b"segmentation fault"):
            if sign in said:
                words = said[said.index(sign) :][:900].decode(errors="replace")
                raise Wrong(words, Verdict.TRACEBACK)
        if self._run.ended():
            raise Wrong("the cell has ended", Verdict.TRACEBACK)
        now = self._arm()
        moved = float(np.abs(now - self._still).max())
        self.moved = max(self.moved, moved)
        if moved > MAY_MOVE:
            self._still = now
            raise Wrong(f"the arm moved {moved:.3f} rad while the cell was stopped", Verdict.MOTION)

    def _arm(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        state = self.client.joints.peek()
        assert state is not None
        at = dict(zip(state.name, state.position, strict=True))
        return np.array([at[name] for name in self._robot.joint_names])


@contextmanager
def stopped_cell(seed: int) -> Iterator[StoppedCell]:
    """A simulated cell that has come up and was stopped."""
    cell = load_cell(CELL)
    arguments = {"seed": str(seed), "parts": "3", "look": "plain"}
    with tempfile.TemporaryDirectory(prefix="lab_fuzz_cell_") as folder:
        log = Path(folder) / "log"
        arguments["record"] = str(Path(folder) / "record")
        with running_cell(ROOT / "launch" / "cell.launch.py", arguments, log) as (run, client):
            client.stop()
            client.seconds_until_still(client.time())
            yield StoppedCell(run, client, log, cell, load_graph(cell))


MEASURES: dict[str, Callable[[StoppedCell], float]] = {
    "a stranger's goal at the controller": StoppedCell.goal_of_a_stranger,
    "a forged permission": StoppedCell.forged_permission,
}
