"""Meshes that users bring: taken with care, cut into convex pieces, refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from lab_simulation.errors import SceneError
from lab_simulation.mesh_parts import LARGEST_FILE, MOST_FACES, mesh_source, part_from_mesh, read_pieces
from lab_simulation.scene_file import load_scene_file
from lab_simulation.scenes import Area, make_scene
from lab_simulation.solids import regular_polygon, ring
from lab_simulation.spawning import UnsupportedResource, part_from_address


def cube(size: float = 0.04) -> trimesh.Trimesh:
    return trimesh.creation.box((size, size, size))


def washer() -> trimesh.Trimesh:
    solid = ring(regular_polygon(32, 0.03), regular_polygon(32, 0.015), 0.02)
    return trimesh.Trimesh(solid.vertices, solid.faces)


def test_a_convex_mesh_is_one_piece(tmp_path: Path) -> None:
    cube().export(tmp_path / "cube.stl")
    (piece,) = read_pieces(tmp_path / "cube.stl")
    assert piece.solid
    assert piece.visible
    assert piece.volume() == pytest.approx(0.04**3, rel=1e-6)


def test_a_concave_mesh_keeps_its_hole(tmp_path: Path) -> None:
    washer().export(tmp_path / "washer.obj")
    seen, *felt = read_pieces(tmp_path / "washer.obj")
    assert seen.visible
    assert not seen.solid
    assert len(felt) >= 4
    assert sum(piece.volume() for piece in felt) == pytest.approx(seen.volume(), rel=0.08)
    for piece in felt:
        hull = trimesh.Trimesh(piece.mesh.vertices, piece.mesh.faces)
        assert hull.is_convex
        assert not hull.contains([[0.0, 0.0, 0.0]])[0] if hull.is_watertight else True


def test_a_folder_makes_a_scene(tmp_path: Path, area: Area) -> None:
    cube().export(tmp_path / "Cube (1).stl")
    washer().export(tmp_path / "washer.obj")
    (tmp_path / "readme.txt").write_text("not a mesh")
    source = mesh_source(tmp_path)
    one = make_scene(load_scene_file("scattered"), 0, area, 4, source)
    other = make_scene(load_scene_file("scattered"), 0, area, 4, mesh_source(tmp_path))
    assert {part.kind for part in one.parts} <= {"Cube__1", "washer"}
    assert len({part.name for part in one.parts}) == 4
    assert np.array_equal(one.poses, other.poses)


def test_a_mesh_is_scaled_until_a_hand_can_take_it(tmp_path: Path) -> None:
    trimesh.creation.box((60.0, 90.0, 200.0)).export(tmp_path / "in_millimetres.stl")
    cube(0.03).export(tmp_path / "small.stl")
    trimesh.creation.box((0.1, 0.11, 0.12)).export(tmp_path / "wide.stl")
    large, small, wide = (
        np.sort(np.ptp(read_pieces(tmp_path / name, 0.068)[0].outline(), axis=0))
        for name in ("in_millimetres.stl", "small.stl", "wide.stl")
    )
    assert large == pytest.approx([0.042, 0.063, 0.140])
    assert small == pytest.approx([0.03, 0.03, 0.03])
    assert wide == pytest.approx([0.068, 0.0748, 0.0816])


def test_inside_out_is_turned(tmp_path: Path) -> None:
    mesh = cube()
    mesh.invert()
    mesh.export(tmp_path / "inverted.stl")
    assert part_from_mesh(tmp_path / "inverted.stl", "part", np.random.default_rng(0)).mass > 0.0


def test_bad_meshes_name_the_file_and_the_fix(tmp_path: Path) -> None:
    open_mesh = cube()
    open_mesh.update_faces(np.arange(12) > 1)
    open_mesh.export(tmp_path / "open.stl")
    cube(40.0).export(tmp_path / "millimetres.stl")
    cube(0.001).export(tmp_path / "tiny.stl")
    cube(30.0).export(tmp_path / "wide.obj")
    (tmp_path / "text.obj").write_text("hello")
    (tmp_path / "cut.stl").write_bytes(b"\0" * 100)
    (tmp_path / "nan.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "empty.stl").write_bytes(b"")
    for name, sentence in {
        "open.stl": "the surface is not closed; fill its holes",
        "millimetres.stl": "40 m long, expected 0.01 to 0.2 m .*; if it is in millimetres, scale it by 0.001",
        "tiny.stl": "0.001 m long, expected",
        "text.obj": "no triangles|no readable mesh",
        "cut.stl": "no triangles|no readable mesh",
        "nan.obj": "not finite|not closed|no triangles|no readable mesh",
        "empty.stl": "no triangles|no readable mesh",
        "gone.stl": "cannot be read: No such file",
    }.items():
        with pytest.raises(SceneError, match=sentence) as failure:
            read_pieces(tmp_path / name)
        assert name in str(failure.value)
        assert "\n" not in str(failure.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.stl"
    cube().export(path)
    with path.open("ab") as file:
        file.truncate(LARGEST_FILE + (1 << 20))
    with pytest.raises(SceneError, match=r"large\.stl: 51 MiB is too large, at most 50 MiB; simplify"):
        read_pieces(path)


def test_a_mesh_of_too_many_triangles_is_not_worked_on(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=7, radius=0.02)
    assert len(ball.faces) == 327_680 > MOST_FACES
    ball.export(tmp_path / "fine.stl")
    with pytest.raises(SceneError, match=r"fine\.stl: 327680 triangles, at most 200000; simplify the mesh"):
        read_pieces(tmp_path / "fine.stl")


def test_bad_folders_say_so(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"meshes: no folder '.*nowhere'; give one that holds OBJ or STL"):
        mesh_source(tmp_path / "nowhere")
    with pytest.raises(SceneError, match="holds no OBJ or STL file"):
        mesh_source(tmp_path)


def test_addresses_of_parts(tmp_path: Path) -> None:
    part = part_from_address("part://hex_nut?colour=red&height=0.02&seed=3&material=steel", "nut")
    assert (part.kind, part.colour, part.material) == ("hex_nut", "red", "steel")
    assert np.ptp(part.outline()[:, 2]) == pytest.approx(0.02)
    cube().export(tmp_path / "cube.stl")
    assert part_from_address((tmp_path / "cube.stl").as_uri(), "c").kind == "cube"
    for address, error, sentence in (
        ("part://anvil", SceneError, "no part kind 'anvil'"),
        ("part://box?x=wide", SceneError, "option x=wide of a part is no length"),
        ("part://box?seed=-1", SceneError, "is no seed"),
        ("model://robot.urdf", UnsupportedResource, "is no part; give part://KIND"),
        ("robot.urdf", UnsupportedResource, "is no part"),
        ("/nowhere/at_all.stl", SceneError, "cannot be read"),
    ):
        with pytest.raises(error, match=sentence):
            part_from_address(address, "part")
