"""What a launch can do with ROS."""

from .lifecycle_node import LifecycleNode
from .lifecycle_transition import LifecycleTransition
from .node import Node
from .push_ros_namespace import PushROSNamespace, PushRosNamespace
from .set_parameter import SetParameter, SetParametersFromFile, SetUseSimTime
from .set_remap import SetRemap

__all__ = [
    "LifecycleNode",
    "LifecycleTransition",
    "Node",
    "PushROSNamespace",
    "PushRosNamespace",
    "SetParameter",
    "SetParametersFromFile",
    "SetRemap",
    "SetUseSimTime",
]
