"""Meshes that users bring: taken with care, cut into convex pieces, refused with a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import trimesh

from lab_simulation.errors import SceneError
from lab_simulation.meshes.preparation import prepare
from lab_simulation.meshes.reading import LARGEST_FILE, MOST_FACES
from lab_simulation.scenes.drawing import Area, make_scene
from lab_simulation.scenes.mesh_parts import mesh_source, part_from_mesh, read_pieces
from lab_simulation.scenes.scene_file import load_scene_file
from lab_simulation.scenes.solids import regular_polygon, ring
from lab_simulation.scenes.spawning import UnsupportedResource, part_from_address


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


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
    cube(0.0005).export(tmp_path / "half_a_millimetre.stl")
    cube(0.00004).export(tmp_path / "scaled_twice.stl")
    cube(30.0).export(tmp_path / "wide.obj")
    trimesh.creation.box((0.05, 0.05, 0.0005)).export(tmp_path / "foil.stl")
    crowded = trimesh.util.concatenate([cube(), cube().apply_translation((0.04, 0.04, 0.0))])
    crowded.export(tmp_path / "crowded.stl")
    turned = washer()
    turned.faces[7] = turned.faces[7, ::-1]
    turned.export(tmp_path / "turned.stl")
    (tmp_path / "text.obj").write_text("hello")
    (tmp_path / "bytes.obj").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "zeros.stl").write_bytes(b"\0" * 100)
    (tmp_path / "nan.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "index.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 900\n")
    (tmp_path / "empty.stl").write_bytes(b"")
    binary = trimesh.creation.icosphere(2, 0.02).export(file_type="stl")
    (tmp_path / "cut.stl").write_bytes(binary[: len(binary) // 2])
    text = trimesh.creation.icosphere(2, 0.02).export(file_type="stl_ascii").encode()
    (tmp_path / "cut_text.stl").write_bytes(text[: len(text) // 2])
    expected = {
        "open.stl": "the surface is not closed, 4 edges are open; fill its holes",
        "millimetres.stl": "40 m long, expected 0.01 to 0.2 m .*; if it is in millimetres, scale it by 0.001",
        "half_a_millimetre.stl": "0.0005 m long, expected .*; too small to see and to hold: if it was scaled",
        "scaled_twice.stl": "4e-05 m long, .*; too small to see .* once too often, scale it by 1000",
        "foil.stl": "0.5 mm thin; what is lower than 3 mm the camera cannot tell from the table",
        "crowded.stl": "1 edges join more than two triangles; make it manifold",
        "turned.stl": "the surface is not closed: some triangles face inwards; make their orientation",
        "text.obj": "holds no triangles; export|no readable mesh",
        "bytes.obj": "holds no triangles; export|no readable mesh",
        "zeros.stl": "holds no triangles; export",
        "nan.obj": "not finite|holds no triangles",
        "index.obj": "no readable mesh",
        "empty.stl": "is empty; export the part again",
        "gone.stl": "cannot be read: No such file",
        "cut.stl": "is cut short or no STL: by its header it holds 320 triangles, there are 159",
        "cut_text.stl": "is cut short: its text does not end with 'endsolid'",
    }
    found = prepare([tmp_path / name for name in expected], None)
    for path, mesh in found.items():
        assert re.search(expected[path.name], mesh.refused), (path.name, mesh.refused)
        assert "\n" not in mesh.refused and "module" not in mesh.refused
    with pytest.raises(SceneError, match=f"^{tmp_path}/foil.stl: 0.5 mm thin"):
        read_pieces(tmp_path / "foil.stl")


def test_a_comment_in_an_old_encoding_is_no_obstacle(tmp_path: Path) -> None:
    text = "# Gehäuse für Schlüssel\n" + cube().export(file_type="obj")
    (tmp_path / "part.obj").write_bytes(text.encode("latin-1"))
    assert read_pieces(tmp_path / "part.obj")


def test_one_bad_file_never_refuses_the_folder(tmp_path: Path, area: Area) -> None:
    cube().export(tmp_path / "cube.stl")
    cube(40.0).export(tmp_path / "large.stl")
    (tmp_path / "empty.obj").write_text("")
    source = mesh_source(tmp_path)
    assert [sentence.split(":")[0] for sentence in source.left_out] == [
        str(tmp_path / "empty.obj"),
        str(tmp_path / "large.stl"),
    ]
    parts = make_scene(load_scene_file("scattered"), 0, area, 3, source).parts
    assert {part.kind for part in parts} == {"cube"}
    (tmp_path / "cube.stl").unlink()
    with pytest.raises(SceneError, match=r"no file can be used \(so .* 1 others .*empty\.obj: is empty"):
        mesh_source(tmp_path)


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
