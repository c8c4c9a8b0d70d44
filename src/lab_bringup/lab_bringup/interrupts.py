"""A Ctrl-C does not reach a node that still loads: Python would answer it with a traceback."""

from __future__ import annotations

import functools
import subprocess

from lab_description.graph import Node

_BLOCKED = "env --block-signal=INT"
_IGNORED = """sh -c 'trap "" INT; exec "$0" "$@"'"""


def uninterrupted(node: Node) -> str:
    """Prefix of the node's executable, as launch takes it.

    Whose parameters lab_node declares, lab_node's `spin` runs: there SIGINT waits until it is taken. Others
    would never unblock it; they ignore it until rclpy or rclcpp takes it, and when it comes before that,
    launch sends SIGTERM 5 s later.
    """
    return _BLOCKED if node.parameter_class is not None and _can_block() else _IGNORED


@functools.cache
def _can_block() -> bool:
    """Not every `env` does: that of Ubuntu 25.10, for one."""
    return subprocess.run([*_BLOCKED.split(), "true"], capture_output=True, check=False).returncode == 0
