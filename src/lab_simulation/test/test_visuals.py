"""Meshes for the eye: colours by material, no finer than the camera sees."""

from __future__ import annotations

import numpy as np
import pytest

from lab_description import Cell
from lab_simulation.mujoco.cell_model import cell_spec
from lab_simulation.mujoco.visuals import coarser, read_obj
from lab_simulation.scenes.solids import Solid

OBJ = b"""mtllib some.mtl
o first
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vn 0 0 1
usemtl red
f 1//1 2//1 3//1 4//1
o second
v 0 0 1
usemtl blue
f 1/1/1 2/2/1 5/3/1
usemtl red
f 2 3 5
"""


def test_an_obj_is_read_by_material_and_its_polygons_become_triangles() -> None:
    vertices, faces = read_obj(OBJ)
    assert vertices.shape == (5, 3)
    assert set(faces) == {"red", "blue"}
    assert faces["red"].tolist() == [[0, 1, 2], [0, 2, 3], [1, 2, 4]]
    assert faces["blue"].tolist() == [[0, 1, 4]]


def test_a_coarser_mesh_has_the_same_shape() -> None:
    u, v = np.meshgrid(np.linspace(0.0, np.pi, 120), np.linspace(0.0, 2.0 * np.pi, 240), indexing="ij")
    ball = 0.05 * np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], axis=-1).reshape(-1, 3)
    i = (np.arange(119)[:, None] * 240 + np.arange(239)).ravel()
    faces = np.vstack([np.column_stack([i, i + 240, i + 241]), np.column_stack([i, i + 241, i + 1])])
    fine = Solid(ball, faces.astype(np.int32))
    coarse = coarser(fine, 0.004)
    assert len(coarse.faces) < 0.3 * len(fine.faces)
    assert np.abs(np.linalg.norm(coarse.vertices, axis=1) - 0.05).max() < 0.001
    assert coarse.volume() == pytest.approx(fine.volume(), rel=0.03)


def test_the_arm_has_its_colours_and_the_collision_shapes_are_not_seen(cell: Cell) -> None:
    model = cell_spec(cell).compile()
    upper_arm = model.body("upper_arm_link")
    geoms = range(upper_arm.geomadr[0], upper_arm.geomadr[0] + upper_arm.geomnum[0])
    seen = [geom for geom in geoms if model.geom_group[geom] == 1]
    if len(seen) < 2:
        pytest.skip("no meshes of the arm are installed here")
    colours = {tuple(model.mat_rgba[model.geom_matid[geom]].round(2)) for geom in seen}
    assert len(colours) >= 3
    assert all(model.geom_contype[geom] == 0 for geom in seen)
    assert model.mesh_facenum.sum() < 100_000
