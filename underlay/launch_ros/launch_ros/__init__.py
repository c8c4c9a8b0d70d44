"""Launches ROS nodes.

Stands in for the package of the same name where ROS 2 comes from wheels; has the part that this stack uses.
"""

from . import actions, descriptions, parameter_descriptions, substitutions, utilities

__all__ = ["actions", "descriptions", "parameter_descriptions", "substitutions", "utilities"]
