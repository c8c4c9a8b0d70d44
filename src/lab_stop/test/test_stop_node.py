"""The node with real messages: from each input to the state, and to the arm's controller."""

import math
import signal
import subprocess
import sys
import threading
import time

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lab_interfaces.msg import StopState
from managed_controllers import ControllerManager
from rclpy.action import CancelResponse
from rclpy.context import Context
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import Range
from std_msgs.msg import Bool, Float64
from std_srvs.srv import Trigger

from lab_node import qos
from lab_node.actions import wait_for
from lab_node.executor import ExecutorThread
from lab_node.permit import SETTLES, STOP_STATE, Permit
from lab_node.qos import LATCHED, RELIABLE, SENSOR
from lab_node.rclpy_overrides import ActionClient, ThreadedActionServer, destroy_actions
from lab_stop.ros_goals import ControllerGoals
from lab_stop.stop_node import PERIOD, StopNode

WAIT = 60.0


class Bench:
    """The node, and nodes that are everything around it.

    Each has a DDS participant of its own, as in a cell: of two that listen in one, Fast DDS forgets to tell
    the second now and then that a publisher lives.
    """

    def __init__(self, **parameters):
        self.node = StopNode(
            "stop", parameter_overrides=[Parameter(n, value=v) for n, v in parameters.items()]
        )
        self.nodes, self.executors = [self.node], [ExecutorThread(self.node)]
        self.around = self.participant("around")
        # of a client that is only just made the node may not know yet: its answer would be lost
        names = ("/cell/stop", "/cell/reset")
        self._services = {name: self.around.create_client(Trigger, name) for name in names}
        self.states = []
        self.diagnoses = [DiagnosticStatus()]
        self.around.create_subscription(StopState, STOP_STATE, self.states.append, LATCHED)
        self.around.create_subscription(
            DiagnosticArray, "/diagnostics", lambda array: self.diagnoses.extend(array.status), RELIABLE
        )

    def participant(self, name):
        """One more node around it."""
        context = Context()
        rclpy.init(context=context)
        self.nodes.append(Node(name, context=context))
        self.executors.append(ExecutorThread(self.nodes[-1]))
        return self.nodes[-1]

    def start(self):
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        return self

    def until(self, condition, what):
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            pause.wait(0.005)

    def call(self, name):
        client = self._services[name]
        assert client.wait_for_service(WAIT)
        return wait_for(client.call_async(Trigger.Request()), WAIT, name)

    def feed(self, kind, topic, make):
        """Publish at 50 Hz, whatever `make` gives; nothing when that is None."""
        publisher = self.around.create_publisher(kind, topic, SENSOR)
        self.around.create_timer(0.02, lambda: (m := make()) is not None and publisher.publish(m))

    def is_now(self, **fields):
        return bool(self.states) and all(getattr(self.states[-1], k) == v for k, v in fields.items())

    def diagnosis(self):
        return self.diagnoses[-1]

    def value(self, key):
        """Of the newest diagnosis, empty when it says nothing of that."""
        return next((item.value for item in self.diagnosis().values if item.key == key), "")

    def close(self):
        self.node.end()
        for executor, node in zip(self.executors, self.nodes, strict=True):
            executor.close()
            destroy_actions(node)
            node.destroy_node()
            node.context.try_shutdown()


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "55")
    rclpy.init()
    made = []

    def make(**parameters):
        made.append(Bench(**parameters))
        return made[-1]

    yield make
    for one in made:
        one.close()
    rclpy.try_shutdown()


def test_service_and_topic_stop_and_the_service_resets(bench):
    cell = bench().start()
    cell.until(lambda: cell.is_now(stopped=False, speed=1.0), "not free")
    assert cell.call("/cell/stop").success
    cell.until(lambda: cell.is_now(stopped=True, speed=0.0), "not stopped")
    assert cell.call("/cell/reset").success
    cell.until(lambda: cell.is_now(stopped=False), "not reset")
    publisher = cell.around.create_publisher(Bool, "/cell/stop", RELIABLE)
    cell.until(lambda: publisher.get_subscription_count() > 0, "nobody listens")
    publisher.publish(Bool(data=False))
    publisher.publish(Bool(data=True))
    cell.until(lambda: cell.is_now(stopped=True, reason="a stop came on the topic /cell/stop"), "not stopped")


@pytest.mark.parametrize("profile", ["ALIVE", "LATCHED", "SENSOR"])
def test_a_second_voice_that_says_whether_the_cell_may_move_stops_it(bench, profile):
    """Who forges the state of the stop node moved a stopped arm; whoever may not be heard is counted too."""
    cell = bench().start()
    cell.until(lambda: cell.is_now(stopped=False), "not free")
    permit = Permit(cell.participant("motion"), math.inf)
    cell.until(lambda: permit.refusal() is None, "no permission")
    elsewhere = Context()
    rclpy.init(context=elsewhere)
    forger = Node("forger", context=elsewhere)
    forger.create_publisher(StopState, STOP_STATE, getattr(qos, profile))
    words = "2 publishers say on /cell/stop_state whether the cell may move"
    cell.until(lambda: cell.is_now(stopped=True) and words in cell.states[-1].reason, "not stopped")
    told = len(cell.states)
    cell.until(lambda: len(cell.states) > told + int(2 * SETTLES / PERIOD), "says nothing")
    refused = cell.call("/cell/reset")
    assert not refused.success and words in refused.message, "it lives, however long it has been known"
    permit._take(StopState(stopped=False, speed=1.0))  # as it comes between two words of the stop node
    assert words in str(permit.stopped())
    forger.destroy_node()
    elsewhere.try_shutdown()
    cell.until(lambda: cell.node.count_publishers(STOP_STATE) == 1, "the forger has not gone")
    cell.until(lambda: cell.call("/cell/reset").success, "cannot be reset")
    cell.until(lambda: permit.refusal() is None, "no permission")


OTHER = """
import rclpy
from lab_interfaces.msg import StopState
from lab_node.permit import STOP_STATE
from lab_node.qos import ALIVE
rclpy.init()
node = rclpy.create_node("other")
publisher = node.create_publisher(StopState, STOP_STATE, ALIVE)
node.create_timer(0.05, lambda: publisher.publish(StopState(stopped=False, speed=1.0, stops=7)))
rclpy.spin(node)
"""


def test_a_stop_node_that_was_killed_is_no_second_voice_of_its_successor(bench):
    """Discovery shows it for 20 s more, in which nothing moved in a cell that was started anew."""
    cell = bench()
    permit = Permit(cell.participant("motion"), math.inf)
    before = subprocess.Popen([sys.executable, "-c", OTHER])
    try:
        cell.until(lambda: permit.stops == 7 and permit.refusal() is None, "no permission of the first")
        before.kill()
        before.wait()
        killed = time.monotonic()
        cell.start()
        cell.until(lambda: cell.call("/cell/reset").success, "cannot be reset")
        cell.until(lambda: permit.stops != 7 and permit.refusal() is None, "no permission of the second")
        assert time.monotonic() - killed < 15.0, "only when discovery had forgotten it"
    finally:
        before.kill()
        before.wait()


def test_a_second_voice_that_falls_silent_and_speaks_again_is_one(bench):
    cell = bench().start()
    permit = Permit(cell.participant("motion"), math.inf)
    cell.until(lambda: permit.refusal() is None, "no permission")
    other = subprocess.Popen([sys.executable, "-c", OTHER])
    try:
        cell.until(lambda: cell.is_now(stopped=True), "not stopped")
        other.send_signal(signal.SIGSTOP)
        cell.until(lambda: cell.call("/cell/reset").success, "the silent one still counts")
        cell.until(lambda: permit.refusal() is None, "no permission")
        other.send_signal(signal.SIGCONT)
        cell.until(lambda: cell.is_now(stopped=True), "not stopped again")
        cell.until(lambda: permit.stopped() is not None, "not heard")
    finally:
        other.kill()
        other.wait()


def test_the_hardware_input_stops_and_its_silence_too(bench):
    said = {"value": False}
    # longer than a machine that is busy with other things may pause
    cell = bench(hardware_topic="/estop", input_timeout=8.0)
    cell.feed(Bool, "/estop", lambda: None if said["value"] is None else Bool(data=said["value"]))
    cell.start()
    cell.until(lambda: cell.is_now(stopped=False), "not free")
    for value, words in ((True, "asks to stop"), (None, "nothing has come on /estop")):
        said["value"] = value
        cell.until(lambda w=words: cell.is_now(stopped=True) and w in cell.states[-1].reason, words)
        refused = cell.call("/cell/reset")
        assert not refused.success and words in refused.message
        said["value"] = False
        cell.until(lambda: cell.call("/cell/reset").success, "cannot be reset")
        cell.until(lambda: cell.is_now(stopped=False), "not free")


def test_the_zone_slows_then_stops(bench):
    said = {"range": math.inf}
    cell = bench(presence_topic="/range")
    cell.feed(Range, "/range", lambda: Range(range=said["range"]))
    cell.start()
    cell.until(lambda: cell.is_now(stopped=False, speed=1.0), "not free")
    said["range"] = 1.0
    cell.until(lambda: cell.is_now(stopped=False, speed=0.25), "not slow")
    said["range"] = 0.5
    cell.until(lambda: cell.is_now(stopped=True), "not stopped")


def test_a_robot_that_is_stopped_at_its_own_panel_stops_the_cell_until_the_reset(bench):
    """As UR's driver tells: by the speed for a pause or a protective stop, by the program for its end."""
    said = {"speed": 100.0}
    cell = bench(running_topic="/running", speed_topic="/speed", input_timeout=8.0)
    running = cell.around.create_publisher(Bool, "/running", LATCHED)
    running.publish(Bool(data=True))
    cell.feed(Float64, "/speed", lambda: Float64(data=said["speed"]))
    cell.start()
    cell.until(lambda: cell.is_now(stopped=False), "not free")

    def speed(value):
        said["speed"] = value

    for halt, go_on, words in (
        (lambda: speed(0.0), lambda: speed(30.0), "the robot is halted, says /speed"),
        (
            lambda: running.publish(Bool(data=False)),
            lambda: running.publish(Bool(data=True)),
            "the robot does not obey, says /running",
        ),
    ):
        halt()
        cell.until(lambda w=words: cell.is_now(stopped=True) and w in cell.states[-1].reason, words)
        refused = cell.call("/cell/reset")
        assert not refused.success and words in refused.message
        go_on()
        told = len(cell.states)
        cell.until(lambda t=told: len(cell.states) > t + 5, "says nothing")
        assert cell.is_now(stopped=True), "what the robot does resets nothing"
        cell.until(lambda: cell.call("/cell/reset").success, "cannot be reset")
        cell.until(lambda: cell.is_now(stopped=False), "not free")


@pytest.mark.parametrize("reliability", list(QoSReliabilityPolicy)[1:3])
def test_every_kind_of_publisher_is_heard(bench, reliability):
    cell = bench().start()
    cell.until(lambda: cell.is_now(stopped=False), "not free")
    publisher = cell.around.create_publisher(Bool, "/cell/stop", QoSProfile(depth=1, reliability=reliability))
    cell.until(lambda: publisher.get_subscription_count() > 0, "nobody listens")
    # one that may get lost is sent again and again
    cell.around.create_timer(0.05, lambda: publisher.publish(Bool(data=True)))
    cell.until(lambda: cell.is_now(stopped=True, reason="a stop came on the topic /cell/stop"), "not stopped")


def test_a_stop_that_was_reset_at_once_is_still_told(bench):
    cell = bench().start()
    cell.until(lambda: cell.is_now(stopped=False, stops=0), "not free")
    for stops in (1, 2):
        assert cell.call("/cell/stop").success and cell.call("/cell/reset").success
        cell.until(lambda n=stops: cell.is_now(stopped=False, stops=n), "not counted")


def test_a_stop_outlives_a_new_activation(bench):
    cell = bench().start()
    assert cell.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    cell.until(lambda: cell.is_now(stopped=True) and "has ended" in cell.states[-1].reason, "not stopped")
    assert not cell.call("/cell/reset").success
    assert cell.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    cell.until(lambda: cell.is_now(stopped=False, stops=1), "not free")
    assert cell.call("/cell/stop").success
    assert cell.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert cell.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    told = len(cell.states)
    cell.until(lambda: len(cell.states) > told + 2, "says nothing")
    assert cell.is_now(stopped=True, reason="an operator stopped the cell", stops=2)
    assert cell.call("/cell/reset").success
    cell.until(lambda: cell.is_now(stopped=False), "not free")


ACTIONS = {
    "/arm_controller/follow_joint_trajectory": FollowJointTrajectory,
    "/gripper_controller/gripper_cmd": ParallelGripperCommand,
}


class Controller:
    """Serves an action whose goals end only when they are cancelled."""

    def __init__(self, cell, name):
        self.cell, self.name, self.kind = cell, name, ACTIONS[name]
        self.server = ThreadedActionServer(
            cell.around, self.kind, name, self.carry_out, cancel_callback=lambda goal: CancelResponse.ACCEPT
        )
        self.client = ActionClient(cell.around, self.kind, name)

    def carry_out(self, handle):
        self.cell.until(lambda: handle.is_cancel_requested, f"{self.name} goes on")
        handle.canceled()
        return self.kind.Result()

    def begin(self):
        assert self.client.wait_for_server(WAIT)
        handle = wait_for(self.client.send_goal_async(self.kind.Goal()), WAIT, self.name)
        assert handle.accepted
        return handle.get_result_async()


def cancelled(result):
    return wait_for(result, WAIT, "goal").status == GoalStatus.STATUS_CANCELED


def left_alone(cell, results):
    """Whether the goals go on for two seconds of words of the stop node; then they are stopped."""
    told = len(cell.states)
    cell.until(lambda: len(cell.states) > told + 40, "says nothing")
    alone = not any(result.done() for result in results)
    assert cell.call("/cell/stop").success and all(cancelled(result) for result in results)
    return alone


def test_what_nobody_stops_is_cancelled_at_the_controllers(bench):
    cell = bench()
    controllers = [Controller(cell, name) for name in ACTIONS]
    cell.start()
    goals = [controller.begin() for controller in controllers]
    assert cell.call("/cell/stop").success
    assert all(cancelled(goal) for goal in goals)


def test_goals_and_controllers_that_come_after_the_stop_are_cancelled_too(bench):
    cell = bench().start()
    assert cell.call("/cell/stop").success
    cell.until(lambda: "does not answer" in cell.diagnosis().message, "nobody is told of deaf controllers")
    for name in ACTIONS:
        controller = Controller(cell, name)
        assert all(cancelled(controller.begin()) for _ in range(2))
    cell.until(lambda: cell.diagnosis().message == "stopped: an operator stopped the cell", "still deaf")
    assert cell.call("/cell/reset").success
    cell.until(lambda: cell.diagnosis().message == "active", "still in trouble")


def test_while_stopped_controllers_are_asked_to_cancel_with_every_word(bench):
    """What a goal that comes nevertheless moves, is what it moves in that time."""
    cell = bench()
    asked = []
    for name in ACTIONS:
        answer = lambda request, response, name=name: asked.append(name) or response  # noqa: E731
        cell.around.create_service(CancelGoal, f"{name}/_action/cancel_goal", answer)
    cell.start()
    assert cell.call("/cell/stop").success
    cell.until(lambda: len(asked) > 2, "nobody is asked")
    asked.clear()
    told = len(cell.states)
    cell.until(lambda: len(cell.states) >= told + 40, "says nothing")
    for name in ACTIONS:
        assert asked.count(name) > 15  # of 40, on a machine that others use too


def test_a_controller_of_ros2_control_is_inactive_until_the_reset_and_the_cell_waits_for_it(bench):
    cell = bench()
    manager = ControllerManager(cell.around, "arm_controller", "gripper_controller")
    cell.start()
    assert cell.call("/cell/stop").success
    cell.until(lambda: manager.states["arm_controller"] == "inactive", "goes on taking goals")
    assert manager.states["gripper_controller"] == "active", "a grip may have to be tightened"
    manager.refusal = "not yet"
    assert "arm_controller is being activated again" in cell.call("/cell/reset").message
    cell.until(lambda: cell.is_now(reason="arm_controller is being activated again"), "says nothing of it")
    assert cell.is_now(stopped=True)
    manager.refusal = ""
    cell.until(lambda: cell.is_now(stopped=False, reason=""), "is still stopped")
    assert manager.states["arm_controller"] == "active"


def test_a_flood_of_stops_is_no_silence_of_the_controllers(bench):
    cell = bench()
    controllers = [Controller(cell, name) for name in ACTIONS]
    cell.start()
    flood = cell.around.create_publisher(Bool, "/cell/stop", RELIABLE)
    cell.until(lambda: flood.get_subscription_count(), "nobody hears a stop")
    for _ in range(10_000):
        flood.publish(Bool(data=True))
    cell.until(lambda: cell.is_now(stopped=True), "not stopped")
    goals = [controller.begin() for controller in controllers]
    assert all(cancelled(goal) for goal in goals)
    assert not any("does not answer" in status.message for status in cell.diagnoses)


def test_silence_is_counted_in_turns_of_the_node(bench):
    cell = bench()
    goals = ControllerGoals(cell.around, ["/nobody"])
    goals.cancel()
    assert goals.unanswered() == ["/nobody"]
    for _ in range(20):
        assert goals.deaf() == []
        goals.turn()
    goals.turn()
    assert goals.deaf() == ["/nobody"]
    goals.forget()
    assert goals.deaf() == goals.unanswered() == []


MOTION = """
import signal
import rclpy
from lab_interfaces.msg import HeldPart
from lab_node.qos import ALIVE
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
node = rclpy.create_node("motion")
node.create_publisher(HeldPart, "/motion/held", ALIVE).publish(HeldPart())
signal.sigwait([signal.SIGTERM])
node.destroy_node()
rclpy.shutdown()
"""


def begun_by_a_motion_node_that_ends(cell, how):
    """Both controllers with a goal each, after a motion node has ended by a signal."""
    controllers = [Controller(cell, name) for name in ACTIONS]
    cell.start()
    with subprocess.Popen([sys.executable, "-c", MOTION]) as motion:
        try:
            cell.until(lambda: cell.value("/motion/held").endswith("s ago"), "motion is not heard")
            goals = [controller.begin() for controller in controllers]
        finally:
            motion.send_signal(how)
    return controllers, goals


def test_goals_of_a_motion_node_that_dies_are_cancelled_and_the_cell_is_not_stopped(bench):
    cell = bench()
    controllers, goals = begun_by_a_motion_node_that_ends(cell, signal.SIGKILL)
    assert all(cancelled(goal) for goal in goals)
    assert cell.is_now(stopped=False, stops=0)
    # once is enough: what it begins after its new start is its own
    assert left_alone(cell, [controller.begin() for controller in controllers])


def test_a_motion_node_that_ends_in_order_leaves_its_goals(bench):
    cell = bench()
    _, goals = begun_by_a_motion_node_that_ends(cell, signal.SIGTERM)
    cell.until(lambda: cell.node.count_publishers("/motion/held") == 0, "motion is still there")
    assert left_alone(cell, goals)


def test_diagnostics_say_why_it_is_stopped_and_what_it_hears(bench):
    cell = bench(hardware_topic="/estop", input_timeout=8.0)
    cell.feed(Bool, "/estop", lambda: Bool(data=False))
    cell.start()
    assert cell.call("/cell/stop").success
    words = "stopped: an operator stopped the cell"
    cell.until(lambda: cell.diagnosis().message.startswith(words), "says nothing of the stop")
    assert cell.diagnosis().level == DiagnosticStatus.WARN
    assert (cell.value("stopped"), cell.value("stops")) == ("yes", "1")
    assert cell.value("/estop").endswith("s ago") and cell.value("/cell/stop").endswith("never came")


def test_distances_the_wrong_way_round_refuse(bench):
    cell = bench(stop_distance=2.0)
    assert cell.node.trigger_configure() == TransitionCallbackReturn.FAILURE
