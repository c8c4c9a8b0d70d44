"""The node over real ROS: what it publishes, its actions, and how it refuses and ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import JointTolerance
from geometry_msgs.msg import WrenchStamped
from lab_interfaces.msg import StopState
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from ros_bench import PATIENCE, Bench
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from lab_description import Cell
from lab_node.conversions.images import depth_in_metres, pinhole_camera, rgb
from lab_node.qos import ALIVE, SENSOR
from lab_simulation.simulator_node import SimulatorNode


@pytest.fixture(scope="module")
def running(ros: None) -> Iterator[Bench]:
    """A simulator that plays."""
    bench = Bench(seed=1, parts=3, speed=1.0)
    bench.start()
    yield bench
    bench.close()


def test_streams_are_those_of_a_cell(running: Bench, cell: Cell) -> None:
    running.listen(Clock, "/clock")
    running.listen(JointState, "/joint_states")
    running.listen(Image, "/camera/color/image_raw", SENSOR)
    running.listen(Image, "/camera/aligned_depth/image_raw", SENSOR)
    running.listen(CameraInfo, "/camera/color/camera_info", SENSOR)
    topics = [cell.robot.wrench_topic, *cell.gripper.wrench_topics.values()]
    for topic in topics:
        running.listen(WrenchStamped, topic)
    images = ("/camera/color/image_raw", "/camera/aligned_depth/image_raw", "/camera/color/camera_info")
    running.wait(
        lambda: all(len(running.stamps.get(topic, [])) >= 4 for topic in (*images, *topics)), "streams"
    )

    colour, depth, info = (running.newest[topic] for topic in images)
    assert {m.header.frame_id for m in (colour, depth, info)} == {"camera_color_optical_frame"}
    assert (colour.encoding, depth.encoding) == ("rgb8", "16UC1")
    assert rgb(colour).shape == (480, 640, 3)
    assert pinhole_camera(info) == cell.camera.pinhole
    metres = depth_in_metres(depth)
    assert np.nanmedian(metres) == pytest.approx(0.8, abs=0.15)
    assert 0.0001 < np.isnan(metres).mean() < 0.1, "shadows of the stereo camera are there, and little else"

    joints = running.newest["/joint_states"]
    assert list(joints.name[:6]) == list(cell.robot.joint_names)
    assert cell.gripper.joint in joints.name
    assert len(joints.position) == len(joints.velocity) == len(joints.effort) == len(joints.name)
    steps = np.diff(running.stamps["/joint_states"])
    assert steps.min() > 0.0
    assert np.median(steps) <= 0.01, "at least 100 Hz of simulated time"
    assert np.diff(running.stamps["/clock"]).min() > 0.0
    both = sorted(set(running.stamps[images[0]]) & set(running.stamps[images[1]]))
    assert np.median(np.diff(both)) == pytest.approx(1.0 / 15.0, abs=0.009)
    assert running.newest[cell.robot.wrench_topic].header.frame_id == cell.robot.tool_link
    assert running.newest[topics[1]].header.frame_id == cell.gripper.left_pad


def trajectory(cell: Cell, seconds: float, **offsets: float) -> FollowJointTrajectory.Goal:
    target = cell.robot.configuration("home").copy()
    for name, offset in offsets.items():
        target[cell.robot.joint_names.index(name)] += offset
    point = JointTrajectoryPoint(
        positions=target.tolist(),
        velocities=[0.0] * 6,
        time_from_start=Duration(sec=int(seconds), nanosec=round(seconds % 1.0 * 1e9)),
    )
    names = list(cell.robot.joint_names)
    return FollowJointTrajectory.Goal(trajectory=JointTrajectory(joint_names=names, points=[point]))


def send(bench: Bench, cell: Cell, goal: Any, feedback: Callable[[Any], None] | None = None) -> Any:
    kind = FollowJointTrajectory if isinstance(goal, FollowJointTrajectory.Goal) else ParallelGripperCommand
    name = cell.robot.trajectory_action if kind is FollowJointTrajectory else cell.gripper.action
    client = ActionClient(bench.client, kind, name)
    assert client.wait_for_server(PATIENCE)
    return bench.result(client.send_goal_async(goal, feedback), name)


def test_a_trajectory_is_followed_with_feedback(running: Bench, cell: Cell) -> None:
    said: list[Any] = []
    handle = send(running, cell, trajectory(cell, 0.6, wrist_3_joint=0.4), said.append)
    assert handle.accepted
    outcome = running.result(handle.get_result_async(), "trajectory")
    assert outcome.result.error_code == FollowJointTrajectory.Result.SUCCESSFUL, outcome.result.error_string
    running.listen(JointState, "/joint_states")
    seen = len(running.stamps.get("/joint_states", []))
    running.wait(lambda: len(running.stamps.get("/joint_states", [])) > seen + 2, "joint states")
    at = running.newest["/joint_states"].position[5]
    assert at == pytest.approx(cell.robot.configuration("home")[5] + 0.4, abs=0.002)
    assert said
    assert max(abs(e) for e in said[-1].feedback.error.positions) < 0.01


def test_a_cancelled_trajectory_ends_cancelled(running: Bench, cell: Cell) -> None:
    handle = send(running, cell, trajectory(cell, 20.0, shoulder_pan_joint=0.5))
    running.result(handle.cancel_goal_async(), "cancel")
    outcome = running.result(handle.get_result_async(), "result")
    assert outcome.status == 5, "STATUS_CANCELED"
    assert "brakes" in outcome.result.error_string


def test_a_newer_trajectory_takes_over(running: Bench, cell: Cell) -> None:
    first = send(running, cell, trajectory(cell, 20.0, shoulder_pan_joint=0.2))
    second = send(running, cell, trajectory(cell, 0.5))
    outcome = running.result(first.get_result_async(), "first")
    assert outcome.status == 6, "STATUS_ABORTED"
    assert "newer" in outcome.result.error_string
    assert running.result(second.get_result_async(), "second").status == 4, "STATUS_SUCCEEDED"


def test_a_stopped_arm_is_braked_by_a_goal_and_then_takes_none_before_the_reset(
    running: Bench, cell: Cell
) -> None:
    """A goal past everything moved a stopped arm by 0.04 rad before the stop node had it cancelled."""
    words = [running.client.create_publisher(StopState, "/cell/stop_state", ALIVE)]

    def say(stopped: bool) -> None:
        words[-1].publish(StopState(stopped=stopped))
        permit = running.node._arm._permit
        running.wait(lambda: (permit.stopped() is not None) == stopped, "the word to be heard")

    def goal() -> Any:
        return send(running, cell, trajectory(cell, 0.5, wrist_3_joint=0.1))

    moving = send(running, cell, trajectory(cell, 20.0, wrist_3_joint=0.3))
    say(stopped=True)
    braking = goal()
    assert braking.accepted
    assert running.result(moving.get_result_async(), "first").status == 6, "STATUS_ABORTED"
    assert running.result(braking.get_result_async(), "second").status == 4, "STATUS_SUCCEEDED"
    assert not goal().accepted
    words.append(running.client.create_publisher(StopState, "/cell/stop_state", ALIVE))
    running.wait(lambda: running.node.count_publishers("/cell/stop_state") == 2, "the second voice")
    words[-1].publish(StopState(stopped=False))  # forged
    assert not goal().accepted
    running.client.destroy_publisher(words.pop())
    running.wait(lambda: running.node.count_publishers("/cell/stop_state") == 1, "the second voice's end")
    say(stopped=False)
    assert running.result(goal().get_result_async(), "result").status == 4, "STATUS_SUCCEEDED"


def test_trajectories_that_cannot_be_are_rejected(running: Bench, cell: Cell) -> None:
    partial = trajectory(cell, 1.0)
    partial.trajectory.joint_names = partial.trajectory.joint_names[:5]
    unknown = trajectory(cell, 1.0)
    unknown.path_tolerance = [JointTolerance(name="nose", position=0.1)]
    moving = trajectory(cell, 1.0)
    moving.trajectory.points[0].velocities = [1.0] * 6
    for goal in (partial, unknown, moving, FollowJointTrajectory.Goal()):
        assert not send(running, cell, goal).accepted


def test_the_gripper_closes_and_opens(running: Bench, cell: Cell) -> None:
    for position in (0.6, 0.0):
        goal = ParallelGripperCommand.Goal()
        goal.command.position = [position]
        outcome = running.result(send(running, cell, goal).get_result_async(), "gripper")
        assert outcome.result.reached_goal
        assert not outcome.result.stalled
        assert outcome.result.state.position[0] == pytest.approx(position, abs=0.01)
    goal.command.position = []
    assert not send(running, cell, goal).accepted
    goal.command.position = [float("nan")]
    assert not send(running, cell, goal).accepted


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"scene": "scatered"}, "no scene 'scatered'; did you mean 'scattered'"),
        ({"cell": "nowhere"}, "no cell 'nowhere'"),
        ({"parts": 99}, "parameter 'parts' of node simulator is 99, expected 0 to 60"),
        ({"speed": -1.0}, "parameter 'speed' of node simulator is -1.0, expected 0.0 to 100.0"),
        ({"meshes": "/no/such/folder"}, "meshes: no folder '/no/such/folder'"),
        ({"renderer": "vulkan"}, "parameter 'renderer' of node simulator is 'vulkan'"),
        ({"sed": 3}, "parameter 'sed' of node simulator does not exist: did you mean 'seed'"),
    ],
)
def test_what_cannot_be_configured_says_why(ros: None, capfd: Any, parameters: dict, sentence: str) -> None:
    node = SimulatorNode(
        parameter_overrides=[Parameter(name, value=value) for name, value in parameters.items()]
    )
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    node.end()
    node.destroy_node()
    said = capfd.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_the_executable_ends_cleanly_on_sigint(ros: None) -> None:
    """With a node that is configured, its threads and its OpenGL context."""
    code = "from lab_simulation.simulator_node import main; main()"
    arguments = ["--ros-args", "-r", "__node:=simulator_that_ends", "-p", "parts:=1"]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    client = rclpy.create_node("client_that_ends_it")
    executor = SingleThreadedExecutor()
    executor.add_node(client)
    try:
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        change = client.create_client(ChangeState, "/simulator_that_ends/change_state")
        assert change.wait_for_service(PATIENCE)
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=transition))
            future = change.call_async(request)
            executor.spin_until_future_complete(future, PATIENCE)
            assert future.result().success
        process.send_signal(2)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        executor.shutdown()
        client.destroy_node()
