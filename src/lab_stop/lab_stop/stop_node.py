"""Holds the latch that halts the cell. Topics, services and parameters: see README."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from lab_interfaces.msg import HeldPart, StopState
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import QoSLivelinessChangedInfo, SubscriptionEventCallbacks
from sensor_msgs.msg import Range
from std_msgs.msg import Bool, Float64
from std_srvs.srv import Trigger

from lab_core.errors import ConfigurationError
from lab_core.parameters import parameter
from lab_description import Gripper, load_cell
from lab_node.health import Condition
from lab_node.lifecycle import LabNode, spin
from lab_node.permit import STOP_STATE, Voices
from lab_node.qos import ALIVE, LATCHED, RELIABLE, SENSOR, WATCHED
from lab_stop.latch import Latch, Verdict, Zone
from lab_stop.ros_controllers import ArmControllers
from lab_stop.ros_goals import ControllerGoals

# Wall seconds between two words. While the cell is stopped its controllers are asked as often to cancel what
# they do: a goal that somebody sends nevertheless moves for no longer than that.
PERIOD = 0.05
STOP = "cell/stop"
"""Name of the topic and of the service."""


@dataclass(frozen=True)
class StopParameters:
    """Parameters of the stop node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    hardware_topic: str = parameter(
        "", "A topic of std_msgs/Bool that is true to stop the cell. Empty: the cell has none."
    )
    presence_topic: str = parameter(
        "",
        "A topic of sensor_msgs/Range with the distance of the nearest person. Empty: the cell has none.",
    )
    running_topic: str = parameter(
        "",
        "A latched topic of std_msgs/Bool that is false while the robot does not obey. Empty: the cell has"
        " none.",
    )
    speed_topic: str = parameter(
        "",
        "A topic of std_msgs/Float64 that is 0 while the robot has halted itself. Empty: the cell has none.",
    )
    input_timeout: float = parameter(
        0.5, "An input that is silent for longer stops the cell.", unit="s", minimum=0.05, maximum=10.0
    )
    slow_distance: float = parameter(
        1.5, "The cell moves slowly while a person is nearer than this.", unit="m", minimum=0.0, maximum=20.0
    )
    stop_distance: float = parameter(
        0.8, "The cell stops when a person is nearer than this.", unit="m", minimum=0.0, maximum=20.0
    )
    slow_speed: float = parameter(
        0.25, "The share of the planned speed while the cell moves slowly.", minimum=0.01, maximum=1.0
    )
    backstop: float = parameter(
        0.3,
        "The goals that arm and hand still follow this time after a stop are cancelled.",
        unit="s",
        minimum=0.1,
        maximum=5.0,
    )


class StopNode(LabNode):
    """Takes stops from everywhere, keeps them, and tells the cell again and again whether it may move."""

    Parameters = StopParameters
    parameters: StopParameters

    def configure(self) -> None:
        """Open inputs, services and the output; nothing is said before the node is active."""
        p = self.parameters
        if p.stop_distance > p.slow_distance:
            raise ConfigurationError(
                f"stop_distance is {p.stop_distance} m, expected at most slow_distance, {p.slow_distance} m"
            )
        self._active = False
        self._said: Verdict | None = None
        self._cancel_at = self._lock_at = math.inf
        self._motion_died = False
        given = (p.hardware_topic, p.presence_topic, p.speed_topic, p.running_topic)
        names = [topic and self.resolve_topic_name(topic) for topic in given]
        self._hardware, self._presence, self._speed, self._running = names
        repeated = [name for name in names[:3] if name]
        self._own = self.resolve_topic_name(STOP_STATE)
        kept = [self._running, self._own] if self._running else [self._own]
        zone = Zone(p.slow_distance, p.stop_distance, p.slow_speed)
        self._latch = Latch(time.monotonic(), p.input_timeout, repeated, kept, zone)
        self._states = self.create_publisher(StopState, STOP_STATE, ALIVE)
        self._voices = Voices(self, lambda state: None)
        # a best effort publisher is not heard by a reliable subscription; heard twice does no harm
        for qos in (RELIABLE, SENSOR):
            self.create_subscription(Bool, STOP, self._take_stop, qos)
        if p.hardware_topic:
            self.create_subscription(Bool, p.hardware_topic, self._take_hardware, SENSOR)
        if p.presence_topic:
            self.create_subscription(Range, p.presence_topic, self._take_presence, SENSOR)
        if p.running_topic:
            self.create_subscription(Bool, p.running_topic, self._take_running, LATCHED)
        if p.speed_topic:
            self.create_subscription(Float64, p.speed_topic, self._take_speed, SENSOR)
        self.create_service(Trigger, STOP, self._stop)
        self.create_service(Trigger, "cell/reset", self._reset)
        cell = load_cell(p.cell)
        actions = [cell.robot.trajectory_action]
        if isinstance(cell.end_effector, Gripper):
            actions.append(cell.end_effector.action)
        self._goals = ControllerGoals(self, actions)
        self._arm = ArmControllers(self, [cell.robot.trajectory_action], self._latch.stop)
        self.create_subscription(
            HeldPart,
            "motion/held",
            lambda held: None,
            WATCHED,
            event_callbacks=SubscriptionEventCallbacks(liveliness=self._look_after_motion),
        )
        # the wall's time: a cell whose clock stands has to stop too
        self.create_timer(PERIOD, self._turn, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def activate(self) -> None:
        """Begin to watch the inputs; what was latched before and not reset stays."""
        self._latch.begin(time.monotonic())
        self._look_for_others()
        self._said = None
        self._active = True
        self._tell()

    def deactivate(self) -> None:
        """Stop the cell: from now on nobody watches."""
        self._latch.end("the stop node has ended: start it again")
        self._tell()
        self._goals.cancel()
        self._active = False

    def diagnose(self) -> Condition:
        """Why the cell is stopped, and who does not obey."""
        said = self._said
        if said is None:
            return Condition()
        troubles = [f"stopped: {said.reason}"] if said.stopped else []
        troubles += [f"{action} does not answer" for action in self._goals.deaf()]
        values = {
            "stopped": "yes" if said.stopped else "no",
            "reason": said.reason or "none",
            "speed": f"{said.speed:.2f}",
            "stops": str(self._latch.stops),
        }
        return Condition("; ".join(troubles), values)

    def _take_stop(self, message: Bool) -> None:
        if message.data:
            self._latch.stop(f"a stop came on the topic {self.resolve_topic_name(STOP)}")
            # one of a flood is told with the next word: to tell each would leave no turn for anything else
            if self._said is None or not self._said.stopped:
                self._tell()

    def _take_hardware(self, message: Bool) -> None:
        self._hear(self._hardware, f"the input {self._hardware} asks to stop" if message.data else "")

    def _take_running(self, message: Bool) -> None:
        words = f"the robot does not obey, says {self._running}: start its program"
        self._hear(self._running, "" if message.data else words)

    def _take_speed(self, message: Float64) -> None:
        words = f"the robot is halted, says {self._speed}: its own panel says why"
        self._hear(self._speed, "" if message.data > 0.0 else words)

    def _hear(self, topic: str, cause: str) -> None:
        self._latch.hear(topic, time.monotonic(), cause)
        if cause:
            self._tell()

    def _take_presence(self, message: Range) -> None:
        # REP 117: beyond the sensor's reach is +inf, closer than it can measure is -inf, a failure NaN
        self._latch.hear_distance(self._presence, time.monotonic(), message.range)
        if not message.range >= self.parameters.slow_distance:
            self._tell()

    def _stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._latch.stop("an operator stopped the cell")
        self._tell()
        response.success, response.message = True, "stopped"
        return response

    def _reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        cause = self._latch.reset(time.monotonic())
        self._tell()
        response.success = not cause
        response.message = (
            f"cannot reset: {cause}"
            if cause
            else f"reset: {self._arm.waits or 'the cell may move when it is told to'}"
        )
        return response

    def _turn(self) -> None:
        self._goals.turn()
        if self._active:
            self._arm.turn()
        self._look_for_others()
        self._tell()

    def _look_for_others(self) -> None:
        self._latch.hear(self._own, time.monotonic(), self._voices.trouble())

    def _tell(self) -> None:
        if not self._active:
            return
        now = time.monotonic()
        verdict = self._latch.verdict(now)
        latched = verdict.stopped
        if not latched:
            self._arm.lock(False)
            if waits := self._arm.waits:
                verdict = replace(verdict, stopped=True, reason=waits)
        state = StopState(
            stopped=verdict.stopped, reason=verdict.reason, speed=verdict.speed, stops=self._latch.stops
        )
        state.header.stamp = self.get_clock().now().to_msg()
        self._states.publish(state)
        if verdict.stopped and (self._said is None or not self._said.stopped):
            self.get_logger().warning(f"stopped: {verdict.reason}")
            self._cancel_at = now + self.parameters.backstop
            self._lock_at = self._cancel_at + PERIOD
        if self._said is not None and self._said.stopped and not verdict.stopped:
            self.get_logger().info("reset")
        self._said = verdict
        self._cancel_goals(now, verdict.stopped)
        if latched and now >= self._lock_at:  # before that it brakes along its path
            self._arm.lock(True)

    def _cancel_goals(self, now: float, stopped: bool) -> None:
        """Again and again, in case that nobody else could, or that a goal comes late."""
        unanswered = self._goals.unanswered()
        self._motion_died = self._motion_died and bool(unanswered)
        if not stopped and not self._motion_died:
            self._cancel_at = math.inf
            self._goals.forget()
        elif now >= self._cancel_at:
            self._cancel_at = now
            self._goals.cancel()

    def _look_after_motion(self, event: QoSLivelinessChangedInfo) -> None:
        """End what a motion node that has died has begun: nobody watches it. It comes up again by itself."""
        if event.alive_count > 0:
            self._motion_died = False
        elif event.not_alive_count_change > 0 and self._active:  # it has not ended in order
            self.get_logger().error("the motion node has died: arm and hand are told to hold")
            self._motion_died = True
            self._cancel_at = time.monotonic()
            self._goals.cancel()


def main() -> None:
    """Executable."""
    spin(lambda: StopNode("stop"))
