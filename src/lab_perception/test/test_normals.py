"""The smooth surface: noise goes, edges stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_core.geometry import PinholeCamera
from lab_perception.normals import fit_surface

CAMERA = PinholeCamera(80, 60, 615.0, 615.0, 39.5, 29.5)
NOISE = 0.08 / (615.0 * 0.05)


def plane_image(normal, distance):
    """Inverse depth of the plane normal . x = -distance, normal towards the camera."""
    x, y = CAMERA.rays()
    return (normal[0] * x[None, :] + normal[1] * y[:, None] + normal[2]).astype(np.float32) / -distance


def fit(inverse, rng=None, chroma=None, mask=None):
    if rng is not None:
        inverse = inverse + rng.normal(0.0, NOISE, inverse.shape).astype(np.float32)
    chroma = np.zeros((*inverse.shape, 2), np.float32) if chroma is None else chroma
    mask = np.ones(inverse.shape, np.bool_) if mask is None else mask
    return fit_surface(inverse.astype(np.float32), mask, chroma, CAMERA, NOISE)


directions = st.tuples(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8)).map(
    lambda xy: np.array([*xy, -1.0]) / np.linalg.norm([*xy, 1.0])
)


@settings(max_examples=25, deadline=None)
@given(normal=directions, seed=st.integers(0, 2**16))
def test_a_noisy_plane_gets_its_normal_back(normal, seed):
    inverse = plane_image(normal, 0.7)
    smooth, normals = fit(inverse, np.random.default_rng(seed))
    inner = (slice(4, -4), slice(4, -4))
    angles = np.arccos(np.clip(normals[inner] @ normal, -1, 1))
    assert np.median(angles) < np.radians(6)
    # 49 samples a window: a seventh of the noise, and a little more where a window was shifted
    assert np.std((smooth - inverse)[inner]) < NOISE / 4


def test_normals_look_at_the_camera():
    _, normals = fit(plane_image(np.array([0.3, 0.1, -0.95]), 0.8))
    rays = CAMERA.deproject(np.ones((60, 80), np.float32))
    assert ((normals * rays).sum(-1) < 0).all()


@pytest.mark.parametrize("step", [0.008, 0.02, 0.1])
def test_a_step_is_not_smeared(step):
    """Depth 0.8 m on the left and nearer by a step on the right: no value in between."""
    depth = np.full((60, 80), 0.8, np.float32)
    depth[:, 40:] -= step
    smooth, normals = fit(1.0 / depth, np.random.default_rng(0))
    error = np.abs(1.0 / smooth - depth)[4:-4, 36:44]
    assert np.median(error) < 0.001
    assert np.percentile(error, 95) < 0.4 * step
    assert np.median(np.abs(normals[4:-4, 36:44, 2])) > 0.97


def test_a_crease_keeps_both_faces():
    left, right = np.array([0.6, 0.0, -0.8]), np.array([-0.6, 0.0, -0.8])
    # The two planes meet in the middle column at 0.8 m.
    inverse = np.minimum(plane_image(left, 0.64), plane_image(right, 0.64))
    _, normals = fit(inverse, np.random.default_rng(0))
    for columns in (slice(34, 38), slice(42, 46)):
        facing = np.maximum(normals[4:-4, columns] @ left, normals[4:-4, columns] @ right)
        assert np.median(facing) > np.cos(np.radians(14))


def test_colour_keeps_apart_what_depth_cannot():
    """A step of 3 mm, below the noise of single pixels, under an edge of colour."""
    depth = np.full((60, 80), 0.8, np.float32)
    depth[:, 40:] -= 0.003
    chroma = np.zeros((60, 80, 2), np.float32)
    chroma[:, 40:] = 40.0
    smooth, _ = fit(1.0 / depth, np.random.default_rng(0), chroma)
    error = np.abs(1.0 / smooth - depth)[4:-4, 37:43]
    assert np.median(error) < 0.0008


def test_pixels_outside_the_mask_are_neither_used_nor_answered():
    inverse = plane_image(np.array([0.0, 0.0, -1.0]), 0.8)
    mask = np.zeros(inverse.shape, np.bool_)
    mask[20:40, 20:40] = True
    poisoned = np.where(mask, inverse, 50.0).astype(np.float32)
    smooth, normals = fit(poisoned, mask=mask)
    assert np.allclose(smooth[mask], inverse[mask], rtol=1e-4)
    assert (smooth[~mask] == 0).all()
    assert (normals[~mask] == 0).all()


def test_a_lonely_pixel_has_no_surface():
    mask = np.zeros((60, 80), np.bool_)
    mask[30, 30:34] = True
    smooth, _ = fit(plane_image(np.array([0.0, 0.0, -1.0]), 0.8), mask=mask)
    assert (smooth == 0).all()
