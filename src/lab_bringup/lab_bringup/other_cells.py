"""Whether a cell runs already where one is to be started: two would command one arm, or take each other's
words for their own.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import rclpy
from rclpy.context import Context
from rclpy.node import Node

from lab_core.errors import ConfigurationError
from lab_description.graph import stack_nodes
from lab_node.domain import domain_from
from lab_node.names import ros_arguments

# A cell has several of the names of the stack's nodes, whoever else is in the domain.
_ENOUGH = 2
# Wall seconds in which most nodes have introduced themselves. One whose first word was lost does so after
# three: too long for every start of a cell. On this machine the processes tell it at once.
_PATIENCE, _LOOK = 1.0, 0.05
_EXECUTABLE = re.compile(r"/lib/lab_\w+/(\w+)$")
_NAME, _NAMESPACE = "__node:=", "__ns:="


def cell_in_domain(domain: int, namespace: str = "") -> list[str]:
    """Names of the nodes of a cell that runs in a domain, which is this process's, and in a namespace of it,
    "" or such as "/left"; empty when none shows.
    """
    with listening(domain, namespace) as heard:
        return heard()


@contextmanager
def listening(domain: int, namespace: str = "") -> Iterator[Callable[[], list[str]]]:
    """The same, for who has something to do meanwhile: what it gives waits only for the rest of the time in
    which nodes introduce themselves.
    """
    ours = {name for name, node in stack_nodes().items() if node.package and node.package.startswith("lab_")}
    here = sorted(ours & set(_nodes_of_this_machine(domain, namespace)))
    if len(here) >= _ENOUGH:
        yield lambda: here
        return
    with ExitStack() as stack:
        node = None
        # RuntimeError: a secured domain that this process has no keys for; its nodes tell of it by themselves
        with contextlib.suppress(RuntimeError):
            node = stack.enter_context(_node("_preflight", namespace))
        end = time.monotonic() + _PATIENCE

        def heard() -> list[str]:
            while node is not None:
                seen = node.get_node_names_and_namespaces()
                found = sorted(ours & {name for name, space in seen if space == (namespace or "/")})
                if len(found) >= _ENOUGH:
                    return found
                if time.monotonic() > end:
                    break
                time.sleep(_LOOK)
            return []

        yield heard


def _nodes_of_this_machine(domain: int, namespace: str) -> Iterator[str]:
    """Names of nodes whose processes were started from executables of this stack, there."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ConfigurationError):  # it has ended, is somebody else's, is in none
            words = (folder / "cmdline").read_text(errors="replace").split("\0")
            if not any(_EXECUTABLE.search(word) for word in words[:3]):
                continue
            spaces = [word.removeprefix(_NAMESPACE) for word in words if word.startswith(_NAMESPACE)]
            if spaces != [namespace] * bool(namespace):
                continue
            variables = (folder / "environ").read_text(errors="replace").split("\0")
            told = next((item for item in variables if item.startswith("ROS_DOMAIN_ID=")), "=")
            if domain_from(told.partition("=")[2]) == domain:
                yield from (word.removeprefix(_NAME) for word in words if word.startswith(_NAME))


@contextmanager
def _node(name: str, namespace: str) -> Iterator[Node]:
    """A node in a participant of its own."""
    context = Context()
    # in the enclave of the doctor, who only looks too; the arguments of the launch are no arguments of a node
    rclpy.init(
        args=ros_arguments("doctor", namespace),
        context=context,
        signal_handler_options=rclpy.SignalHandlerOptions.NO,
    )
    try:
        node = Node(name, context=context, start_parameter_services=False, enable_rosout=False)
        try:
            yield node
        finally:
            node.destroy_node()
    finally:
        context.try_shutdown()
        context.destroy()
