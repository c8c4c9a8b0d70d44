"""Collision shapes enclose the meshes that people see, and not much more."""

from pathlib import Path

import numpy as np
import pytest

from lab_core.geometry import transform_points
from lab_core.geometry.transforms import FloatArray
from lab_description import Cell
from lab_description.meshes import python_package, ros_package
from lab_description.tree import Link, Tree

trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")

READABLE = (".obj", ".stl")
# Metres. Screws, rims and cable glands may stand out; what a grasp or a path may touch is inside.
STANDS_OUT = 0.005


def vertices(link: Link) -> FloatArray | None:
    """Of the meshes of the first installed package, in the link's frame."""
    for package, meshes in link.visual.items():
        folder = ros_package(package) or python_package(package)
        if folder is None or any(Path(mesh.mesh).suffix not in READABLE for mesh in meshes):
            continue
        loaded = [
            trimesh.load(folder / mesh.mesh, force="mesh", process=False, skip_materials=True)
            for mesh in meshes
        ]
        points = [
            transform_points(mesh.matrix, np.asarray(part.vertices) * mesh.scale)
            for mesh, part in zip(meshes, loaded, strict=True)
        ]
        return np.concatenate(points)
    return None


def trees(cell: Cell) -> list[Tree]:
    return [cell.robot, cell.end_effector, cell.camera.model]


def test_shapes_enclose_the_meshes_tightly(cell: Cell) -> None:
    """Every vertex is inside the union of the shapes or within 5 mm of it.

    And the box around the shapes is at most 1 cm larger than the box around the mesh, on each side.
    """
    checked = 0
    for tree in trees(cell):
        for name, link in tree.links.items():
            points = vertices(link)
            if points is None:
                continue
            outside = np.min([shape.distance(points) for shape in link.collision], axis=0)
            assert outside.max() < STANDS_OUT, name
            hull = np.concatenate([shape.hull() for shape in link.collision])
            spare = np.concatenate(
                [points.min(axis=0) - hull.min(axis=0), hull.max(axis=0) - points.max(axis=0)]
            )
            assert spare.max() < 0.010, name
            checked += 1
    if checked == 0:
        pytest.skip("no description package with OBJ or STL meshes is installed")


def test_every_named_mesh_exists(cell: Cell) -> None:
    named = 0
    for tree in trees(cell):
        for link in tree.links.values():
            for package, meshes in link.visual.items():
                folder = ros_package(package) or python_package(package)
                for mesh in meshes if folder is not None else ():
                    assert (folder / mesh.mesh).is_file(), f"{package}/{mesh.mesh}"
                    named += 1
    if named == 0:
        pytest.skip("no description package is installed")


def test_distance_to_a_shape_agrees_with_its_hull(cell: Cell) -> None:
    """Corners of the enclosing hull are on or outside the surface, and never far from it."""
    for tree in trees(cell):
        for link in tree.links.values():
            for shape in link.collision:
                distance = shape.distance(shape.hull())
                size = np.ptp(shape.hull(), axis=0).max()
                assert distance.min() > -1e-9
                assert distance.max() <= 0.4 * size
                assert shape.distance(np.array([shape.xyz]))[0] < 0.0
