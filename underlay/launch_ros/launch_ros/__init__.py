"""Launches ROS nodes.

Stands in for the package of the same name where ROS 2 comes from wheels; has the part that this stack uses.
"""

from . import (
    actions,
    descriptions,
    event_handlers,
    events,
    parameter_descriptions,
    ros_adapters,
    substitutions,
    utilities,
)
from .default_launch_description import get_default_launch_description

__all__ = [
    "actions",
    "descriptions",
    "event_handlers",
    "events",
    "get_default_launch_description",
    "parameter_descriptions",
    "ros_adapters",
    "substitutions",
    "utilities",
]
