"""Each override of rclpy is still needed; a test that fails here says which one can go.

The oldest rclpy that the stack runs on decides, which is that of the wheels: a newer one may be mended.
"""

import atexit
import importlib.metadata
import inspect
import threading
from pathlib import Path

import pytest
import rclpy
from lab_interfaces.action import MoveTo
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.action import ActionClient as RclpyActionClient
from rclpy.action import ActionServer
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.task import Future

from lab_node.actions import wait_for
from lab_node.rclpy_overrides import (
    ActionClient,
    ThreadedActionServer,
    destroy_actions,
    destroy_state_machine,
    refuse_misfits,
    run_exit_functions,
)


def still_needed(defect: bool, override: object) -> None:
    """defect: whether rclpy does here what the override is there for."""
    if not defect:
        try:
            version = importlib.metadata.version("ros-rclpy")
        except importlib.metadata.PackageNotFoundError:
            pytest.skip("this rclpy is mended, the oldest of ours is not the one that is here")
        pytest.fail(f"rclpy {version} is mended: {override.__name__} of lab_node.rclpy_overrides can go")


@pytest.fixture
def ros(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "88")
    rclpy.init()
    yield
    rclpy.try_shutdown()


class Handle:
    """Of an action client: after sending a goal it pauses until the answer has come, or for a second."""

    def __init__(self, handle, looked_at):
        self._handle, self._looked_at = handle, looked_at

    def __getattr__(self, name):
        return getattr(self._handle, name)

    def __enter__(self):
        return self._handle.__enter__()

    def __exit__(self, *error):
        return self._handle.__exit__(*error)

    def send_goal_request(self, request):
        number = self._handle.send_goal_request(request)
        self._looked_at.wait(1.0)
        return number


@pytest.fixture
def send(ros):
    """Sends a goal with a client of a class whose answer comes before the request is noted; its future."""
    node, executor = Node("overrides"), SingleThreadedExecutor()
    ActionServer(node, MoveTo, "move", lambda handle: MoveTo.Result())
    executor.add_node(node)
    turning = threading.Thread(target=executor.spin, daemon=True)
    turning.start()

    def send_with(kind):
        looked_at = threading.Event()

        class Slow(kind):
            async def execute(self, taken):
                await super().execute(taken)
                looked_at.set()

        client = Slow(node, MoveTo, "move")
        assert client.wait_for_server(20.0)
        client._client_handle = Handle(client._client_handle, looked_at)
        return client.send_goal_async(MoveTo.Goal(configuration="home"))

    yield send_with
    executor.shutdown()
    turning.join(5.0)
    destroy_actions(node)
    node.destroy_node()


def test_an_answer_before_the_request_is_noted_is_lost_by_rclpy(send):
    still_needed(not send(RclpyActionClient).done(), ActionClient)


def test_an_answer_before_the_request_is_noted_is_not_lost(send):
    handle = wait_for(send(ActionClient), 20.0, "move")
    assert handle.accepted
    assert wait_for(handle.get_result_async(), 20.0, "move").result == MoveTo.Result()


def test_a_coroutine_that_awaits_is_polled():
    """It hands nothing to the executor that could wake it."""
    still_needed(next(iter(Future().__await__())) is None, ThreadedActionServer)


def test_actions_are_left_when_their_node_is_destroyed(ros):
    node = Node("overrides")
    RclpyActionClient(node, MoveTo, "move")
    node.destroy_node()
    still_needed(bool(list(node.waitables)), destroy_actions)
    destroy_actions(node)
    assert not list(node.waitables)


def alive(node):
    try:
        with node._state_machine:
            return True
    except Exception:
        return False


def test_a_state_machine_is_left_when_its_node_is_destroyed(ros):
    node = LifecycleNode("overrides")
    node.destroy_node()
    still_needed(alive(node), destroy_state_machine)
    destroy_state_machine(node)
    assert not alive(node)


def change(node, transition):
    (service,) = (each for each in node.services if each.srv_type is ChangeState)
    request = ChangeState.Request(transition=Transition(id=transition))
    return service.callback(request, ChangeState.Response())


def test_a_transition_that_does_not_fit_ends_a_node_of_rclpy(ros):
    node = LifecycleNode("overrides")
    raised = False
    try:
        change(node, Transition.TRANSITION_CLEANUP)
    except Exception:
        raised = True
    still_needed(raised, refuse_misfits)
    refuse_misfits(node, lambda: "unconfigured")
    assert not change(node, Transition.TRANSITION_CLEANUP).success
    assert change(node, Transition.TRANSITION_CONFIGURE).success
    node.destroy_node()
    destroy_state_machine(node)


def test_python_has_no_public_name_for_what_it_does_at_its_end():
    public = [name for name in dir(atexit) if not name.startswith("_")]
    assert public == ["register", "unregister"], f"does one of {public} do what {run_exit_functions} does?"


def test_private_names_are_used_nowhere_else():
    names = ("._state_machine", "_run_exitfuncs", "_client_handle", "_cancel_goal_async", "_get_result_async")
    modules = Path(inspect.getfile(run_exit_functions)).parent.rglob("*.py")
    users = [path.name for path in modules if any(name in path.read_text() for name in names)]
    assert users == ["rclpy_overrides.py"]
