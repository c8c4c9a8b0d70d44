"""Images with distortion: what is made of them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from bent_images import bent
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from lab_core.geometry import PinholeCamera
from lab_node.conversions.images import camera_info_message, image_message
from lab_perception.errors import PerceptionError, UnknownLens
from lab_perception.exposure import pinhole_images

CAMERA = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)
D = (-0.2, 0.08, 0.002, -0.001, 0.0)
HEADER = Header(frame_id="camera_color_optical_frame")


def straight_lines():
    """A grid of lines, and a depth that grows from left to right with a step in the middle."""
    rows, columns = np.mgrid[0:240, 0:320]
    lines = (rows % 30 < 4) | (columns % 30 < 4)
    color = np.repeat(np.where(lines, 30, 220).astype(np.uint8)[..., None], 3, axis=2)
    depth = (0.6 + 0.0005 * columns + 0.2 * (columns > 160)).astype(np.float32)
    return color, depth


def messages(color, depth):
    return image_message(color, "rgb8", HEADER), image_message(depth, "32FC1", HEADER)


def info(**changes) -> CameraInfo:
    message = camera_info_message(CAMERA, HEADER)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def test_bent_lines_become_straight_and_depth_keeps_its_edges():
    color, depth = straight_lines()
    pair = messages(*bent(color, depth, CAMERA, D))
    found, found_depth, camera = pinhole_images(*pair, info(d=list(D)), rectified=False)
    assert camera == CAMERA
    inside = np.s_[20:-20, 20:-20]
    assert np.mean(np.abs(found[inside].astype(int) - color[inside]) < 60) > 0.97
    error = np.abs(found_depth - depth)[inside]
    assert np.nanmedian(error) < 0.001
    # nothing between the two sides of the step: a mean of them would be a surface that is not there
    step = np.nan_to_num(found_depth[120, 150:172])
    assert not np.any((step > 0.70) & (step < 0.86))


def test_images_that_are_rectified_are_taken_as_they_are_with_the_camera_of_p():
    pair = messages(*straight_lines())
    rectified = [290.0, 0.0, 158.0, 0.0, 0.0, 291.0, 118.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    found, _, camera = pinhole_images(*pair, info(d=list(D), p=rectified), rectified=True)
    assert np.array_equal(found, straight_lines()[0])
    assert camera == PinholeCamera(320, 240, 290.0, 291.0, 158.0, 118.0)


def test_a_fisheye_lens_is_known_too():
    pair = messages(*straight_lines())
    changed = info(distortion_model="equidistant", d=[0.1, -0.02, 0.0, 0.0])
    found, _, _ = pinhole_images(*pair, changed, rectified=False)
    assert not np.array_equal(found, straight_lines()[0])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"distortion_model": "thin_prism", "d": [0.1, 0.0, 0.0, 0.0, 0.0]}, "'thin_prism', expected one of"),
        ({"d": [0.1, 0.2]}, "2 coefficients of the distortion model 'plumb_bob', expected 4 or 5"),
        ({"d": [float("nan"), 0.1, 0.0, 0.0, 0.0]}, "no number"),
        ({"d": list(D), "r": [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]}, "rectified: true"),
    ],
)
def test_what_cannot_be_rectified_is_refused_in_one_sentence(changes, says):
    with pytest.raises(UnknownLens, match=says):
        pinhole_images(*messages(*straight_lines()), info(**changes), rectified=False)


def test_a_camera_info_of_another_size_is_told():
    with pytest.raises(PerceptionError, match="camera_info is of images of 640x480"):
        pinhole_images(*messages(*straight_lines()), info(width=640, height=480), rectified=False)
