"""Meshes are cut body by body in a process of their own, and what they became is kept on the disk."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import trimesh

from lab_simulation.meshes import bodies, cache, process, worker
from lab_simulation.meshes.pieces import MeshPieces
from lab_simulation.meshes.process import MeshProcess
from lab_simulation.meshes.reading import SEEN_FACES, MeshFile, read_solid
from lab_simulation.scenes.mesh_parts import mesh_source, read_pieces
from lab_simulation.scenes.solids import hull, regular_polygon, ring


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lab" / "meshes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "meshes").mkdir()
    return tmp_path / "meshes"


def ring_of(sides: int = 16) -> trimesh.Trimesh:
    solid = ring(regular_polygon(sides, 0.02), regular_polygon(sides, 0.01), 0.015)
    return trimesh.Trimesh(solid.vertices, solid.faces)


def as_file(mesh: trimesh.Trimesh) -> MeshFile:
    return MeshFile(".stl", mesh.export(file_type="stl"))


def knot(along: int, around: int) -> trimesh.Trimesh:
    """A wavy ring of a round wire: concave everywhere."""
    t = np.linspace(0.0, 2.0 * np.pi, along, endpoint=False)
    radius = 0.03 + 0.008 * np.cos(4 * t)
    middle = np.column_stack([radius * np.cos(t), radius * np.sin(t), 0.008 * np.sin(4 * t)])
    tangent = np.roll(middle, -1, axis=0) - np.roll(middle, 1, axis=0)
    one = np.cross(tangent, [0.0, 0.0, 1.0])
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    other = np.cross(tangent, one)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    angle = np.linspace(0.0, 2.0 * np.pi, around, endpoint=False)[None, :, None]
    vertices = middle[:, None] + 0.006 * (np.cos(angle) * one[:, None] + np.sin(angle) * other[:, None])
    number = np.arange(along * around).reshape(along, around)
    a, b = number, np.roll(number, -1, axis=0)
    c, d = np.roll(a, -1, axis=1), np.roll(b, -1, axis=1)
    faces = np.vstack([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    return trimesh.Trimesh(vertices.reshape(-1, 3), faces)


def test_each_body_is_cut_by_itself() -> None:
    far = ring_of().apply_translation((0.06, 0.0, 0.0))
    both = read_solid(as_file(trimesh.util.concatenate([ring_of(), far])))
    assert [len(body.faces) for body in bodies.bodies_of(both)] == [len(far.faces)] * 2
    mesh = worker.pieces_of(as_file(trimesh.util.concatenate([ring_of(), far])), {})
    assert not mesh.refused and not mesh.remark
    assert 8 <= len(mesh.felt) <= bodies.MOST_PIECES
    for piece in mesh.felt:  # none bridges the two
        assert np.ptp(piece.vertices[:, 0]) < 0.041


def test_a_cavity_is_no_body_and_one_that_is_inside_out_is() -> None:
    outer, inner = trimesh.creation.icosphere(3, 0.02), trimesh.creation.icosphere(3, 0.01)
    inner.invert()
    hollow = read_solid(as_file(trimesh.util.concatenate([outer, inner])))
    assert len(bodies.bodies_of(hollow)) == 1
    small = trimesh.creation.icosphere(3, 0.01).apply_translation((0.04, 0.0, 0.0))
    small.invert()
    two = bodies.bodies_of(read_solid(as_file(trimesh.util.concatenate([outer, small]))))
    assert len(two) == 2 and all(body.volume() > 0.0 for body in two)


def test_a_fine_mesh_is_seen_and_cut_with_fewer_triangles() -> None:
    fine = knot(640, 64)
    assert len(fine.faces) == 81_920
    seen = read_solid(as_file(fine))
    assert len(seen.faces) <= SEEN_FACES
    assert seen.volume() == pytest.approx(abs(fine.volume), rel=0.02)


@pytest.fixture
def killed_by_body(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The process dies while it works on the body whose number a file holds."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "coacd.py").write_text(
        "import os, pathlib, signal, time\n"
        "def set_log_level(level): pass\n"
        "class Mesh:\n"
        "    def __init__(self, vertices, faces): self.vertices, self.faces = vertices, faces\n"
        "def run_coacd(mesh, **_):\n"
        "    what = pathlib.Path(os.environ['LAB_TEST_DOOM']).read_text()\n"
        "    if mesh.vertices[:, 0].min() > 0.02:\n"
        "        if what == 'die': os.kill(os.getpid(), signal.SIGSEGV)\n"
        "        while what == 'spin': pass\n"
        "        while what == 'sleep': time.sleep(1)\n"
        "        if what == 'memory': bytearray(1 << 40)\n"
        "    return [(mesh.vertices, mesh.faces)]\n"
    )
    doom = tmp_path / "doom"
    monkeypatch.setenv("LAB_TEST_DOOM", str(doom))
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return doom


@pytest.mark.parametrize(
    ("doom", "words"),
    [
        ("die", "ends the process that does it (SIGSEGV)"),
        ("sleep", "did not come to an end within 20 s"),
    ],
)
def test_a_body_that_kills_the_process_is_felt_as_its_hull(
    killed_by_body: Path, doom: str, words: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(process, "PATIENCE", 20.0)
    killed_by_body.write_text(doom)
    far = ring_of(24).apply_translation((0.06, 0.0, 0.0))
    trimesh.util.concatenate([far, ring_of()]).export(folder / "two.stl")
    source = mesh_source(folder)
    (remark,) = source.remarks
    assert remark.startswith(f"{folder / 'two.stl'}: body 1 of 2 is felt as its convex hull: cutting it")
    assert words in remark
    (mesh,) = source.meshes.values()
    assert len(mesh.felt) == 2 and mesh.seen is not None


def test_processor_time_is_limited(killed_by_body: Path) -> None:
    killed_by_body.write_text("spin")
    with MeshProcess(body_seconds=1) as child:
        mesh = child.read(as_file(ring_of().apply_translation((0.06, 0.0, 0.0))))
    assert "takes too much processor time" in mesh.remark
    assert len(mesh.felt) == 1


def test_a_mesh_that_kills_the_reader_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trimesh.creation.box((0.03, 0.03, 0.03)).export(folder / "good.stl")
    ring_of().export(folder / "bad.stl")
    answered = MeshProcess._ask

    def ask(self, file, hulls):
        if len(file.content) > 1000:
            connection = self._running()
            os.kill(self._process.pid, signal.SIGKILL)
            del connection
        return answered(self, file, hulls)

    monkeypatch.setattr(MeshProcess, "_ask", ask)
    source = mesh_source(folder)
    (sentence,) = source.left_out
    assert sentence.startswith(f"{folder / 'bad.stl'}: reading it ")
    assert [path.name for path in source.meshes] == ["good.stl"]


def test_what_was_read_once_comes_from_the_disk(
    folder: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring_of().export(folder / "ring.stl")
    (folder / "empty.obj").write_text("# nothing\n")
    told: list[tuple[int, int, str]] = []
    first = mesh_source(folder, progress=lambda *words: told.append(words))
    assert told[-1][:2] == (2, 2)
    assert len(list(cache_folder.iterdir())) == 2

    def never(self, file):
        raise AssertionError("read again")

    monkeypatch.setattr(MeshProcess, "read", never)
    second = mesh_source(folder)
    assert second.left_out == first.left_out
    for one, other in zip(first.meshes.values(), second.meshes.values(), strict=True):
        assert one.seen is not None and other.seen is not None
        assert np.array_equal(one.seen.vertices, other.seen.vertices)
        assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(one.felt, other.felt, strict=True))
    ring_of(20).export(folder / "ring.stl")
    with pytest.raises(AssertionError, match="read again"):
        mesh_source(folder)


def test_the_work_can_be_ended(folder: Path) -> None:
    knot(160, 32).export(folder / "knot.stl")

    def interrupt(done: int, of: int, name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mesh_source(folder, progress=interrupt)


def test_a_spoiled_or_unwritable_cache_only_costs_time(
    folder: Path, cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring_of().export(folder / "ring.stl")
    expected = read_pieces(folder / "ring.stl")
    (entry,) = cache_folder.iterdir()
    for content in (b"", b"PK", entry.read_bytes()[:-200]):
        entry.write_bytes(content)
        assert len(read_pieces(folder / "ring.stl")) == len(expected)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(read_pieces(folder / "ring.stl")) == len(expected)


def test_the_cache_does_not_grow_for_ever(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = MeshFile(".stl", b"first")
    mesh = MeshPieces(None, (hull(np.random.default_rng(0).normal(size=(50, 3))),))
    cache.store(file, mesh)
    assert cache.load(file) is not None
    os.utime(next(cache_folder.iterdir()), (1.0, 1.0))
    monkeypatch.setattr(cache, "LARGEST", len(mesh.to_bytes()))
    cache.store(MeshFile(".stl", b"second"), mesh)
    assert cache.load(file) is None
    assert cache.load(MeshFile(".stl", b"second")) is not None
