"""Names of the nodes of a launch."""

from __future__ import annotations

from launch.launch_context import LaunchContext

_KEY = "unique_ros_node_names"


def add_node_name(context: LaunchContext, node_name: str) -> None:
    """Count a node of this name."""
    context.extend_globals(
        {_KEY: {**_names(context), node_name: get_node_name_count(context, node_name) + 1}}
    )


def get_node_name_count(context: LaunchContext, node_name: str) -> int:
    """How many nodes of this name there are."""
    return _names(context).get(node_name, 0)


def _names(context: LaunchContext) -> dict[str, int]:
    names: dict[str, int] = context.get_locals_as_dict().get(_KEY, {})
    return names
