"""Point clouds with normals: messages to arrays and back."""

from __future__ import annotations

import array

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from lab_core.errors import InvalidRequestError

FIELDS = ("x", "y", "z", "normal_x", "normal_y", "normal_z")


def cloud_message(
    points: npt.NDArray[np.floating], normals: npt.NDArray[np.floating], header: Header
) -> PointCloud2:
    """Unordered cloud of points (N, 3), metres, with unit normals (N, 3)."""
    packed = np.hstack([points, normals]).astype(np.float32)
    message = PointCloud2(
        header=header,
        height=1,
        width=len(packed),
        fields=[
            PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
            for index, name in enumerate(FIELDS)
        ],
        point_step=24,
        row_step=24 * len(packed),
        is_dense=True,
    )
    message.data = array.array("B", packed.tobytes())
    return message


def points_and_normals(
    message: PointCloud2,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Points (N, 3), metres, and unit normals (N, 3) of a cloud as cloud_message makes it; views.

    Raises InvalidRequestError when the fields are others.
    """
    names = tuple(field.name for field in message.fields)
    if names != FIELDS or message.point_step != 24:
        raise InvalidRequestError(f"cloud has fields {', '.join(names)}, expected {', '.join(FIELDS)}")
    packed = np.frombuffer(message.data, dtype=np.float32).reshape(-1, 6)
    return packed[:, :3], packed[:, 3:]
