"""What a launch can do with ROS."""

from .node import Node
from .push_ros_namespace import PushROSNamespace, PushRosNamespace
from .set_parameter import SetParameter
from .set_remap import SetRemap

__all__ = ["Node", "PushROSNamespace", "PushRosNamespace", "SetParameter", "SetRemap"]
