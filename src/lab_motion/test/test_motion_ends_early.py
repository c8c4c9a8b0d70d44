"""A motion node that is told to end while its inner loops are compiled, as on the first start of all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node

from lab_node.executor import ExecutorThread

DOMAIN = "88"
WAIT = 120.0
NODE = "from lab_motion.motion_node import main; main()"


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", DOMAIN)
    rclpy.init()
    node = Node("client")
    executor = ExecutorThread(node)
    yield node.create_client(ChangeState, "/motion/change_state")
    executor.close()
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_good_order(client, tmp_path: Path, number: int) -> None:
    """LLVM aborted, as its objects were destroyed under the thread that compiled."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", NODE, "--ros-args", "-p", "cell:=ur5e_table"],
        env={**os.environ, "ROS_DOMAIN_ID": DOMAIN, "NUMBA_CACHE_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert client.wait_for_service(WAIT)
        configured = client.call_async(
            ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
        )
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not any(tmp_path.rglob("*.nbc")):  # the first loop is compiled, others follow
            assert time.monotonic() < deadline and process.poll() is None
            pause.wait(0.005)
        assert not configured.done()
        process.send_signal(number)
        said, _ = process.communicate(timeout=WAIT)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    assert "Traceback" not in said and "LLVM" not in said and "rror" not in said, said
