"""Solids fitted to outlines that a camera would see of them."""

import cv2
import numpy as np
import pytest

from lab_core.geometry import OrientedBox, invert, make_transform, rotation_about, transform_points
from lab_language.grounding.solids import fitted

EYE = make_transform(rotation_about([1.0, 0.0, 0.0], np.pi - 0.4), [0.55, 0.3, 0.65])
"""A camera that looks down at 67 degrees."""
AROUND = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
CIRCLE = np.column_stack([np.cos(AROUND), np.sin(AROUND)])


def corners(name, size):
    length, width, height = size
    if name == "box":
        x, y = (s.ravel() for s in np.meshgrid([-length / 2, length / 2], [-width / 2, width / 2]))
        return np.vstack([np.column_stack([x, y, np.full(4, z)]) for z in (0.0, height)])
    if name == "cylinder":
        flat = CIRCLE * length / 2
        return np.vstack([np.column_stack([flat, np.full(180, z)]) for z in (0.0, height)])
    if name == "roll":
        ring = CIRCLE * width / 2
        return np.vstack(
            [
                np.column_stack([np.full(180, x), ring[:, 0], ring[:, 1] + width / 2])
                for x in (-length / 2, length / 2)
            ]
        )
    up = np.linspace(-1.0, 1.0, 60)
    flat = np.sqrt(1.0 - up**2)
    points = [np.column_stack([f * CIRCLE, np.full(180, u)]) for f, u in zip(flat, up, strict=True)]
    return np.vstack(points) * length / 2 + [0.0, 0.0, length / 2]


def seen(name, size, at=(0.52, 0.03), yaw=0.3, grid=0.0):
    """Outline, and the box that a depth camera would make of it; grid: of the image, as a tangent."""
    base_from_part = make_transform(rotation_about([0.0, 0.0, 1.0], yaw), [*at, 0.0])
    points = transform_points(invert(EYE), transform_points(base_from_part, corners(name, size)))
    flat = points[:, :2] / points[:, 2:]
    if grid:
        flat = np.round(flat / grid) * grid
    outline = cv2.convexHull(flat.astype(np.float32))[:, 0].astype(np.float64)
    rough = np.array([size[0] * 1.06 + 0.002, size[1] * 0.97 + 0.002, size[2] + 0.001])
    rough_pose = make_transform(
        rotation_about([0.0, 0.0, 1.0], yaw + 0.12), [at[0] + 0.003, at[1], rough[2] / 2]
    )
    return outline, OrientedBox(rough_pose, rough)


SIZES = {
    "box": (0.06, 0.045, 0.04),
    "cylinder": (0.05, 0.05, 0.06),
    "roll": (0.07, 0.04, 0.04),
    "ball": (0.045, 0.045, 0.045),
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("yaw", [-1.2, 0.0, 0.3, 0.8])
def test_the_solid_that_casts_an_outline_fits_it_best(name, yaw):
    outline, box = seen(name, SIZES[name], yaw=yaw)
    solids = {solid.name: solid for solid in fitted(outline, EYE, box)}
    assert min(solids.values(), key=lambda solid: solid.misfit).name == name
    found = solids[name]
    assert found.misfit < 0.25
    assert np.allclose(found.centre, (0.52, 0.03), atol=0.002)
    assert np.allclose(found.size, SIZES[name], atol=0.0025)


def test_an_outline_of_whole_pixels_does():
    outline, box = seen("box", SIZES["box"], grid=1.6e-3)
    solids = {solid.name: solid for solid in fitted(outline, EYE, box)}
    assert 3.0 * solids["box"].misfit < 0.6 < solids["cylinder"].misfit


def test_the_same_outline_gives_the_same_solids():
    first, second = (
        fitted(*(lambda o, b: (o, EYE, b))(*seen("cylinder", SIZES["cylinder"]))) for _ in range(2)
    )
    assert [(s.name, s.misfit) for s in first] == [(s.name, s.misfit) for s in second]
