"""Handlers of the common events."""

from .on_include_launch_description import OnIncludeLaunchDescription
from .on_process_event import OnProcessExit, OnProcessIO, OnProcessStart
from .on_shutdown import OnShutdown

__all__ = [
    "OnIncludeLaunchDescription",
    "OnProcessExit",
    "OnProcessIO",
    "OnProcessStart",
    "OnShutdown",
]
