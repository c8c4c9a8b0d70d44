"""The node: joint states in, transforms out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence

import rclpy
from geometry_msgs.msg import TransformStamped
from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.executors import ExternalShutdownException
from rclpy.experimental import EventsExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from robot_state_publisher.urdf import MOVING, InvalidDescription, Joint, JointType, Robot, parse

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
JOINT_STATES = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
FASTEST = 1000.0  # Hz
# Joint states are collected twice in a publishing interval, within these bounds, seconds.
SHORTEST_WAIT, LONGEST_WAIT = 0.01, 0.025
# Seconds of one turn of the executor; its spin() never waits where the C++ library is an old one.
TURN = 10.0


class InvalidParameter(ValueError):
    """A parameter has a value that the node cannot work with. The text is one sentence."""


class RobotStatePublisher(Node):
    """Publishes the transforms of a robot: moving joints from /joint_states, fixed joints latched.

    Topics, parameters and rules are those of robot_state_publisher 3.3: see README.
    """

    def __init__(self, **options: object) -> None:
        """options: those of rclpy.node.Node. Raises InvalidParameter."""
        super().__init__("robot_state_publisher", **options)
        description = self.declare_parameter("robot_description", "").value
        self.declare_parameter("publish_frequency", 20.0)
        self.declare_parameter("ignore_timestamp", False)
        self.declare_parameter("frame_prefix", "")
        if not description:
            raise InvalidParameter(
                "robot_description parameter must not be empty: set it to the URDF of the robot"
            )
        if fault := _fault(self.get_parameters(["robot_description", "publish_frequency"])):
            raise InvalidParameter(fault)

        self._description_publisher = self.create_publisher(String, "robot_description", LATCHED)
        self._publisher = self.create_publisher(TFMessage, "/tf", 100)
        self._static_publisher = self.create_publisher(TFMessage, "/tf_static", LATCHED)
        self._static: dict[str, TransformStamped] = {}  # by child frame; a new description replaces and adds
        self._published: dict[str, int] = {}  # stamp of each joint's last transform, ns
        self._last_callback = 0
        self._lock = threading.Lock()  # between the collector and new parameters
        self._take_parameters()
        self._take_description(parse(description), description)
        self.add_on_set_parameters_callback(self._judge)
        self.add_post_set_parameters_callback(self._apply)
        self._subscription = self.create_subscription(
            JointState,
            "joint_states",
            self._on_joint_state,
            JOINT_STATES,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._stop = threading.Event()
        self._collector = threading.Thread(target=self._run, name="joint_states", daemon=True)
        self._collector.start()

    @property
    def subscriptions(self) -> Iterator[Subscription]:
        """Those that an executor takes messages from; the joint states a thread of the node takes.

        Most joint states are received only to be found too early: to take them twice in a publishing interval
        costs less than to be woken by each.
        """
        return (each for each in super().subscriptions if each.msg_type is not JointState)

    def destroy_node(self) -> None:
        """Stop collecting joint states, then destroy the node."""
        self._stop.set()
        self._collector.join()
        super().destroy_node()

    def _judge(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        fault = _fault(parameters)
        return SetParametersResult(successful=not fault, reason=fault)

    def _apply(self, parameters: Sequence[Parameter]) -> None:
        with self._lock:
            self._take_parameters()
            for parameter in parameters:
                if parameter.name == "robot_description":
                    self._take_description(parse(parameter.value), parameter.value)
                elif parameter.name == "frame_prefix":
                    self._prepare_messages()

    def _take_parameters(self) -> None:
        milliseconds = int(1000.0 / self.get_parameter("publish_frequency").value)
        self._interval = milliseconds * 1_000_000
        self._ignore_timestamp = self.get_parameter("ignore_timestamp").value
        self._prefix = self.get_parameter("frame_prefix").value

        self._wait = min(max(0.5e-3 * milliseconds, SHORTEST_WAIT), LONGEST_WAIT)

    def _take_description(self, robot: Robot, xml: str) -> None:
        self._robot = robot
        self._prepare_messages()
        self._mimics = [
            (joint.name, joint.mimic) for joint in _by_name(robot.joints) if joint.mimic is not None
        ]
        self._description_publisher.publish(String(data=xml))
        self.get_logger().info("Robot initialized")
        self._publish_fixed()

    def _prepare_messages(self) -> None:
        """One message for each moving joint, in the order of their names, filled anew each time."""
        self._moving = {
            joint.name: (joint, self._message(joint))
            for joint in _by_name(self._robot.joints)
            if joint.type in MOVING
        }

    def _message(self, joint: Joint) -> TransformStamped:
        message = TransformStamped()
        message.header.frame_id = self._prefix + joint.parent
        message.child_frame_id = self._prefix + joint.child
        _place(message, joint, 0.0)
        return message

    def _publish_fixed(self) -> None:
        """Everything that does not move. Of a floating joint nothing is known: somebody else publishes it."""
        stamp = self.get_clock().now().to_msg()
        for joint in _by_name(self._robot.joints):
            if joint.type in (JointType.FIXED, JointType.PLANAR):
                message = self._message(joint)
                message.header.stamp = stamp
                self._static[message.child_frame_id] = message
        self._static_publisher.publish(TFMessage(transforms=list(self._static.values())))

    def _run(self) -> None:
        """Handle what has arrived, wait, and again; until the node is destroyed or ROS is shut down."""
        while not self._stop.wait(self._wait) and self.context.ok():
            try:
                while state := self._next():
                    with self._lock:
                        self._on_joint_state(state)
            except (rclpy_implementation.RCLError, rclpy_implementation.InvalidHandle):
                if self.context.ok():
                    raise

    def _next(self) -> JointState | None:
        """The oldest joint state that has arrived and was not taken yet."""
        handle = self._subscription.handle
        with handle:
            taken = handle.take_message(JointState, False)
        return taken[0] if taken else None

    def _on_joint_state(self, state: JointState) -> None:
        names, positions = state.name, state.position
        if len(names) != len(positions):
            if positions:
                self.get_logger().error("Robot state publisher ignored an invalid JointState message")
            else:
                self.get_logger().warning(
                    f'Robot state publisher ignored a JointState message about joint(s) "{names[0]}"(,...) '
                    "whose position member was empty."
                )
            return
        if self._due(names, state):
            self._publish(dict(zip(names, positions, strict=True)), state)

    def _due(self, names: Sequence[str], state: JointState) -> bool:
        """Whether one of the joints was last published an interval ago, by the stamps of the messages."""
        now = self.get_clock().now().nanoseconds
        if self._last_callback > now:
            self.get_logger().warning("Moved backwards in time, re-publishing joint transforms!")
            self._published.clear()
        self._last_callback = now
        published = self._published
        oldest = min(now, *(published.get(name, 0) for name in names)) if names else now
        stamp = state.header.stamp.sec * 1_000_000_000 + state.header.stamp.nanosec
        if not self._ignore_timestamp and stamp < oldest + self._interval:
            return False
        for name in names:
            published[name] = stamp
        return True

    def _publish(self, positions: dict[str, float], state: JointState) -> None:
        for name, mimic in self._mimics:
            if name not in positions and mimic.joint in positions:
                positions[name] = positions[mimic.joint] * mimic.multiplier + mimic.offset
        transforms = []
        for name, (joint, message) in self._moving.items():
            position = positions.get(name)
            if position is not None:
                message.header.stamp = state.header.stamp
                _place(message, joint, position)
                transforms.append(message)
        self._publisher.publish(TFMessage(transforms=transforms))


def _by_name(joints: Mapping[str, Joint]) -> list[Joint]:
    return [joints[name] for name in sorted(joints)]


def _place(message: TransformStamped, joint: Joint, position: float) -> None:
    translation, rotation = message.transform.translation, message.transform.rotation
    (translation.x, translation.y, translation.z), quaternion = joint.pose(position)
    rotation.x, rotation.y, rotation.z, rotation.w = quaternion


def _fault(parameters: Sequence[Parameter]) -> str:
    """What is wrong with the values, empty if nothing is."""
    for parameter in parameters:
        if parameter.name == "robot_description":
            if not parameter.value:
                return "Empty URDF is not allowed"
            try:
                parse(parameter.value)
            except InvalidDescription as error:
                return f"robot_description is not a URDF that can be used: {error}"
        elif parameter.name == "publish_frequency" and not 0.0 < parameter.value <= FASTEST:
            return f"publish_frequency must be above 0 and at most {FASTEST:.0f} Hz, not {parameter.value:g}"
    return ""


def main(args: list[str] | None = None) -> int:
    """The executable. Exit code 1 for parameters that the node cannot work with."""
    rclpy.init(args=args)
    node = None
    try:
        node = RobotStatePublisher()
        executor = EventsExecutor()
        executor.add_node(node)
        while rclpy.ok():
            executor.spin_once(timeout_sec=TURN)
    except (InvalidParameter, InvalidParameterTypeException) as error:
        get_logger("robot_state_publisher").fatal(str(error))
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():  # otherwise it was told to stop while it was starting
            raise
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
