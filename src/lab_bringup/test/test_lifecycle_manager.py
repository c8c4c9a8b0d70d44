"""The order in which nodes come up, and what happens when one does not."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.task import Future
from sensor_msgs.msg import JointState

from lab_bringup import lifecycle_manager
from lab_bringup.lifecycle_manager import LifecycleManager
from lab_core.errors import ConfigurationError, UnavailableError
from lab_core.parameters import parameter
from lab_node.lifecycle import LabNode

HISTORY = []


@dataclass(frozen=True)
class NoteParameters:
    broken: bool = parameter(False, "refuses to configure")


class NotingNode(LabNode):
    Parameters = NoteParameters

    def configure(self):
        HISTORY.append(f"configure {self.get_name()}")
        if self.parameters.broken:
            raise ConfigurationError("parameter 'broken' is true: set it to false")

    def activate(self):
        HISTORY.append(f"activate {self.get_name()}")


@pytest.fixture
def start(monkeypatch):
    """Nodes by name and their command line, spun in a thread; gives the manager."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "53")
    HISTORY.clear()
    executor, nodes, ended = None, [], threading.Event()

    def make(names, *arguments, timeout=60.0):
        nonlocal executor
        rclpy.init(args=["--ros-args", "-p", f"lifecycle_manager:start_timeout:={timeout}", *arguments])
        executor = SingleThreadedExecutor()
        manager = LifecycleManager(ended)
        manager.background = []
        nodes.extend([manager, *(NotingNode(name) for name in names)])
        manager.peers = {node.get_name(): node for node in nodes[1:]}
        for node in nodes:
            executor.add_node(node)
        threading.Thread(target=executor.spin, daemon=True).start()
        return manager

    yield make
    ended.set()
    for thread in nodes[0].background:
        thread.join(60.0)
    executor.shutdown()
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


def watch_in_background(manager):
    """Until the test is over."""
    manager.background.append(threading.Thread(target=manager.watch, daemon=True))
    manager.background[-1].start()


def until(condition, what):
    deadline, pause = time.monotonic() + 60.0, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within 60 s"
        pause.wait(0.05)


NODES = ("-p", "lifecycle_manager:nodes:=[camera, planner]")


def test_all_are_configured_then_activated_against_the_flow(start):
    start(["camera", "planner"], *NODES).bring_up()
    assert set(HISTORY[:2]) == {"configure camera", "configure planner"}
    assert HISTORY[2:] == ["activate planner", "activate camera"]


def test_nodes_are_configured_side_by_side(start):
    """Each waits in its configuration for the other."""
    together = threading.Barrier(2)
    manager = start(["camera", "planner"], *NODES)
    apart = SingleThreadedExecutor()
    for name, executor in (("camera", manager.executor), ("planner", apart)):
        node = manager.peers[name]
        node.configure = lambda: together.wait(30.0)
        if executor is apart:
            manager.executor.remove_node(node)
            apart.add_node(node)
    threading.Thread(target=apart.spin, daemon=True).start()
    manager.bring_up()
    assert HISTORY == ["activate planner", "activate camera"]
    apart.shutdown()


def test_a_node_that_refuses_is_named_and_nothing_is_activated(start):
    manager = start(["camera", "planner"], *NODES, "-p", "planner:broken:=true")
    with pytest.raises(UnavailableError, match="node planner refused to configure"):
        manager.bring_up()
    assert "activate camera" not in HISTORY


@pytest.mark.parametrize("broken", [False, True])
def test_an_answer_that_is_lost_is_found_out_by_the_state(start, monkeypatch, broken):
    """A node that was asked the moment it was seen did not know the asker yet: its answer went nowhere."""
    manager = start(["camera", "planner"], *NODES, "-p", f"planner:broken:={str(broken).lower()}")
    ask = manager._change_state["planner"].call_async

    def lose(request):
        ask(request)
        return Future()

    monkeypatch.setattr(manager._change_state["planner"], "call_async", lose)
    if broken:
        with pytest.raises(UnavailableError, match="node planner refused to configure"):
            manager.bring_up()
    else:
        manager.bring_up()
        assert HISTORY[2:] == ["activate planner", "activate camera"]


def test_a_node_that_refuses_after_a_while_is_asked_once(start):
    """Asked again, it said three times that its parts do not fit on the table."""
    manager = start(["camera", "planner"], *NODES, "-p", "planner:broken:=true")
    configure, pause = manager.peers["planner"].configure, threading.Event()

    def slowly():
        pause.wait(2.5 * lifecycle_manager._LOST)
        configure()

    manager.peers["planner"].configure = slowly
    with pytest.raises(UnavailableError, match="node planner refused to configure"):
        manager.bring_up()
    assert HISTORY.count("configure planner") == 1


def test_a_node_that_tells_its_state_before_it_takes_the_question_is_asked_again(start, monkeypatch):
    """The simulator said that it was not configured, and was a second later."""
    manager = start(["camera", "planner"], *NODES)
    ask, waiting = manager._change_state["planner"].call_async, []

    def wait(request):
        waiting.append(request)
        return Future() if len(waiting) == 1 else ask(request) if len(waiting) > 2 else both(request)

    def both(request):
        ask(waiting[0])
        return ask(request)

    monkeypatch.setattr(manager._change_state["planner"], "call_async", wait)
    manager.bring_up()
    assert HISTORY.count("configure planner") == 1
    assert HISTORY[2:] == ["activate planner", "activate camera"]


def test_a_node_that_is_not_there_is_named(start):
    manager = start(["camera"], "-p", "lifecycle_manager:nodes:=[camera, absent]", timeout=1.0)
    with pytest.raises(UnavailableError, match="node absent did not come up within 1 s"):
        manager.bring_up()


def test_nodes_wait_for_what_they_live_on(start):
    manager = start(
        ["camera"],
        "-p",
        "lifecycle_manager:nodes:=[camera]",
        "-p",
        "lifecycle_manager:topics:=[/joint_states]",
    )
    up = threading.Thread(target=manager.bring_up)
    up.start()
    assert HISTORY == []
    manager.create_publisher(JointState, "/joint_states", 1)
    up.join(60.0)
    assert HISTORY == ["configure camera", "activate camera"]


def test_what_nobody_publishes_is_named(start):
    manager = start(
        ["camera"],
        "-p",
        "lifecycle_manager:nodes:=[camera]",
        "-p",
        "lifecycle_manager:topics:=[/camera/color/image_raw, /joint_states]",
        "-p",
        "lifecycle_manager:publishers:=[camera d435, 'robot ur5e (address 192.0.2.7)']",
        "-p",
        "lifecycle_manager:topics_timeout:=1.0",
    )
    sentence = (
        r"nobody publishes /camera/color/image_raw, /joint_states after 1 s: camera d435, robot ur5e"
        r" \(address 192\.0\.2\.7\) does not run or does not answer"
    )
    with pytest.raises(UnavailableError, match=sentence):
        manager.bring_up()
    assert HISTORY == []


def test_a_node_that_was_started_anew_is_brought_up_again(start):
    manager = start(["camera", "planner"], *NODES)
    manager.bring_up()
    watch_in_background(manager)
    HISTORY.clear()
    manager.peers["camera"].trigger_deactivate()
    manager.peers["camera"].trigger_cleanup()  # what a process that was just started looks like
    until(lambda: HISTORY == ["configure camera", "activate camera"], "configured and activated camera")


def test_a_node_that_answers_no_more_ends_the_watch(start):
    manager = start(["camera", "planner"], *NODES, "-p", "lifecycle_manager:silence_timeout:=6.0")
    manager.bring_up()
    manager.executor.remove_node(manager.peers["planner"])
    with pytest.raises(UnavailableError, match="node planner has not answered for 6 s"):
        manager.watch()


@pytest.fixture
def process(monkeypatch):
    """Starts what looks like the process of a node, of the launch that has started the manager."""
    monkeypatch.setattr(os, "getppid", os.getpid)
    started = []

    def start(node):
        command = [sys.executable, "-c", "input()", "--ros-args", "-r", f"__node:={node}"]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


HANGS = (*NODES, "-p", "lifecycle_manager:hang_timeout:=1.0", "-p", "lifecycle_manager:silence_timeout:=6.0")


def test_a_node_that_hangs_is_killed_once(start, process):
    child = process("planner")
    manager = start(["camera", "planner"], *HANGS, "-p", "lifecycle_manager:restarted:=[planner]")
    manager.bring_up()
    manager.executor.remove_node(manager.peers["planner"])

    def watch_until_it_gives_up():
        with contextlib.suppress(UnavailableError):
            manager.watch()

    watch = threading.Thread(target=watch_until_it_gives_up, daemon=True)
    watch.start()
    assert child.wait(60.0) == -9
    being_started = process("planner")
    watch.join(60.0)  # it never answers, and the cell is given up
    assert not watch.is_alive() and being_started.poll() is None


def test_a_node_that_nobody_would_start_again_is_not_killed(start, process):
    child = process("planner")
    manager = start(["camera", "planner"], *HANGS, "-p", "lifecycle_manager:restarted:=[camera]")
    manager.bring_up()
    manager.executor.remove_node(manager.peers["planner"])
    with pytest.raises(UnavailableError, match="node planner has not answered for 6 s"):
        manager.watch()
    assert child.poll() is None


def test_a_manager_that_was_halted_itself_kills_nobody(start, process, monkeypatch):
    """As on a machine that was suspended while a question was on its way."""
    halted, asked = 0.0, []
    clock = SimpleNamespace(**vars(time))
    clock.monotonic = lambda: asked.append(halted) or time.monotonic() + halted
    monkeypatch.setattr(lifecycle_manager, "time", clock)
    child = process("planner")
    hang = ("-p", "lifecycle_manager:hang_timeout:=30.0", "-p", "lifecycle_manager:restarted:=[planner]")
    manager = start(["planner"], "-p", "lifecycle_manager:nodes:=[planner]", *hang)
    manager.bring_up()
    watch_in_background(manager)
    manager.executor.remove_node(manager.peers["planner"])
    until(lambda: not manager._active, "answer that is missed")
    halted = 40.0
    until(lambda: asked.count(40.0) > 20, "some turns after the halt")
    manager.executor.add_node(manager.peers["planner"])
    until(lambda: manager._active, "answer of the planner")
    assert child.poll() is None


def test_the_manager_tells_which_nodes_are_not_active(start):
    manager, told = start(["camera", "planner"], *NODES), {}

    def take(message):
        told.update({status.name: (status.level, status.message) for status in message.status})

    manager.create_subscription(DiagnosticArray, "/diagnostics", take, 10)
    waiting = (DiagnosticStatus.WARN, "not active: camera, planner")
    until(lambda: told.get("lifecycle_manager") == waiting, "warning")
    manager.bring_up()
    fine = (DiagnosticStatus.OK, "all nodes are active")
    until(lambda: told.get("lifecycle_manager") == fine, "word that all is well")


TORN = """
from lab_bringup import lifecycle_manager

def watch(self):
    raise RuntimeError("torn")

lifecycle_manager.LifecycleManager.watch = watch
lifecycle_manager.main()
"""


def test_a_defect_of_the_watch_ends_the_cell():
    environment = {**os.environ, "ROS_DOMAIN_ID": "53"}
    ended = subprocess.run(
        [sys.executable, "-c", TORN], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "defect in the lifecycle manager, the cell ends" in ended.stderr and "torn" in ended.stderr
