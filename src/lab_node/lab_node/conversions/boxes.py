"""Oriented boxes: messages to dataclasses and back."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Vector3
from vision_msgs.msg import BoundingBox3D

from lab_core.errors import InvalidRequestError
from lab_core.geometry import OrientedBox
from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix
from lab_node.message_rules import defect


def box_message(box: OrientedBox) -> BoundingBox3D:
    """The message of a box."""
    x, y, z = box.size.tolist()
    return BoundingBox3D(center=pose_from_matrix(box.frame_from_box), size=Vector3(x=x, y=y, z=z))


def box_from_message(message: BoundingBox3D, what: str) -> OrientedBox:
    """The box of a message; what: words for the sentence of a failure, such as "object 'red_1'".

    Raises InvalidRequestError when a number of it is none, or an edge is not longer than zero: to leave such
    a box out would make the world emptier than somebody saw it.
    """
    if wrong := defect(message):
        raise InvalidRequestError(f"the box of {what} cannot be: {wrong}")
    size = np.array([message.size.x, message.size.y, message.size.z])
    if not (size > 0.0).all():
        raise InvalidRequestError(f"the box of {what} cannot be: an edge of {size.min():g} m")
    return OrientedBox(matrix_from_pose(message.center), size)
