"""What tools visit before the launch descriptions of a user."""

from __future__ import annotations

from typing import Any

from launch.actions import OpaqueFunction

from launch import LaunchContext, LaunchDescription

from .ros_adapters import get_ros_node


class ROSSpecificLaunchStartup(OpaqueFunction):
    """Makes the ROS node of the launch, as `context.locals.launch_ros_node`."""

    def __init__(self) -> None:
        super().__init__(function=self._function)

    def _function(self, context: LaunchContext) -> None:
        context.extend_globals({"ros_startup_action": self, "launch_ros_node": get_ros_node(context)})


def get_default_launch_description(**kwargs: Any) -> LaunchDescription:
    """A description that makes the ROS node of the launch. Not needed: actions make it when they need it."""
    return LaunchDescription([ROSSpecificLaunchStartup()])
