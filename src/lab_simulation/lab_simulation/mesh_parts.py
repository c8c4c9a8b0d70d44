"""Parts from OBJ and STL files: read with care, cut into convex pieces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import trimesh

from lab_simulation.errors import SceneError
from lab_simulation.parts import Part, Piece, assemble
from lab_simulation.scenes import PartSource
from lab_simulation.solids import Solid

SUFFIXES = (".obj", ".stl")
LARGEST_FILE = 50 << 20
"""Bytes."""
MOST_FACES = 200_000
MOST_PIECES = 24
SIZES = (0.010, 0.200)
"""Metres: least and most length of the longest edge of a part's box."""
LONGEST_TO_GRASP = 0.14
"""Metres: of a mesh that is scaled to be grasped."""
CONVEX = 0.02
"""Share of the hull's volume that a mesh may lack and still be taken for convex."""
CONCAVITY = 0.04
"""Where the decomposition stops; 0.05 leaves the bore of a nut half closed."""


def mesh_source(folder: str | Path, widest: float | None = None) -> PartSource:
    """Draws parts from the meshes of a folder; every file is read now, so that a bad one is told at once.

    widest: metres; larger meshes, and those in other units, are scaled until the shortest edge of their box
    is no longer, and the longest one no longer than LONGEST_TO_GRASP.
    Raises SceneError: one sentence that names folder or file and the fix.
    """
    paths = mesh_files(folder)
    for path in paths:
        read_pieces(path, widest)

    def draw(index: int, rng: np.random.Generator) -> Part:
        path = paths[int(rng.integers(len(paths)))]
        return assemble(f"{_stem(path)}_{index + 1:02d}", _stem(path), read_pieces(path, widest), rng)

    return draw


def mesh_files(folder: str | Path) -> list[Path]:
    """OBJ and STL files directly in a folder, by name.

    Raises SceneError when there is none.
    """
    directory = Path(folder).expanduser()
    if not directory.is_dir():
        raise SceneError(f"meshes: no folder '{directory}'; give one that holds OBJ or STL files")
    paths = sorted(path for path in directory.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise SceneError(f"meshes: the folder '{directory}' holds no OBJ or STL file")
    return paths


def part_from_mesh(path: Path, name: str, rng: np.random.Generator) -> Part:
    """A part of one mesh, material and colour drawn.

    Raises SceneError: one sentence that names the file and the fix.
    """
    return assemble(name, _stem(path), read_pieces(path), rng)


@lru_cache(maxsize=64)
def read_pieces(path: Path, widest: float | None = None) -> tuple[Piece, ...]:
    """The mesh for the eye, and the convex pieces of it for contact. widest: see mesh_source.

    Raises SceneError.
    """
    mesh = _read(path)
    if widest is not None:
        extents = np.sort(mesh.extents)
        mesh.vertices *= min(1.0, widest / extents[0], LONGEST_TO_GRASP / extents[2])
    _require_size(path, mesh)
    seen = Solid(np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int32))
    if seen.volume() > (1.0 - CONVEX) * mesh.convex_hull.volume:
        return (Piece("mesh", mesh=_solid(mesh.convex_hull.vertices, mesh.convex_hull.faces)),)
    pieces = [Piece("mesh", mesh=seen, solid=False)]
    pieces += [Piece("mesh", mesh=piece, visible=False) for piece in _decompose(seen)]
    return tuple(pieces)


def _read(path: Path) -> trimesh.Trimesh:
    """A closed mesh."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SceneError(f"{path}: cannot be read: {error.strerror}") from error
    if size > LARGEST_FILE:
        raise SceneError(
            f"{path}: {size >> 20} MiB is too large, at most {LARGEST_FILE >> 20} MiB; simplify the mesh"
        )
    try:
        mesh = trimesh.load(path, force="mesh", process=True, skip_materials=True)
    except Exception as error:  # whatever a parser trips over, the file is what has to be mended
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise SceneError(f"{path}: is no readable mesh: {reason}") from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise SceneError(f"{path}: holds no triangles")
    if len(mesh.faces) > MOST_FACES:
        raise SceneError(f"{path}: {len(mesh.faces)} triangles, at most {MOST_FACES}; simplify the mesh")
    if not np.isfinite(mesh.vertices).all():
        raise SceneError(f"{path}: a vertex is not finite")
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    if not mesh.is_watertight:
        raise SceneError(f"{path}: the surface is not closed; fill its holes so that it has an inside")
    if mesh.volume < 0.0:
        mesh.invert()
    return mesh


def _require_size(path: Path, mesh: trimesh.Trimesh) -> None:
    longest = float(mesh.extents.max())
    if not SIZES[0] <= longest <= SIZES[1]:
        hint = ""
        for unit, metres in (("millimetres", 0.001), ("inches", 0.0254), ("centimetres", 0.01)):
            if SIZES[0] <= longest * metres <= SIZES[1]:
                hint = f"; if it is in {unit}, scale it by {metres:g}"
                break
        raise SceneError(
            f"{path}: {longest:.4g} m long, expected {SIZES[0]:g} to {SIZES[1]:g} m (units are metres){hint}"
        )
    if not mesh.volume > 1e-9:
        raise SceneError(f"{path}: encloses no volume")


def _decompose(mesh: Solid) -> Sequence[Solid]:
    """Approximate convex decomposition (CoACD; X. Wei, M. Liu, Z. Ling, H. Su, 2022)."""
    import coacd

    coacd.set_log_level("error")
    pieces = coacd.run_coacd(
        coacd.Mesh(mesh.vertices, mesh.faces),
        threshold=CONCAVITY,
        max_convex_hull=MOST_PIECES,
        preprocess_mode="off",
        resolution=1000,
        mcts_nodes=10,
        mcts_iterations=60,
        mcts_max_depth=2,
        max_ch_vertex=64,
        seed=0,
    )
    return [_solid(vertices, faces) for vertices, faces in pieces]


def _solid(vertices: object, faces: object) -> Solid:
    return Solid(np.asarray(vertices, dtype=np.float64), np.asarray(faces, dtype=np.int32))


def _stem(path: Path) -> str:
    """File name as the beginning of an entity's name."""
    stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in path.stem).strip("_")
    return stem if stem[:1].isalpha() else f"mesh_{stem}"
