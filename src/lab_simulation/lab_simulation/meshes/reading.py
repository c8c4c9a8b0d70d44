"""One OBJ or STL file to one closed solid in metres, or a sentence on what is wrong with it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab_simulation.errors import SceneError
from lab_simulation.meshes.decimation import decimated
from lab_simulation.scenes.solids import Solid

if TYPE_CHECKING:
    import trimesh

SUFFIXES = (".obj", ".stl")
LARGEST_FILE = 50 << 20
"""Bytes."""
MOST_FACES = 200_000
SEEN_FACES = 20_000
"""What the camera is shown of a finer mesh: eight parts of 80,000 triangles would halve the image rate."""
SIZES = (0.010, 0.200)
"""Metres: least and most length of the longest edge of a part's box."""
THINNEST = 0.003
"""Metres: the shortest edge; perception takes what is lower for the table."""
LONGEST_TO_GRASP = 0.14
"""Metres: of a mesh that is scaled to be grasped."""
_UNITS = (("millimetres", 0.001), ("inches", 0.0254), ("centimetres", 0.01))
_STL_HEADER, _STL_FACE = 84, 50


class MeshRefused(SceneError):
    """A mesh that cannot be a part; says why and what to do, but not the name of the file."""


@dataclass(frozen=True, slots=True)
class MeshFile:
    """What a file holds. suffix: one of SUFFIXES. widest: see `MeshFolder`."""

    suffix: str
    content: bytes
    widest: float | None = None


def read_solid(file: MeshFile) -> Solid:
    """The closed surface, of at most SEEN_FACES triangles where they can be reduced.

    Raises MeshRefused.
    """
    mesh = _parse(file)
    if len(mesh.faces) == 0:
        raise MeshRefused("holds no triangles; export the part as a surface")
    if len(mesh.faces) > MOST_FACES:
        raise MeshRefused(f"{len(mesh.faces)} triangles, at most {MOST_FACES}; simplify the mesh")
    if not np.isfinite(mesh.vertices).all():
        raise MeshRefused("a vertex is not finite; export the part again")
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    mesh.update_faces(mesh.nondegenerate_faces(height=0.0) & mesh.unique_faces())
    # a ring of 96 triangles of which one is turned takes 25 to 41 s of processor time to cut
    if not (mesh.is_watertight and mesh.is_winding_consistent):
        raise MeshRefused(_not_closed(mesh))
    if mesh.volume < 0.0:
        mesh.invert()
    if file.widest is not None:
        extents = np.sort(mesh.extents)
        mesh.vertices *= min(1.0, file.widest / extents[0], LONGEST_TO_GRASP / extents[2])
    _require_size(mesh)
    solid = Solid(np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int32))
    return decimated(solid, SEEN_FACES)


def _parse(file: MeshFile) -> trimesh.Trimesh:
    import trimesh  # here, as a cell without meshes of its user has no use for it

    if not file.content:
        raise MeshRefused("is empty; export the part again")
    content = _whole_stl(file.content) if file.suffix == ".stl" else _as_utf8(file.content)
    try:
        mesh = trimesh.load(
            io.BytesIO(content), file_type=file.suffix[1:], force="mesh", process=True, skip_materials=True
        )
    except Exception as error:  # whatever a parser trips over, the file is what has to be mended
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise MeshRefused(f"is no readable mesh: {reason}; export the part again") from error
    if not isinstance(mesh, trimesh.Trimesh):
        raise MeshRefused("holds no triangles; export the part as a surface")
    return mesh


def _whole_stl(content: bytes) -> bytes:
    """A binary file without what follows its triangles, or a text as UTF-8. Raises MeshRefused."""
    faces = int.from_bytes(content[80:84], "little")
    promised = _STL_HEADER + _STL_FACE * faces
    if len(content) >= _STL_HEADER and len(content) == promised:
        return content
    if content.lstrip()[:5].lower() == b"solid" and b"facet" in content[:2000]:
        if b"endsolid" not in content[-2000:]:
            raise MeshRefused("is cut short: its text does not end with 'endsolid'; copy or export it again")
        return _as_utf8(content)
    if len(content) < promised:
        found = max(0, len(content) - _STL_HEADER) // _STL_FACE
        raise MeshRefused(
            f"is cut short or no STL: by its header it holds {faces} triangles, there are {found};"
            " copy or export it again"
        )
    return content[:promised]


def _as_utf8(content: bytes) -> bytes:
    """Text whose comments may be in any encoding: trimesh wants a library to guess it."""
    return content.decode("utf-8", errors="replace").encode("utf-8")


def _not_closed(mesh: trimesh.Trimesh) -> str:
    _, uses = np.unique(mesh.edges_unique_inverse, return_counts=True)
    torn, crowded = int((uses == 1).sum()), int((uses > 2).sum())
    if torn:
        return f"the surface is not closed, {torn} edges are open; fill its holes so that it has an inside"
    if crowded:
        return (
            f"the surface is not closed in one way only, {crowded} edges join more than two triangles;"
            " make it manifold"
        )
    return "the surface is not closed: some triangles face inwards; make their orientation consistent"


def _require_size(mesh: trimesh.Trimesh) -> None:
    shortest, longest = float(mesh.extents.min()), float(mesh.extents.max())
    if not SIZES[0] <= longest <= SIZES[1]:
        raise MeshRefused(
            f"{longest:.4g} m long, expected {SIZES[0]:g} to {SIZES[1]:g} m (units are metres)"
            f"{_hint(longest)}"
        )
    if shortest < THINNEST:
        raise MeshRefused(
            f"{1e3 * shortest:.2g} mm thin; what is lower than {1e3 * THINNEST:g} mm the camera cannot tell"
            " from the table: make it thicker, or leave it out"
        )
    if not mesh.volume > 1e-9:
        raise MeshRefused("encloses no volume; give it a thickness")


def _hint(longest: float) -> str:
    for unit, metres in _UNITS:
        if SIZES[0] <= longest * metres <= SIZES[1]:
            return f"; if it is in {unit}, scale it by {metres:g}"
    if longest < SIZES[0]:
        for factor in (1000, 100, 10):
            if SIZES[0] <= longest * factor <= SIZES[1]:
                return (
                    f"; too small to see and to hold: if it was scaled once too often, scale it by {factor}"
                )
    return "; scale it"
