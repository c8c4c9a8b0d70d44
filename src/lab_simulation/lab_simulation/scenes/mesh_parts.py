"""Parts from OBJ and STL files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab_simulation.errors import SceneError
from lab_simulation.meshes.pieces import MeshPieces
from lab_simulation.meshes.preparation import Progress, prepare, silent
from lab_simulation.meshes.reading import SUFFIXES
from lab_simulation.scenes.parts import Part, Piece, assemble


@dataclass(frozen=True, slots=True)
class MeshFolder:
    """A PartSource: draws from the meshes of a folder that can be parts.

    left_out: a sentence for each file that cannot. remarks: a sentence for each that is coarser than it could
    be.
    """

    meshes: Mapping[Path, MeshPieces]
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]

    def __call__(self, index: int, rng: np.random.Generator) -> Part:
        """The part of an index."""
        paths = list(self.meshes)
        path = paths[int(rng.integers(len(paths)))]
        return assemble(f"{_stem(path)}_{index + 1:02d}", _stem(path), self.meshes[path].pieces(), rng)


def mesh_source(folder: str | Path, widest: float | None = None, progress: Progress = silent) -> MeshFolder:
    """Reads every mesh of a folder now; what was read before comes from the disk.

    widest: metres; larger meshes, and those in other units, are scaled until the shortest edge of their box
    is no longer, and the longest one no longer than LONGEST_TO_GRASP.
    Raises SceneError, one sentence, when none of the files can be a part.
    """
    found = prepare(mesh_files(folder), widest, progress)
    left_out = tuple(f"{path}: {mesh.refused}" for path, mesh in found.items() if mesh.refused)
    if len(left_out) == len(found):
        others = f" (so are the {len(found) - 1} others of '{folder}')" if len(found) > 1 else ""
        raise SceneError(f"meshes: no file can be used{others}: {left_out[0]}")
    usable = {path: mesh for path, mesh in found.items() if not mesh.refused}
    remarks = tuple(f"{path}: {mesh.remark}" for path, mesh in usable.items() if mesh.remark)
    return MeshFolder(usable, left_out, remarks)


def mesh_files(folder: str | Path) -> list[Path]:
    """OBJ and STL files directly in a folder, by name.

    Raises SceneError when there is none.
    """
    directory = Path(folder).expanduser()
    try:
        if not directory.is_dir():
            raise SceneError(f"meshes: no folder '{directory}'; give one that holds OBJ or STL files")
        paths = sorted(p for p in directory.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    except OSError as error:
        raise SceneError(f"meshes: the folder '{directory}' cannot be read: {error.strerror}") from error
    if not paths:
        raise SceneError(f"meshes: the folder '{directory}' holds no OBJ or STL file")
    return paths


def part_from_mesh(path: Path, name: str, rng: np.random.Generator) -> Part:
    """A part of one mesh, material and colour drawn.

    Raises SceneError: one sentence that names the file and the fix.
    """
    return assemble(name, _stem(path), read_pieces(path), rng)


def read_pieces(path: Path, widest: float | None = None) -> tuple[Piece, ...]:
    """The mesh for the eye, and the convex pieces of it for contact. widest: see mesh_source.

    Raises SceneError.
    """
    mesh = prepare([path], widest)[path]
    if mesh.refused:
        raise SceneError(f"{path}: {mesh.refused}")
    return mesh.pieces()


def _stem(path: Path) -> str:
    """File name as the beginning of an entity's name."""
    stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in path.stem).strip("_")
    return stem if stem[:1].isalpha() else f"mesh_{stem}"
