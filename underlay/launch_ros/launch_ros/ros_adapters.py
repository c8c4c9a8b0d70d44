"""The ROS node of the launch itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

import rclpy
from launch.event_handlers import OnShutdown
from launch.launch_context import LaunchContext
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node


class ROSAdapter:
    """A node with an executor in a thread, in a ROS context of its own, which leaves signals to the
    launch.
    """

    def __init__(self, *, argv: Sequence[str] | None = None, autostart: bool = True) -> None:
        """argv: command line for the ROS context. autostart: start now."""
        self.__argv = argv
        self.__ros_context: rclpy.Context | None = None
        self.__ros_node: Node | None = None
        self.__ros_executor: SingleThreadedExecutor | None = None
        self.__thread: threading.Thread | None = None
        if autostart:
            self.start()

    def start(self) -> None:
        """RuntimeError if it runs."""
        if self.__thread is not None:
            raise RuntimeError("Cannot start a ROS adapter that is already running")
        self.__ros_context = rclpy.Context()
        rclpy.init(args=self.__argv, context=self.__ros_context)
        self.__ros_node = rclpy.create_node(f"launch_ros_{os.getpid()}", context=self.__ros_context)
        self.__ros_executor = SingleThreadedExecutor(context=self.__ros_context)
        self.__ros_executor.add_node(self.__ros_node)
        self.__thread = threading.Thread(target=self.__spin, name="launch_ros", args=(self.__ros_executor,))
        self.__thread.start()

    @staticmethod
    def __spin(executor: SingleThreadedExecutor) -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            return

    def shutdown(self) -> None:
        """RuntimeError if it does not run."""
        if self.__thread is None or self.__ros_executor is None or self.__ros_node is None:
            raise RuntimeError("Cannot shutdown a ROS adapter that is not running")
        self.__ros_executor.shutdown()
        self.__thread.join()
        self.__ros_node.destroy_node()
        rclpy.shutdown(context=self.__ros_context)
        self.__thread = None

    @property
    def argv(self) -> Sequence[str] | None:
        """Command line of the ROS context."""
        return self.__argv

    @property
    def ros_context(self) -> rclpy.Context | None:
        """The ROS context."""
        return self.__ros_context

    @property
    def ros_node(self) -> Node | None:
        """The node."""
        return self.__ros_node

    @property
    def ros_executor(self) -> SingleThreadedExecutor | None:
        """The executor."""
        return self.__ros_executor


def get_ros_adapter(context: LaunchContext) -> ROSAdapter:
    """The adapter of a launch; made when first asked for, ended with the launch."""
    adapter = context.get_locals_as_dict().get("ros_adapter")
    if adapter is None:
        adapter = ROSAdapter(argv=list(context.argv))
        context.extend_globals({"ros_adapter": adapter})
        context.register_event_handler(
            OnShutdown(on_shutdown=lambda event, context: adapter.shutdown(), handle_once=True)
        )
    assert isinstance(adapter, ROSAdapter)
    return adapter


def get_ros_node(context: LaunchContext) -> Node:
    """The node of a launch."""
    node = get_ros_adapter(context).ros_node
    assert node is not None
    return node
