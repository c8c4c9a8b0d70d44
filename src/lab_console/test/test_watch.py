"""`lab watch` ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

WATCH = """
import sys, threading
from lab_console import watch
from lab_console.observer import Observer

def hang(self):
    threading.Event().wait()

if {stuck}:
    Observer.destroy_node = hang
view = watch.view
watch.view = lambda *given: (print("shown", flush=True), view(*given))[1]
sys.exit(watch.main([]))
"""


@pytest.mark.parametrize("stuck", [False, True])
def test_ctrl_c_ends_it_also_when_the_middleware_does_not_come_apart(stuck: bool) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WATCH.format(stuck=stuck)],
        env={**os.environ, "ROS_DOMAIN_ID": "93"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "shown\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60.0)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert ("the middleware did not come apart" in said) is stuck
