"""What a Ctrl-C does to a node whose Python still loads."""

import shlex
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from lab_bringup import interrupts

LOADS = "print('loads', flush=True); import sys; sys.stdin.read(1)\n"
SPINS = """
import threading
from lab_node.lifecycle import on_end_signals
end = threading.Event()
on_end_signals(end.set)
print("spins", flush=True)
end.wait()
"""
OTHER = """
import rclpy
rclpy.init()
node = rclpy.create_node("other")
once = node.create_timer(0.0, lambda: (once.cancel(), print("spins", flush=True)))
try:
    rclpy.spin(node)
except (KeyboardInterrupt, rclpy.executors.ExternalShutdownException):
    pass
"""


def started(parameter_class, code):
    prefix = interrupts.uninterrupted(SimpleNamespace(parameter_class=parameter_class))
    one = subprocess.Popen(
        [*shlex.split(prefix), sys.executable, "-c", LOADS + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert one.stdout.readline() == "loads\n"
    one.send_signal(signal.SIGINT)
    one.stdin.write("x")
    one.stdin.flush()
    return one


def test_it_waits_until_the_node_takes_it():
    if not interrupts._can_block():
        pytest.skip("the env of this machine blocks no signals")
    said, complaint = started("a:B", SPINS).communicate(timeout=60.0)
    assert (said, complaint) == ("spins\n", "")


@pytest.mark.parametrize("code", [SPINS, OTHER])
def test_others_ignore_it_until_they_take_it(monkeypatch, code):
    monkeypatch.setenv("ROS_DOMAIN_ID", "58")
    one = started(None, code)
    assert one.stdout.readline() == "spins\n", "still there"
    one.send_signal(signal.SIGINT)
    assert one.communicate(timeout=60.0)[1] == ""
    assert one.returncode == 0


def test_an_env_that_blocks_nothing(monkeypatch):
    interrupts._can_block.cache_clear()
    monkeypatch.setattr(interrupts, "_BLOCKED", "false")
    try:
        assert interrupts.uninterrupted(SimpleNamespace(parameter_class="a:B")) == interrupts._IGNORED
    finally:
        interrupts._can_block.cache_clear()
