"""What a killed process leaves in /dev/shm is removed, what a living one uses is not."""

import os
import subprocess
import sys

import pytest

from lab_bringup.shared_memory import FOLDER, ports_of, remove_unused

DOMAIN = 58
NODE = "import rclpy; rclpy.init(); node = rclpy.create_node('left_behind'); print('up', flush=True); input()"


@pytest.fixture
def node():
    process = subprocess.Popen(
        [sys.executable, "-c", NODE],
        env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"up\n"
    yield process
    process.kill()
    process.communicate()


def present():
    return {name for name in ports_of(DOMAIN) if (FOLDER / name).exists()}


def test_only_what_no_process_uses_is_removed(node):
    ports = present()
    assert ports
    assert ports.isdisjoint(remove_unused(DOMAIN))
    assert present() == ports
    node.kill()
    node.wait()
    assert present() == ports
    assert ports <= set(remove_unused(DOMAIN))
    assert present() == set()
    assert not [path for port in ports for path in FOLDER.glob(f"*{port}*")]


def test_a_port_without_a_lock_file_is_removed_too():
    """As a sender makes it anew after its reader has gone."""
    name = ports_of(DOMAIN)[17]
    (FOLDER / name).write_bytes(b"")
    assert name in remove_unused(DOMAIN)
    assert not (FOLDER / name).exists()
