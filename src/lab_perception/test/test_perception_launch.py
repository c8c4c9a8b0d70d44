"""The executable as a launch file starts it: comes up, says that no camera is there, ends cleanly."""

import os
import threading
import unittest

import launch_testing
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lab_interfaces.msg import Outcome, Scene
from launch import LaunchDescription
from launch.actions import SetEnvironmentVariable
from launch_ros.actions import Node
from launch_testing.actions import ReadyToTest
from rclpy.executors import SingleThreadedExecutor

from lab_node.qos import RELIABLE

DOMAIN = "34"


@pytest.mark.launch_test
def generate_test_description():
    os.environ["ROS_DOMAIN_ID"] = DOMAIN
    return LaunchDescription(
        [
            SetEnvironmentVariable("ROS_DOMAIN_ID", DOMAIN),
            Node(
                package="lab_perception",
                executable="perception_node",
                name="perception",
                parameters=[{"silence_limit": 0.5}],
            ),
            Node(
                package="lab_bringup",
                executable="lifecycle_manager",
                name="lifecycle_manager",
                parameters=[{"nodes": ["perception"]}],
            ),
            ReadyToTest(),
        ]
    )


class TestWithoutACamera(unittest.TestCase):
    def setUp(self):
        rclpy.init()
        self.node = rclpy.create_node("test_without_a_camera")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def tearDown(self):
        self.executor.shutdown()
        self.thread.join()
        self.node.destroy_node()
        rclpy.try_shutdown()

    def first(self, kind, topic, wanted, timeout=60.0):
        found, came = [], threading.Event()

        def callback(message):
            if wanted(message):
                found.append(message)
                came.set()

        subscription = self.node.create_subscription(kind, topic, callback, RELIABLE)
        self.assertTrue(came.wait(timeout), f"nothing such on {topic} within {timeout} s")
        self.node.destroy_subscription(subscription)
        return found[0]

    def test_it_says_that_the_camera_is_silent(self):
        scene = self.first(Scene, "/scene/objects", lambda scene: True)
        self.assertEqual(scene.outcome.code, Outcome.CAMERA_SILENT)
        self.assertEqual(scene.outcome.stage, "perception")
        self.assertIn("check the camera and its driver", scene.outcome.message)
        self.assertEqual(scene.header.frame_id, "base_link")

    def test_diagnostics_tell_it_too(self):
        array = self.first(
            DiagnosticArray, "/diagnostics", lambda array: "no pair of images" in array.status[0].message
        )
        self.assertEqual((array.status[0].name, array.status[0].hardware_id), ("perception", "d435"))
        self.assertIn("frames in", [value.key for value in array.status[0].values])


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_everything_ended_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
