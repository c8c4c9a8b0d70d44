"""Whether a cell runs already where one is to be started: two would command one arm, or take each other's
words for their own.
"""

from __future__ import annotations

import time

import rclpy
from rclpy.context import Context
from rclpy.node import Node

# A cell has several of these names, whoever else is in the domain.
NODES = frozenset(("lifecycle_manager", "stop", "perception", "grasping", "motion", "tasks", "simulator"))
_ENOUGH = 2
# Wall seconds in which the nodes of a domain have introduced themselves; most have within a tenth of one.
_PATIENCE, _LOOK = 1.0, 0.05


def cell_in_domain(patience: float = _PATIENCE) -> list[str]:
    """Names of the nodes of a cell that runs in this process's domain; empty when none shows."""
    context = Context()
    rclpy.init(context=context, signal_handler_options=rclpy.SignalHandlerOptions.NO)
    try:
        node = Node("_preflight", context=context, start_parameter_services=False, enable_rosout=False)
        try:
            return _cell_seen_by(node, patience)
        finally:
            node.destroy_node()
    finally:
        context.try_shutdown()
        context.destroy()


def _cell_seen_by(node: Node, patience: float) -> list[str]:
    end = time.monotonic() + patience
    while True:
        found = sorted(NODES & set(node.get_node_names()))
        if len(found) >= _ENOUGH:
            return found
        if time.monotonic() > end:
            return []
        time.sleep(_LOOK)
