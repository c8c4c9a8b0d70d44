"""Hostile meshes: files of triangles that cannot be a part, and folders that hold something else."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lab_core.geometry import FloatArray
from lab_evaluation.fuzzing.findings import Wrong
from lab_evaluation.fuzzing.mangling import Mangling, mangled, manglings
from lab_evaluation.fuzzing.target import Target
from lab_simulation.errors import SceneError
from lab_simulation.meshes.pieces import MeshPieces
from lab_simulation.meshes.process import MeshProcess
from lab_simulation.meshes.reading import SIZES, MeshFile
from lab_simulation.scenes.mesh_parts import mesh_source
from lab_simulation.scenes.solids import Solid, hull, regular_polygon, ring

GROUP = "meshes"
BODY_SECONDS = 5
"""Of processor time to cut a body, a twelfth of what users are given: a bound is tried sooner."""
_NUMBERS = (0.0, -1.0, 1e-9, 0.001, 0.5, 1000.0, 1e38, -1e300, float("nan"), float("inf"))
Change = tuple[str, int, float]
"""How, which triangle or vertex, and by which number."""


def _solids() -> dict[str, Solid]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * 0.015
    hollow = ring(regular_polygon(12, 0.02), regular_polygon(12, 0.01), 0.015)
    two = Solid(
        np.vstack([hollow.vertices, hollow.vertices + np.array([0.06, 0.0, 0.0])]),
        np.vstack([hollow.faces, hollow.faces + len(hollow.vertices)]),
    )
    return {"box": hull(corners), "ring": hollow, "two bodies": two}


def _changed(solid: Solid, changes: list[Change]) -> FloatArray:
    """(F, 3, 3) triangles after the changes."""
    triangles = solid.vertices[solid.faces].copy()
    for how, index, number in changes:
        at = index % max(len(triangles), 1)
        if how == "scale":
            triangles = triangles * number
        elif how == "stretch":
            triangles[..., index % 3] *= number
        elif how == "empty" or len(triangles) == 0:
            triangles = triangles[:0]
        elif how == "vertex":
            triangles[at, index % 3, index // 3 % 3] = number
        elif how == "drop":
            triangles = np.delete(triangles, at, axis=0)
        elif how == "double":
            triangles = np.vstack([triangles, triangles[at : at + 1]])
        elif how == "turn":
            triangles[at] = triangles[at, ::-1]
        else:
            triangles = triangles[:, ::-1]
    return triangles


def _stl(triangles: FloatArray) -> bytes:
    rows = np.zeros((len(triangles), 12), dtype="<f4")
    with np.errstate(over="ignore", invalid="ignore"):
        rows[:, 3:] = triangles.reshape(-1, 9)
    return bytes(80) + struct.pack("<I", len(triangles)) + b"".join(row.tobytes() + b"\0\0" for row in rows)


def _obj(solid: Solid) -> bytes:
    lines = [*("v {} {} {}".format(*vertex) for vertex in solid.vertices)]
    lines += ["f {} {} {}".format(*(face + 1)) for face in solid.faces]
    return "\n".join(lines).encode()


_OBJ_LINES = st.sampled_from(
    [
        *("v 0 0 0", "v 0.03 0 0", "v 0 0.03 0", "v 0 0 0.03", "v nan inf 1e400", "v 1", "v a b c"),
        *(
            "f 1 2 3",
            "f 1 2 4",
            "f 2 3 4",
            "f 1 3 4",
            "f 1 1 1",
            "f 0 -1 99999999",
            "f -1 -2 -3",
            "f 1//1 2//",
        ),
        *("mtllib /etc/passwd", "usemtl \x1b[2J", "g [/red]", "o \0", "vn 0 0 0", "l 1 2", "\\", "#" * 200),
    ]
)


def judged(mesh: MeshPieces) -> None:
    """Raises SceneError for a refusal, and Wrong for pieces that no simulator can take."""
    if mesh.refused:
        raise SceneError(mesh.refused)
    if not mesh.felt:
        raise Wrong("taken, and there is nothing to touch")
    solids = [*mesh.felt, *([mesh.seen] if mesh.seen else [])]
    corners = np.vstack([solid.vertices for solid in solids])
    if not np.isfinite(corners).all():
        raise Wrong("taken with a vertex that is not finite")
    longest = float(np.ptp(corners, axis=0).max())
    if not 0.99 * SIZES[0] <= longest <= 1.01 * SIZES[1]:
        raise Wrong(f"taken with a length of {longest} m")
    if any(solid.volume() <= 0.0 for solid in mesh.felt):
        raise Wrong("taken with a piece that has no inside")


def _entries(folder: Path, solid: bytes) -> dict[str, Callable[[Path], object]]:
    """What may lie in a folder of meshes under the name of one."""
    return {
        "mesh": lambda path: path.write_bytes(solid),
        "empty": lambda path: path.touch(),
        "folder": lambda path: path.mkdir(),
        "pipe": lambda path: os.mkfifo(path),
        "device": lambda path: path.symlink_to("/dev/zero"),
        "secret": lambda path: path.symlink_to("/etc/shadow"),
        "nowhere": lambda path: path.symlink_to(folder / "nowhere"),
        "itself": lambda path: path.symlink_to(path),
        "text": lambda path: path.write_text("solid [/red]\n" * 50),
        "binary": lambda path: path.write_bytes(b"\x7fELF" + bytes(2000)),
    }


_NAMES = st.sampled_from(
    ["a.stl", "b.obj", "C.STL", "[red].stl", "\x1b[2J.obj", "a\nb.stl", "-x.obj", ".stl"]
)


def targets(folder: Path, stack: ExitStack) -> list[Target]:
    """Group "meshes". folder: to write to. stack: ends the process that reads."""
    process = stack.enter_context(MeshProcess(BODY_SECONDS))
    solids = _solids()
    ways = ("scale", "stretch", "vertex", "drop", "double", "turn", "inside out", "empty")
    changes = st.lists(
        st.tuples(st.sampled_from(ways), st.integers(0, 40), st.sampled_from(_NUMBERS)),
        min_size=1,
        max_size=3,
    )
    names = st.sampled_from(sorted(solids))
    good = _stl(_changed(solids["box"], []))
    entries = _entries(folder, good)

    def read(suffix: str, content: bytes) -> None:
        try:
            answer = process.read(MeshFile(suffix, content))
        except BaseException:
            process.close()
            raise
        judged(answer)

    def triangles(given: tuple[str, list[Change]]) -> None:
        name, how = given
        read(".stl", _stl(_changed(solids[name], how)))

    def spoilt_bytes(given: tuple[str, bool, list[Mangling]]) -> None:
        name, binary, how = given
        content = _stl(_changed(solids[name], [])) if binary else _obj(solids[name])
        read(".stl" if binary else ".obj", mangled(content, how))

    def text(lines: list[str]) -> None:
        read(".obj", "\n".join(lines).encode())

    def whole_folder(given: dict[str, str]) -> None:
        place = folder / "meshes"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, kind in given.items():
            entries[kind](place / name)
        source = mesh_source(place)
        taken = {path.name for path in source.meshes}
        if taken - {name for name, kind in given.items() if kind == "mesh"}:
            raise Wrong(f"taken for meshes: {taken}")

    listing: Any = st.dictionaries(_NAMES, st.sampled_from(sorted(entries)), max_size=4)
    return [
        Target("triangles", GROUP, st.tuples(names, changes), triangles, seconds=3.0, share=0.01),
        Target("bytes of a mesh", GROUP, st.tuples(names, st.booleans(), manglings()), spoilt_bytes),
        Target("lines of an OBJ", GROUP, st.lists(_OBJ_LINES, max_size=14), text),
        Target("folder of meshes", GROUP, listing, whole_folder, seconds=2.0, share=0.005),
    ]
