"""Meshes of the robot as images need them: in all their colours, and no finer than the camera can see.

MuJoCo gives a mesh one colour and keeps every triangle; the arm's OBJ files have a material for each face and
130 000 triangles, which cost 300 MB and most of the time of an image that shows the arm.
"""

from __future__ import annotations

import re
from pathlib import Path

import mujoco
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_simulation.scenes.solids import Solid

CELL_SIZE = 0.0012
"""Metres: vertices in one cell of this size become one; it is what a pixel of the camera sees at 0.75 m."""

_MATERIAL = re.compile(rb"^usemtl[ \t]+(\S+)", re.MULTILINE)
_BESIDE_VERTEX = re.compile(rb"/\S*")


def paint_meshes(spec: mujoco.MjSpec) -> None:
    """Replace every OBJ mesh that is only looked at by coarser ones, one for each of its materials."""
    painted: dict[str, list[str]] = {}
    for geom in list(spec.geoms):
        if geom.type != mujoco.mjtGeom.mjGEOM_MESH or geom.contype or geom.conaffinity:
            continue
        mesh = spec.mesh(geom.meshname)
        if mesh.name not in painted:
            painted[mesh.name] = _paint(spec, mesh, geom)
        for name in painted[mesh.name]:
            geom.parent.add_geom(
                type=mujoco.mjtGeom.mjGEOM_MESH,
                meshname=name,
                material=name,
                pos=geom.pos,
                quat=geom.quat,
                group=geom.group,
                contype=0,
                conaffinity=0,
                mass=0.0,
            )
        if painted[mesh.name]:
            spec.delete(geom)
    for name in [name for name, pieces in painted.items() if pieces]:
        spec.delete(spec.mesh(name))


def _paint(spec: mujoco.MjSpec, mesh: mujoco.MjsMesh, geom: mujoco.MjsGeom) -> list[str]:
    """Names of the meshes and materials that stand for a mesh; none when it is to stay as it is."""
    path = Path(mesh.file)
    if path.suffix.lower() != ".obj" or not path.is_file():
        return []
    vertices, faces_by_material = read_obj(path.read_bytes())
    colours = _colours(path.with_suffix(".mtl"))
    plain = tuple(geom.rgba[:3])
    names = []
    for material, faces in faces_by_material.items():
        solid = coarser(Solid(vertices * np.asarray(mesh.scale), faces), CELL_SIZE)
        if len(solid.faces) < 4:
            continue
        name = f"{mesh.name}/{material}"
        spec.add_mesh(
            name=name,
            uservert=solid.vertices.ravel().tolist(),
            userface=solid.faces.ravel().tolist(),
            # A piece of a surface encloses nothing.
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )
        several = len(faces_by_material) > 1
        colour = colours.get(material, plain) if several else plain
        spec.add_material(name=name, rgba=[*colour, 1.0], specular=0.3, shininess=0.4)
        names.append(name)
    return names


def read_obj(content: bytes) -> tuple[FloatArray, dict[str, npt.NDArray[np.int32]]]:
    """Vertices (V, 3) of an OBJ file and its triangles (F, 3) by material; polygons become fans."""
    lines = [line[2:] for line in content.split(b"\n") if line.startswith(b"v ")]
    # a vertex may have a weight or a colour behind its place
    vertices = np.fromstring(b" ".join(lines), sep=" ").reshape(len(lines), -1)[:, :3]
    marks = [(0, "plain")] + [(mark.start(), mark[1].decode()) for mark in _MATERIAL.finditer(content)]
    ends = [start for start, _ in marks[1:]] + [len(content)]
    faces: dict[str, list[npt.NDArray[np.int32]]] = {}
    for (start, material), end in zip(marks, ends, strict=True):
        section = content[start:end]
        polygons = [line[2:] for line in section.split(b"\n") if line.startswith(b"f ")]
        if polygons:
            faces.setdefault(material, []).append(_triangles(polygons))
    return vertices, {material: np.vstack(groups) for material, groups in faces.items()}


def coarser(solid: Solid, cell: float) -> Solid:
    """The mesh with all vertices of a cell of a grid moved to their mean, and without what that flattens.

    Source: J. Rossignac, P. Borrel, "Multi-resolution 3D approximations for rendering", 1993.
    """
    used, faces = np.unique(solid.faces, return_inverse=True)
    vertices = solid.vertices[used]
    _, cluster, count = np.unique(
        np.floor(vertices / cell).astype(np.int64), axis=0, return_inverse=True, return_counts=True
    )
    means = np.zeros((len(count), 3))
    np.add.at(means, cluster.ravel(), vertices)
    means /= count[:, None]
    merged = cluster.ravel()[faces.reshape(-1, 3)]
    a, b, c = merged.T
    kept = merged[(a != b) & (b != c) & (a != c)]
    used, kept = np.unique(kept, return_inverse=True)
    return Solid(means[used], kept.reshape(-1, 3).astype(np.int32))


def _triangles(polygons: list[bytes]) -> npt.NDArray[np.int32]:
    lines = _BESIDE_VERTEX.sub(b"", b"\n".join(polygons))
    corners = np.fromstring(lines, dtype=np.int32, sep=" ") - 1
    if len(corners) == 3 * len(polygons):  # the usual file
        return corners.reshape(-1, 3)
    sizes = [len(line.split()) for line in lines.split(b"\n")]
    each = np.split(corners, np.cumsum(sizes)[:-1])
    return np.array([(p[0], p[i], p[i + 1]) for p in each for i in range(1, len(p) - 1)], dtype=np.int32)


def _colours(mtl: Path) -> dict[str, tuple[float, float, float]]:
    """Diffuse colour of each material of an MTL file."""
    colours: dict[str, tuple[float, float, float]] = {}
    name = ""
    for line in mtl.read_text(errors="replace").splitlines() if mtl.is_file() else []:
        words = line.split()
        if words[:1] == ["newmtl"]:
            name = words[1]
        elif words[:1] == ["Kd"] and name:
            red, green, blue = (float(word) for word in words[1:4])
            colours[name] = (red, green, blue)
    return colours
