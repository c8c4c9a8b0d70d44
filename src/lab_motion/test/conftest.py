"""Fixtures of the motion node."""

from __future__ import annotations

import os

import pytest
import rclpy
from motion_graph import Graph, started


@pytest.fixture(scope="module")
def ros():
    os.environ["ROS_DOMAIN_ID"] = os.environ.get("LAB_MOTION_TEST_DOMAIN", "41")
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def graph(ros):
    yield from started(Graph(look_timeout=2.0))
