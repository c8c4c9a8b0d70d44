"""Handlers of events about ROS nodes."""

from .on_state_transition import OnStateTransition

__all__ = ["OnStateTransition"]
