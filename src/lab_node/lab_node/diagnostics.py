"""What a node says of itself on the standard /diagnostics, as a message."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

DIAGNOSTICS = "/diagnostics"


def diagnostics_of(
    node: Node, level: bytes, message: str, hardware_id: str, values: Mapping[str, str]
) -> DiagnosticArray:
    """One status in the name of the node, stamped now. level: of DiagnosticStatus."""
    status = DiagnosticStatus(
        level=level,
        name=node.get_name(),
        message=message,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
    array = DiagnosticArray(status=[status])
    array.header.stamp = node.get_clock().now().to_msg()
    return array
