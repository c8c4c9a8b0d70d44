"""The node between others of its own ROS domain: what it publishes, when, and what it refuses."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import rclpy
import tf2_ros
import yaml
from builtin_interfaces.msg import Time as Stamp
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from robot_state_publisher.node import InvalidParameter, RobotStatePublisher, main
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

DOMAIN = 21
PATIENCE = 20.0  # seconds; reached only when something is broken

GRIPPER = """
<robot name="gripper">
  <link name="base"/> <link name="palm"/> <link name="left"/> <link name="right"/> <link name="free"/>
  <joint name="mount" type="fixed">
    <parent link="base"/> <child link="palm"/> <origin xyz="0 0 0.5"/>
  </joint>
  <joint name="left_finger" type="revolute">
    <parent link="palm"/> <child link="left"/> <origin xyz="0 0.1 0"/> <axis xyz="0 0 2"/>
    <limit lower="0" upper="1" effort="10" velocity="1"/>
  </joint>
  <joint name="right_finger" type="prismatic">
    <parent link="palm"/> <child link="right"/> <origin xyz="0 -0.1 0" rpy="0 0 1.5707963267948966"/>
    <limit lower="0" upper="1" effort="10" velocity="1"/>
    <mimic joint="left_finger" multiplier="-0.5" offset="0.02"/>
  </joint>
  <joint name="drift" type="floating"> <parent link="base"/> <child link="free"/> </joint>
</robot>
"""


class Graph:
    """The node, a publisher of joint states and a buffer that listens."""

    def __init__(self, **parameters: object) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.helper = rclpy.create_node("helper", context=self.context)
        self.parameters = {"robot_description": GRIPPER, **parameters}
        overrides = [Parameter(name, value=value) for name, value in self.parameters.items()]
        self.node = RobotStatePublisher(context=self.context, parameter_overrides=overrides)
        self.buffer = tf2_ros.Buffer()
        self.listener = tf2_ros.TransformListener(self.buffer, self.helper)
        self.stamps: list[float] = []
        self.helper.create_subscription(TFMessage, "/tf", self._note, 100)
        self.states = self.helper.create_publisher(JointState, "joint_states", 100)
        self.executor.add_node(self.helper)
        self.executor.add_node(self.node)
        self.wait(lambda: self.states.get_subscription_count() and self.helper.count_publishers("/tf"))
        self.wait(lambda: self.node._publisher.get_subscription_count() == 2)

    def _note(self, message: TFMessage) -> None:
        stamps = {each.header.stamp.sec + each.header.stamp.nanosec * 1e-9 for each in message.transforms}
        self.stamps += sorted(stamps)

    def wait(self, condition: Callable[[], object], every: Callable[[], object] = lambda: None) -> None:
        """Spin until the condition holds; `every` is called between the turns."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            every()
            self.executor.spin_once(timeout_sec=0.02)

    def move(self, at: float, **positions: float) -> None:
        stamp = Time(nanoseconds=round(at * 1e9)).to_msg()
        message = JointState(name=list(positions), position=list(positions.values()))
        message.header.stamp = stamp
        self.states.publish(message)

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        self.helper.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def start():
    graphs: list[Graph] = []

    def begin(**parameters: object) -> Graph:
        graphs.append(Graph(**parameters))
        return graphs[-1]

    yield begin
    for graph in graphs:
        graph.close()


def test_moving_fixed_and_mimicking_joints(start):
    graph = start()
    graph.move(100.0, left_finger=0.6)
    graph.wait(lambda: graph.buffer.can_transform("left", "right", Time()))
    graph.wait(lambda: graph.buffer.can_transform("base", "palm", Time()))
    now = Stamp(sec=100)

    left = graph.buffer.lookup_transform("base", "left", now).transform
    assert (left.translation.x, left.translation.y, left.translation.z) == pytest.approx((0.0, 0.1, 0.5))
    assert (left.rotation.z, left.rotation.w) == pytest.approx((math.sin(0.3), math.cos(0.3)))

    right = graph.buffer.lookup_transform("base", "right", now).transform
    slid = (
        0.6 * -0.5 + 0.02
    )  # along the x axis of the joint, which the origin turns to the y axis of the palm
    assert (right.translation.x, right.translation.y, right.translation.z) == pytest.approx(
        (0.0, -0.1 + slid, 0.5)
    )
    assert (right.rotation.z, right.rotation.w) == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))
    assert not graph.buffer.can_transform("base", "free", Time())


def test_a_position_in_the_message_goes_before_mimicking(start):
    graph = start()
    graph.move(100.0, left_finger=0.6, right_finger=0.04)
    graph.wait(lambda: graph.buffer.can_transform("palm", "right", Time()))
    right = graph.buffer.lookup_transform("palm", "right", Time()).transform
    assert right.translation.y == pytest.approx(-0.1 + 0.04)


def test_the_publishing_interval_is_counted_in_stamps(start):
    graph = start(publish_frequency=20.0)
    for at in (100.0, 100.01, 100.049, 100.05, 100.09, 100.2):
        graph.move(at, left_finger=0.1)
    graph.wait(lambda: graph.stamps and graph.stamps[-1] == pytest.approx(100.2))
    assert graph.stamps == pytest.approx([100.0, 100.05, 100.2])


def test_joints_of_several_senders_have_intervals_of_their_own(start):
    graph = start()
    graph.move(100.0, left_finger=0.1)
    graph.move(100.01, right_finger=0.1)
    graph.move(100.02, left_finger=0.1)
    graph.move(100.06, right_finger=0.1)
    graph.wait(lambda: graph.stamps and graph.stamps[-1] == pytest.approx(100.06))
    assert graph.stamps == pytest.approx([100.0, 100.01, 100.06])


def test_timestamps_can_be_ignored(start):
    graph = start(ignore_timestamp=True)
    for at in (100.0, 100.01, 0.0):
        graph.move(at, left_finger=0.1)
    graph.wait(lambda: len(graph.stamps) == 3)
    assert graph.stamps == pytest.approx([100.0, 100.01, 0.0])


def test_frames_can_have_a_prefix(start):
    graph = start(frame_prefix="cell_2/")
    graph.move(100.0, left_finger=0.1)
    graph.wait(lambda: graph.buffer.can_transform("cell_2/base", "cell_2/right", Time()))


def test_malformed_joint_states_are_ignored(start):
    graph = start()
    graph.states.publish(JointState(name=["left_finger"]))
    graph.states.publish(JointState(name=["left_finger"], position=[1.0, 2.0]))
    graph.states.publish(JointState(name=["elbow"], position=[1.0]))
    graph.move(100.0, left_finger=0.1)
    graph.wait(lambda: graph.stamps)
    assert graph.stamps == pytest.approx([100.0])


def test_the_description_is_latched_and_can_be_replaced(start):
    graph = start()
    heard: list[str] = []
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    graph.helper.create_subscription(
        String, "robot_description", lambda message: heard.append(message.data), latched
    )
    graph.wait(lambda: heard == [GRIPPER])
    graph.wait(lambda: graph.buffer.can_transform("base", "palm", Time()))

    taller = GRIPPER.replace("0 0 0.5", "0 0 0.7").replace('offset="0.02"', 'offset="0.03"')
    (result,) = graph.node.set_parameters([Parameter("robot_description", value=taller)])
    assert result.successful
    graph.wait(lambda: heard == [GRIPPER, taller])
    graph.wait(lambda: graph.buffer.lookup_transform("base", "palm", Time()).transform.translation.z == 0.7)
    graph.move(100.0, left_finger=0.0)
    graph.wait(lambda: graph.buffer.can_transform("palm", "right", Time()))
    right = graph.buffer.lookup_transform("palm", "right", Time()).transform
    assert right.translation.y == pytest.approx(-0.1 + 0.03)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("robot_description", "", "Empty URDF is not allowed"),
        (
            "robot_description",
            "<robot",
            "robot_description is not a URDF that can be used: the robot description",
        ),
        ("publish_frequency", 0.0, "publish_frequency must be above 0 and at most 1000 Hz, not 0"),
        ("publish_frequency", 1001.0, "publish_frequency must be above 0 and at most 1000 Hz, not 1001"),
        ("publish_frequency", "fast", "Wrong parameter type"),
    ],
)
def test_a_parameter_that_cannot_work_changes_nothing(start, name, value, reason):
    graph = start()
    (result,) = graph.node.set_parameters([Parameter(name, value=value)])
    assert not result.successful
    assert result.reason.startswith(reason)
    graph.move(100.0, left_finger=0.1)
    graph.wait(lambda: graph.buffer.can_transform("base", "left", Time()))


def test_the_frequency_can_change_while_it_runs(start):
    graph = start()
    assert graph.node.set_parameters([Parameter("publish_frequency", value=100.0)])[0].successful
    for at in (100.0, 100.01, 100.02):
        graph.move(at, left_finger=0.1)
    graph.wait(lambda: len(graph.stamps) == 3)


def test_when_simulated_time_jumps_back_the_transforms_go_on(start):
    graph = start(use_sim_time=True)
    clock = graph.helper.create_publisher(Clock, "/clock", 1)

    def tell(seconds: int) -> None:
        graph.wait(
            lambda: graph.node.get_clock().now().nanoseconds == seconds * 10**9,
            lambda: clock.publish(Clock(clock=Stamp(sec=seconds))),
        )

    tell(100)
    graph.move(100.0, left_finger=0.1)
    graph.wait(lambda: graph.stamps)
    tell(5)
    graph.move(5.0, left_finger=0.1)
    graph.wait(lambda: len(graph.stamps) == 2)
    assert graph.stamps == pytest.approx([100.0, 5.0])


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "robot_description parameter must not be empty: set it to the URDF of the robot"),
        (
            "<robot name='r'/>",
            "robot_description is not a URDF that can be used: the description of r has no",
        ),
    ],
)
def test_a_node_without_a_robot_does_not_start(value, sentence):
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    try:
        with pytest.raises(InvalidParameter) as error:
            RobotStatePublisher(
                context=context, parameter_overrides=[Parameter("robot_description", value=value)]
            )
        assert str(error.value).startswith(sentence)
    finally:
        context.try_shutdown()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "robot_description parameter must not be empty"),
        (["-p", "robot_description:=5"], "robot_description"),
        (["-p", "robot_description:=<robot"], "not well-formed XML"),
    ],
)
def test_the_executable_says_why_it_does_not_start(arguments, sentence, monkeypatch, capfd):
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN))
    assert main(["robot_state_publisher", "--ros-args", *arguments]) == 1
    said = capfd.readouterr().err.strip()
    assert sentence in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_executable_ends_when_it_is_told_to(stop, tmp_path):
    (tmp_path / "parameters.yaml").write_text(
        yaml.safe_dump({"robot_state_publisher": {"ros__parameters": {"robot_description": GRIPPER}}})
    )
    command = [sys.executable, "-m", "robot_state_publisher.node", "--ros-args", "--params-file"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "parameters.yaml")],
        env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "Robot initialized" in process.stderr.readline()
        process.send_signal(stop)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "Traceback" not in said
    finally:
        process.kill()
        process.wait()
