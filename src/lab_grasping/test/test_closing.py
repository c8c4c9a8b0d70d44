"""What closing pads meet, and what of it must have been seen."""

import numpy as np
import pytest

from lab_grasping.antipodal import HandPoses
from lab_grasping.closing import close_hands
from lab_grasping.completion import MIRRORED, OBSERVED, Shape
from lab_grasping.testing.synthetic import straight_gripper

WIDTH = 0.04
DOWN = np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])


def wall(seen_beyond: float) -> Shape:
    """Two upright faces, 60 mm long, of which the camera saw what lies beyond a place along x, metres."""
    x, z = (grid.ravel() for grid in np.meshgrid(np.arange(-0.03, 0.03, 0.002), np.arange(0.0, 0.05, 0.002)))
    faces = [np.stack([x, np.full(len(x), side * WIDTH / 2), z], axis=1) for side in (-1.0, 1.0)]
    normals = [np.tile([0.0, side, 0.0], (len(x), 1)) for side in (-1.0, 1.0)]
    points = np.concatenate(faces)
    confidence = np.where(points[:, 0] > seen_beyond, OBSERVED, MIRRORED)
    return Shape(points, np.concatenate(normals), confidence, np.array([0.0, 0.0, 0.025]), 0.0)


def held(shape: Shape) -> tuple[bool, float]:
    """Whether pads that close across the middle hold anything, and its width, metres."""
    gripper = straight_gripper()
    height = 0.03 + gripper.pad_centre(np.array([WIDTH]))[0]
    poses = HandPoses(DOWN[None], np.array([[0.0, 0.0, height]]), np.array([WIDTH]))
    closings = close_hands(shape, poses, gripper)
    return bool(closings.held[0]), float(closings.widths[0])


@pytest.mark.parametrize("seen_beyond", [-1.0, 0.0])
def test_pads_close_on_what_was_seen_and_on_its_mirror_image(seen_beyond: float) -> None:
    holds, width = held(wall(seen_beyond))
    assert holds
    assert width == pytest.approx(WIDTH, abs=0.004)


def test_a_part_that_is_only_supposed_between_the_fingers_is_not_held() -> None:
    """The other half of a thing at the edge of a real table was air; pads are 22 mm wide."""
    assert not held(wall(0.012))[0]
