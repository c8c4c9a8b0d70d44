"""`./lab demo` as its user runs it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import rclpy
from lab_interfaces.msg import TaskStatus
from rclpy.node import Node

from lab_node.executor import ExecutorThread
from lab_node.qos import LATCHED


def demo(out, *words, domain):
    return subprocess.Popen(
        [sys.executable, "-m", "lab_console.demo", "--out", str(out), "--speed", "0", *words],
        env={**os.environ, "ROS_DOMAIN_ID": str(domain), "LAB_TEST_MARK": str(out)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(out):
    """Command lines of the processes that a demo left running."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"LAB_TEST_MARK={out}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def shared_memory(domain):
    """Fast DDS's ports of a domain: RTPS gives each domain 250 from 7400 on."""
    ports = range(7400 + 250 * domain, 7400 + 250 * (domain + 1))
    return {port for port in ports if Path(f"/dev/shm/fastrtps_port{port}").exists()}


def test_a_part_is_placed_and_the_record_tells_of_it(tmp_path):
    process = demo(tmp_path, "--parts", "1", "--seed", "3", "--speed", "1", domain=61)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output + (tmp_path / "cell.log").read_text()[-3000:]
    assert "1 of 1 parts placed" in output
    run = json.loads((tmp_path / "run.json").read_text())
    assert (run["presented"], run["placed"], run["seed"], run["outcomes"]) == (1, 1, 3, {"SUCCESS": 1})
    assert run["truth"] == run["books"] == {"presented": 1, "placed": 1} and run["disagreement"] == ""
    assert run["picks_per_hour"] > 0 and run["sim_seconds"] > 0
    assert {"perception", "grasp", "plan"} <= set(run["latency_ms"])
    report = (tmp_path / "report.html").read_text()
    assert report.count("data:image/jpeg;base64,") == 2  # of the pick, and of the table at the end
    assert "The table at the end" in report and "Counted by the simulator" in report
    assert (tmp_path / "video.webm").stat().st_size > 1000
    written = [path for path in tmp_path.rglob("*") if not path.is_symlink()]
    assert [path for path in written if path.stat().st_mode & 0o077] == []  # it holds images
    assert processes_of(tmp_path) == []


def test_a_table_with_nothing_on_it_is_exit_code_1_and_a_sentence(tmp_path):
    process = demo(
        tmp_path, "--scene", str(Path(__file__).parents[1] / "config/scenes/empty.yaml"), domain=62
    )
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "NO_OBJECT: nothing lies in the work area" in output
    assert json.loads((tmp_path / "run.json").read_text())["outcome"] == "NO_OBJECT"


def test_beside_another_cell_nothing_starts_and_nothing_is_believed(tmp_path, monkeypatch):
    """Neither its latched status nor its nodes are this run's."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "68")
    rclpy.init()
    other = Node("tasks")
    status = other.create_publisher(TaskStatus, "/task/status", LATCHED)
    status.publish(TaskStatus(phase="done", run="another", presented=2, placed=2))
    executable = tmp_path / "lib" / "lab_tasks" / "node"
    executable.parent.mkdir(parents=True)
    executable.write_text("input()")
    words = [sys.executable, executable, "--ros-args", "-r"]
    nodes = [
        subprocess.Popen([*words, f"__node:={name}"], stdin=subprocess.PIPE) for name in ("motion", "tasks")
    ]
    executor = ExecutorThread(other)
    try:
        output, _ = (process := demo(tmp_path, domain=68)).communicate(timeout=240)
    finally:
        executor.close()
        for process_of_node in nodes:
            process_of_node.kill()
            process_of_node.communicate()
        other.destroy_node()
        rclpy.try_shutdown()
    assert process.returncode == 1, output
    assert "a cell already runs in domain 68, with the nodes motion, tasks" in " ".join(output.split())
    assert "process started" not in (tmp_path / "cell.log").read_text()
    assert json.loads((tmp_path / "run.json").read_text())["placed"] == 0


@pytest.fixture
def working(tmp_path):
    """A demo whose cell is up, and what was in the shared memory before."""
    before = shared_memory(63)
    process = demo(tmp_path, "--parts", "4", domain=63)
    log = tmp_path / "cell.log"
    until(lambda: process.poll() is not None or (log.exists() and "active: " in log.read_text()), 240.0)
    assert process.poll() is None, log.read_text()
    yield process, before
    process.kill()


def until(condition, seconds):
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path, working, number):
    process, before = working
    process.send_signal(number)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert number == signal.SIGHUP or "CANCELLED: interrupted" in output  # the terminal is gone with it
    assert processes_of(tmp_path) == []
    assert shared_memory(63) <= before
    assert json.loads((tmp_path / "run.json").read_text())["outcome"] == "CANCELLED"


def test_a_killed_demo_leaves_no_cell(tmp_path, working):
    process, _ = working
    assert processes_of(tmp_path) != []
    process.kill()
    process.communicate(timeout=90)
    until(lambda: processes_of(tmp_path) == [], 60.0)
