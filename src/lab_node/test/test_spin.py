"""The body of every executable: how a process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

NODE = """
import ctypes, threading
from lab_node.lifecycle import LabNode, spin

class Plain(LabNode):
    def __init__(self):
        super().__init__("ending")

class Stuck(Plain):
    def destroy_node(self):
        threading.Event().wait()

class Locked(Plain):
    def destroy_node(self):
        ctypes.PyDLL(None).sleep(3600)  # with the interpreter's lock

def make():
    node = {kind}()
    print("made", flush=True)
    return node

spin(make)
"""


@pytest.mark.parametrize(
    ("kind", "number", "code", "sentence"),
    [
        ("Plain", signal.SIGINT, 0, ""),
        ("Plain", signal.SIGTERM, 0, ""),
        ("Plain", signal.SIGHUP, 0, ""),
        ("Stuck", signal.SIGINT, 0, "the middleware did not come apart"),
        ("Locked", signal.SIGINT, 1, "Timeout"),
    ],
)
def test_a_node_that_is_told_to_end_ends_in_good_order(
    kind: str, number: int, code: int, sentence: str
) -> None:
    """Also when the middleware does not come apart: then it says so, and where it hangs."""
    process = subprocess.Popen(
        [sys.executable, "-c", NODE.format(kind=kind)],
        env={**os.environ, "ROS_DOMAIN_ID": "87"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=60.0)
    finally:
        process.kill()
    assert process.returncode == code, said
    assert sentence in said
    assert ("destroy_node" in said) == (kind != "Plain"), "the traceback tells where"


AS_IT_BEGINS_TO_WAIT = """
import signal, threading
from lab_node.lifecycle import on_end_signals
stop = threading.Event()
on_end_signals(stop.set)
with stop._cond:  # as stop.wait() has it for a moment
    signal.raise_signal(signal.SIGINT)
assert stop.wait(30.0)
"""


def test_a_signal_that_comes_as_the_node_begins_to_wait_is_heard() -> None:
    """The handler set the very event that the main thread held: the node had to be killed."""
    subprocess.run([sys.executable, "-c", AS_IT_BEGINS_TO_WAIT], check=True, timeout=60.0)
