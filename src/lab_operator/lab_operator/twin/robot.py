"""The cell's links as they look, and where they are for given joint positions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import numpy as np
import pinocchio
import trimesh

from lab_core.geometry import FloatArray, transform_from_xyz_rpy
from lab_description import Cell, build_urdf
from lab_description.meshes import with_paths

# Faces of one mesh that is shown; finer ones are thinned. More are not seen at this size, and cost a browser
# without a graphics card its frame rate.
MOST_FACES = 2500
# Of meshes that cannot be thinned otherwise, metres.
_GRID = 0.004
TCP = "tcp"
_GREY = (0.7, 0.7, 0.72)


@dataclass(frozen=True, slots=True, eq=False)
class Visual:
    """One shape of one link. vertices: (V, 3) metres in the link's frame; faces: (F, 3); colour: RGB 0..1.

    moves: whether a joint moves its link.
    """

    name: str
    link: str
    vertices: FloatArray
    faces: np.ndarray
    colour: tuple[float, float, float]
    moves: bool


class RobotModel:
    """Forward kinematics of everything in a cell, by pinocchio."""

    def __init__(self, cell: Cell) -> None:
        """Takes a second or several: the meshes are read."""
        urdf = build_urdf(cell)
        self._model = pinocchio.buildModelFromXML(urdf, mimic=True)
        self._data = self._model.createData()
        self._neutral = pinocchio.neutral(self._model)
        self._frames = {
            frame.name: i for i, frame in enumerate(self._model.frames) if frame.type == pinocchio.BODY
        }
        self._place = {
            name: (self._model.joints[i].idx_q, self._model.joints[i].nq)
            for i, name in enumerate(self._model.names)
            if i > 0 and self._model.joints[i].nq == 1
        }
        self.visuals = _visuals(urdf, self._moves)

    def links_at(self, joints: Mapping[str, float]) -> dict[str, FloatArray]:
        """(4, 4) base_from_link of every link; joints that are not named stand at zero."""
        q = self._neutral.copy()
        for name, position in joints.items():
            if name in self._place:
                q[self._place[name][0]] = position
        pinocchio.framesForwardKinematics(self._model, self._data, q)
        return {name: self._data.oMf[i].homogeneous for name, i in self._frames.items()}

    def _moves(self, link: str) -> bool:
        index = self._frames.get(link)
        return index is not None and self._model.frames[index].parentJoint > 0


def _visuals(urdf: str, moves: Callable[[str], bool]) -> list[Visual]:
    root = ElementTree.fromstring(with_paths(urdf))
    colours = {m.get("name"): _rgb(m) for m in root.iterfind("material")}
    found = []
    for link in root.iterfind("link"):
        for index, visual in enumerate(link.iterfind("visual")):
            mesh = _mesh(visual.find("geometry"))
            if mesh is None:
                continue
            origin = visual.find("origin")
            link_from_mesh = transform_from_xyz_rpy(_numbers(origin, "xyz"), _numbers(origin, "rpy"))
            mesh.apply_transform(link_from_mesh)
            material = visual.find("material")
            colour = None if material is None else _rgb(material) or colours.get(material.get("name"))
            name = str(link.get("name"))
            found.append(
                Visual(f"{name}_{index}", name, mesh.vertices, mesh.faces, colour or _GREY, moves(name))
            )
    return found


def _mesh(geometry: ElementTree.Element | None) -> Any:
    """A trimesh.Trimesh; None for what cannot be read: a model without one shape is better than none."""
    shape = next(iter(geometry), None) if geometry is not None else None
    if shape is None:
        return None
    if shape.tag == "box":
        return trimesh.creation.box(extents=_numbers(shape, "size"))
    if shape.tag == "cylinder":
        return trimesh.creation.cylinder(
            radius=float(shape.get("radius", 0)), height=float(shape.get("length", 0))
        )
    if shape.tag == "sphere":
        return trimesh.creation.icosphere(subdivisions=2, radius=float(shape.get("radius", 0)))
    path = Path(unquote(urlparse(str(shape.get("filename"))).path))
    try:
        mesh: Any = trimesh.load(path, force="mesh", process=False, skip_materials=True)
    except Exception:  # a format that this machine has no reader for
        return None
    mesh.apply_scale(_numbers(shape, "scale", 1.0))
    return _thinned(mesh)


def _thinned(mesh: Any) -> Any:
    if len(mesh.faces) <= MOST_FACES:
        return mesh
    # points of different normals are one point here: seams would be kept whole
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    with contextlib.suppress(ImportError):  # without the library it is shown as it is
        mesh = mesh.simplify_quadric_decimation(face_count=MOST_FACES)
    if len(mesh.faces) > MOST_FACES:  # open edges are kept by that: points of one cell of a grid become one
        mesh = trimesh.Trimesh(np.round(mesh.vertices / _GRID) * _GRID, mesh.faces, process=False)
        mesh.merge_vertices(merge_tex=True, merge_norm=True)
        mesh.update_faces(mesh.nondegenerate_faces())
        mesh.update_faces(mesh.unique_faces())
    return mesh


def _numbers(element: ElementTree.Element | None, key: str, default: float = 0.0) -> FloatArray:
    words = element.get(key) if element is not None else None
    return np.full(3, default) if words is None else np.array([float(word) for word in words.split()])


def _rgb(material: ElementTree.Element) -> tuple[float, float, float] | None:
    colour = material.find("color")
    if colour is None:
        return None
    red, green, blue = (float(word) for word in str(colour.get("rgba")).split()[:3])
    return red, green, blue
