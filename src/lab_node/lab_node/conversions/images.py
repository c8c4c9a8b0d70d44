"""Images and intrinsics: messages to arrays and back, without cv_bridge, without needless copies."""

from __future__ import annotations

import array

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from lab_core.depth import metres
from lab_core.errors import InvalidRequestError
from lab_core.geometry import PinholeCamera

TYPES = {
    "rgb8": (np.uint8, 3),
    "bgr8": (np.uint8, 3),
    "mono8": (np.uint8, 1),
    "16UC1": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}


def image_array(message: Image) -> npt.NDArray[np.generic]:
    """View of the image: (H, W) or (H, W, 3) in its own type; rows may be padded.

    Raises InvalidRequestError for an encoding that is not of the above, or data of the wrong length.
    """
    if message.encoding not in TYPES:
        raise InvalidRequestError(f"image encoding '{message.encoding}' is not one of {', '.join(TYPES)}")
    kind, channels = TYPES[message.encoding]
    dtype = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
    row = message.width * channels * dtype.itemsize
    if message.step < row or len(message.data) != message.step * message.height:
        raise InvalidRequestError(
            f"image of {message.width}x{message.height} {message.encoding} holds {len(message.data)} bytes"
            f" in rows of {message.step}, expected {row * message.height} in rows of {row}"
        )
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)[:, :row]
    pixels = rows.view(dtype)
    return pixels.reshape(message.height, message.width, channels) if channels > 1 else pixels


def depth_in_metres(message: Image) -> npt.NDArray[np.float32]:
    """(H, W) float32 metres, NaN where there is no data. Takes 32FC1 m and 16UC1 mm (REP 118).

    Raises InvalidRequestError for any other encoding.
    """
    if message.encoding not in ("16UC1", "32FC1"):
        raise InvalidRequestError(f"depth image has encoding '{message.encoding}', expected 16UC1 or 32FC1")
    pixels = image_array(message)
    if message.encoding == "16UC1":
        return metres(pixels.astype(np.uint16, copy=False))
    depth = pixels.astype(np.float32)
    depth[~((depth > 0.0) & np.isfinite(depth))] = np.nan
    return depth


def rgb(message: Image) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8, red first.

    Raises InvalidRequestError for an encoding that is not rgb8 or bgr8.
    """
    if message.encoding not in ("rgb8", "bgr8"):
        raise InvalidRequestError(f"colour image has encoding '{message.encoding}', expected rgb8 or bgr8")
    pixels = image_array(message).astype(np.uint8, copy=False)
    return pixels if message.encoding == "rgb8" else pixels[..., ::-1]


def image_message(pixels: npt.NDArray[np.generic], encoding: str, header: Header) -> Image:
    """Message of an array (H, W) or (H, W, 3) whose type is that of the encoding."""
    kind, _ = TYPES[encoding]
    contiguous = np.ascontiguousarray(pixels, dtype=kind)
    message = Image(
        header=header,
        height=contiguous.shape[0],
        width=contiguous.shape[1],
        encoding=encoding,
        step=contiguous.strides[0],
    )
    # rosidl checks every element of anything but an array.array, and array.array("B", view) copies them one$
    # by one: 40 ms for a colour image
    data = array.array("B")
    data.frombytes(contiguous.data.cast("B"))
    message.data = data
    return message


def camera_info_message(camera: PinholeCamera, header: Header) -> CameraInfo:
    """Intrinsics of an image without distortion."""
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=camera.matrix.ravel().tolist(),
        r=np.eye(3).ravel().tolist(),
        p=np.c_[camera.matrix, np.zeros(3)].ravel().tolist(),
    )


def pinhole_camera(message: CameraInfo) -> PinholeCamera:
    """Intrinsics of the message; distortion is not looked at: images are expected rectified.

    Raises InvalidRequestError for a message without calibration.
    """
    if not (message.k[0] > 0.0 and message.k[4] > 0.0 and np.isfinite(message.k).all()):
        raise InvalidRequestError(
            f"camera_info in {message.header.frame_id} has no focal length: calibrate the camera"
        )
    return PinholeCamera(
        width=message.width,
        height=message.height,
        fx=float(message.k[0]),
        fy=float(message.k[4]),
        cx=float(message.k[2]),
        cy=float(message.k[5]),
    )
