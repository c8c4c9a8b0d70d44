"""A second cell in a domain is refused before anything starts."""

import os
import subprocess
import sys
import threading
import time

import pytest
import rclpy
from rclpy.node import Node

from lab_bringup.other_cells import cell_in_domain
from lab_core.errors import ConfigurationError
from lab_node.domain import domain_id


def named(*names):
    return [Node(name) for name in names]


@pytest.fixture
def domain(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "54")
    rclpy.init()
    yield
    rclpy.try_shutdown()


def test_nobody_is_no_cell_and_neither_is_a_strangers_node(domain):
    nodes = named("motion", "camera", "console")
    assert cell_in_domain(54) == []
    for node in nodes:
        node.destroy_node()


def test_a_cell_is_known_by_its_nodes(domain):
    nodes = named("lifecycle_manager", "stop", "console")
    before, deadline = threading.active_count(), time.monotonic() + 60.0
    while cell_in_domain(54) != ["lifecycle_manager", "stop"]:
        assert time.monotonic() < deadline
    assert threading.active_count() == before
    for node in nodes:
        node.destroy_node()


def test_cells_in_other_namespaces_are_others(domain):
    nodes = [Node(name, namespace="/left") for name in ("lifecycle_manager", "stop")]
    deadline = time.monotonic() + 60.0
    while cell_in_domain(54, "/left") != ["lifecycle_manager", "stop"]:
        assert time.monotonic() < deadline
    assert cell_in_domain(54) == cell_in_domain(54, "/right") == []
    for node in nodes:
        node.destroy_node()


def test_processes_of_this_machine_tell_at_once(tmp_path):
    """Those of the domain; not a second of waiting for discovery."""
    executable = tmp_path / "lib" / "lab_stop" / "stop_node"
    executable.parent.mkdir(parents=True)
    executable.write_text("print(flush=True)\ninput()\n")
    running = [
        subprocess.Popen(
            [sys.executable, executable, "--ros-args", "-r", f"__node:={name}", *space],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "ROS_DOMAIN_ID": domain},
        )
        for name, domain, space in (
            ("stop", "56", []),
            ("motion", "56", []),
            ("tasks", "57", []),
            ("grasping", "56", ["-r", "__ns:=/left"]),
            ("tasks", "56", ["-r", "__ns:=/left"]),
        )
    ]
    try:
        for process in running:
            process.stdout.readline()
        assert cell_in_domain(56) == ["motion", "stop"]
        assert cell_in_domain(56, "/left") == ["grasping", "tasks"]
    finally:
        for process in running:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("text", ["abc", "-1", "233", "1.0", "²", "9" * 5000])
def test_what_is_no_domain_is_named(monkeypatch, text):
    monkeypatch.setenv("ROS_DOMAIN_ID", text)
    with pytest.raises(ConfigurationError, match=r"ROS_DOMAIN_ID is '.*', expected a whole number, 0 to 232"):
        domain_id()


@pytest.mark.parametrize(("text", "domain"), [("", 0), (" 7 ", 7), ("232", 232)])
def test_a_domain_is_read(monkeypatch, text, domain):
    monkeypatch.setenv("ROS_DOMAIN_ID", text)
    assert domain_id() == domain
