"""Parameters, lifecycle and actions of a real node in this process."""

import gc
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lab_interfaces.action import MoveTo
from lab_interfaces.msg import Outcome
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.task import Future
from std_msgs.msg import Empty

from lab_core.errors import (
    CancelledError,
    ConfigurationError,
    DeadlineError,
    LabError,
    UnavailableError,
)
from lab_core.parameters import parameter
from lab_node import actions
from lab_node.actions import result_of, serve_action, wait_for
from lab_node.conversions.outcomes import success
from lab_node.executor import ExecutorThread
from lab_node.lifecycle import LabNode
from lab_node.rclpy_overrides import ActionClient


@dataclass(frozen=True)
class ExampleParameters:
    period: float = parameter(0.5, "time between two blinks", unit="s", minimum=0.1, maximum=10.0)
    colour: str = parameter("red", "of the lamp", choices=("red", "green"))
    count: int = parameter(3, "blinks", minimum=1)
    frames: list[str] = parameter(["base_link"], "frames to watch")


class ExampleNode(LabNode):
    Parameters = ExampleParameters
    failure: LabError | None = None

    def configure(self):
        self.publisher = self.create_publisher(Empty, "blink", 1)
        if self.failure:
            raise self.failure


@pytest.fixture
def make_node(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "52")
    rclpy.init()
    nodes = []

    def make(**overrides):
        nodes.append(
            ExampleNode("example", parameter_overrides=[Parameter(k, value=v) for k, v in overrides.items()])
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.end()
        node.destroy_node()
    rclpy.try_shutdown()


def test_a_node_that_is_destroyed_leaves_nothing_to_the_garbage_collector(monkeypatch):
    """By the threads of its participant in the middleware."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "52")
    threads = []
    gc.disable()
    try:
        for _ in range(3):
            rclpy.init()
            node = ExampleNode("example")
            serve_action(node, MoveTo, "/move_to", lambda handle: MoveTo.Result())
            ActionClient(node, MoveTo, "/move_to")
            threads.append(len(list(Path("/proc/self/task").iterdir())))
            node.end()
            node.destroy_node()
            rclpy.try_shutdown()
    finally:
        gc.enable()
    assert threads[2] == threads[1]


def test_parameters_are_read_and_described(make_node):
    node = make_node(period=2, colour="green")
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.parameters == ExampleParameters(period=2.0, colour="green", count=3, frames=["base_link"])
    description = node.describe_parameter("period")
    assert description.description == "time between two blinks [s]"
    assert description.floating_point_range[0].to_value == 10.0


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"perod": 1.0}, "'perod' of node example does not exist: did you mean 'period'?"),
        ({"period": "fast"}, "'period' of node example is 'fast', expected float: time between two blinks"),
        ({"period": 20.0}, "'period' of node example is 20.0, expected 0.1 to 10.0"),
        ({"period": float("nan")}, "'period' of node example is nan, expected 0.1 to 10.0"),
        ({"colour": "blue"}, "'colour' of node example is 'blue', expected one of red, green"),
        ({"count": 0}, "'count' of node example is 0, expected 1 to inf"),
        ({"count": "9" * 5000}, "9…, expected int: blinks"),
    ],
)
def test_malformed_parameters_refuse_to_configure(make_node, capfd, overrides, sentence):
    assert make_node(**overrides).trigger_configure() == TransitionCallbackReturn.FAILURE
    assert sentence in capfd.readouterr().err


def test_a_failed_configure_leaves_nothing_and_can_be_repeated(make_node):
    node = make_node()
    before = len(list(node.publishers))
    node.failure = ConfigurationError("no lamp")
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert len(list(node.publishers)) == before
    node.failure = None
    for _ in range(2):
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert len(list(node.publishers)) == before + 1
        assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
        assert len(list(node.publishers)) == before


@pytest.mark.parametrize("coroutines", [False, True])
def test_a_transition_that_does_not_fit_is_refused_and_the_node_goes_on(make_node, capfd, coroutines):
    node = make_node()
    executor = ExecutorThread(node, coroutines=coroutines)
    client = node.create_client(ChangeState, "/example/change_state")

    def change(**transition):
        request = ChangeState.Request(transition=Transition(**transition))
        return wait_for(client.call_async(request), 60.0, "example").success

    try:
        assert client.wait_for_service(60.0)
        assert not change(id=Transition.TRANSITION_ACTIVATE)
        assert not change(label="dance")
        assert change(label="configure")
        assert change(id=Transition.TRANSITION_ACTIVATE)
    finally:
        executor.close()
    assert executor.failure == ""
    sentence = "no transition dance leads out of the state unconfigured: it has configure, shutdown"
    assert sentence in capfd.readouterr().err


def test_work_on_a_goal_that_outlives_its_node_ends_without_a_word(make_node, capfd, monkeypatch):
    """The middleware is gone under its feet, and nobody is left to answer."""
    make_node()  # with the context
    node, outlived, raised = ExampleNode("worker"), threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", raised.append)

    def work(goal):
        outlived.wait(60.0)
        node.count_publishers("blink")

    executor = ExecutorThread(node)
    serve_action(node, MoveTo, "move_to", work)
    client = ActionClient(node, MoveTo, "move_to")
    assert client.wait_for_server(60.0)
    wait_for(client.send_goal_async(MoveTo.Goal()), 60.0, "move_to")
    worker = next(thread for thread in threading.enumerate() if thread.name == "/move_to")
    executor.close()
    node.destroy_node()
    outlived.set()
    worker.join(60.0)
    assert raised == []
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def call(make_node):
    """Send a MoveTo goal to a server that does `work`; gives the goal handle."""
    node = make_node()
    executor = ExecutorThread(node)

    def send(work):
        serve_action(node, MoveTo, "move_to", work)
        client = ActionClient(node, MoveTo, "move_to")
        assert client.wait_for_server(60.0)
        return wait_for(client.send_goal_async(MoveTo.Goal()), 60.0, "move_to")

    yield send
    executor.close()


def test_an_action_may_block_and_succeeds(call):
    handle = call(lambda goal: MoveTo.Result(outcome=success()))
    answer = result_of(handle, lambda: False, 60.0, "move_to")
    assert answer.result.outcome.code == Outcome.SUCCESS


def test_an_expected_failure_becomes_an_outcome(call):
    def work(goal):
        raise DeadlineError("the arm took too long")

    answer = result_of(call(work), lambda: False, 60.0, "move_to")
    assert answer.result.outcome.code == Outcome.TIMEOUT
    assert answer.result.outcome.message == "the arm took too long"


def test_a_defect_is_no_success(call):
    def work(goal):
        raise ZeroDivisionError("division by zero")

    answer = result_of(call(work), lambda: False, 60.0, "move_to")
    assert answer.result.outcome.code == Outcome.INTERNAL_ERROR
    assert "ZeroDivisionError" in answer.result.outcome.message


def test_cancel_reaches_the_work(call):
    seen = threading.Event()

    def work(goal):
        while not goal.is_cancel_requested:
            seen.wait(0.005)
        seen.set()
        raise CancelledError("as asked")

    with pytest.raises(CancelledError, match="move_to was cancelled"):
        result_of(call(work), lambda: True, 60.0, "move_to")
    assert seen.is_set()


def test_a_goal_that_has_ended_is_not_kept_for_ever(call, monkeypatch):
    monkeypatch.setattr(actions, "RESULT_TIMEOUT", 1)
    handle = call(lambda goal: MoveTo.Result(outcome=success()))
    assert result_of(handle, lambda: False, 60.0, "move_to").result.outcome.code == Outcome.SUCCESS
    deadline = time.monotonic() + 60.0
    with pytest.raises(UnavailableError, match="knows nothing of the goal"):
        while time.monotonic() < deadline:
            result_of(handle, lambda: False, 60.0, "move_to")


def test_a_silent_server_is_named(make_node):
    make_node()
    with pytest.raises(DeadlineError, match=r"gripper did not answer within 0\.0 s"):
        wait_for(Future(), 0.01, "gripper")


@pytest.fixture
def told(make_node):
    """The node, and a way to wait for diagnostics of it that are as wanted."""
    node, listener = make_node(), rclpy.create_node("listener")
    executor, came = SingleThreadedExecutor(), []
    listener.create_subscription(DiagnosticArray, "/diagnostics", came.append, 10)
    for each in (node, listener):
        executor.add_node(each)

    def wait(wanted):
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline:
            executor.spin_once(timeout_sec=1.0)
            for status in (array.status[0] for array in came):
                values = {pair.key: pair.value for pair in status.values}
                if wanted(status, values):
                    return status, values
            came.clear()
        raise AssertionError("no such diagnostics")

    yield node, wait
    executor.shutdown()
    listener.destroy_node()


def test_diagnostics_tell_the_state_and_why_a_transition_was_refused(told):
    node, wait = told
    status, values = wait(lambda status, values: True)
    assert (status.name, status.hardware_id, status.level) == ("example", "example", DiagnosticStatus.WARN)
    assert values["state"] == "unconfigured"
    node.failure = ConfigurationError("no lamp on port 3: connect one")
    node.trigger_configure()
    status, _ = wait(lambda status, values: status.level == DiagnosticStatus.ERROR)
    assert status.message == "cannot configure: no lamp on port 3: connect one"
    node.failure = None
    node.trigger_configure()
    node.trigger_activate()
    wait(lambda status, values: status.level == DiagnosticStatus.OK and values["state"] == "active")


def test_diagnostics_tell_inputs_and_the_last_outcome(told):
    node, wait = told
    node.configure = lambda: node.create_subscription(Empty, "/tick", lambda message: None, 10)
    node.trigger_configure()
    wait(lambda status, values: values.get("/tick") == "0.0 Hz, never came")
    source = node.create_publisher(Empty, "/tick", 10)
    node.create_timer(0.1, lambda: source.publish(Empty()))
    node.note_outcome("/pick", "GRASP_EMPTY the fingers hold nothing")
    _, values = wait(lambda status, values: "s ago" in values.get("/tick", ""))
    assert float(values["/tick"].split()[0]) > 0.0
    assert values["last outcome"] == "/pick: GRASP_EMPTY the fingers hold nothing"
