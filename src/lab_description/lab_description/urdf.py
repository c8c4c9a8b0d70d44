"""The cell as URDF: urdf/cell.urdf.xacro, filled from the files of a validated cell."""

from __future__ import annotations

import contextlib
import hashlib
import json
import xml.dom.minidom
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from xml.etree import ElementTree

from lab_core.cache import cache_folder, keep
from lab_description.cell import Cell
from lab_description.meshes import installed, ros_package, with_file_uris, with_paths

# Meshes that MuJoCo reads; Collada and glTF are shown as their collision shapes there.
_MUJOCO_FORMATS = (".obj", ".stl", ".msh")
# xacro keeps its state in module variables.
_xacro_lock = Lock()


def build_urdf(cell: Cell, visuals: bool = True) -> str:
    """URDF of the whole cell, rooted in base_link.

    visuals: meshes of the description packages that are installed (package:// of ROS packages, file:// of
    Python packages), the collision shapes where none is. Without it, no visual at all: enough for planning.
    """
    return with_file_uris(_expand(cell, installed(_packages(cell)) if visuals else [], visuals))


def urdf_of_links(urdf: str, links: Collection[str]) -> str:
    """The part of a URDF that some of its links make, with the joints between them."""
    root = ElementTree.fromstring(urdf)
    for element in list(root):
        ends = [element.find(role) for role in ("parent", "child")]
        names = (
            [element.get("name")] if element.tag == "link" else [e.get("link") for e in ends if e is not None]
        )
        if element.tag not in ("link", "joint") or not all(name in links for name in names):
            root.remove(element)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def with_massless_root(urdf: str) -> str:
    """A URDF without the inertia of its root, for what reads it with KDL (MoveIt, robot_state_publisher).

    The base stands, so that its inertia has no effect; KDL has no place for it, and warns at every start.
    """
    root = ElementTree.fromstring(urdf)
    children = {child.get("link") for child in root.iterfind("joint/child")}
    for link in root.findall("link"):
        inertial = link.find("inertial")
        if link.get("name") not in children and inertial is not None:
            link.remove(inertial)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def build_mujoco_urdf(cell: Cell, visuals: bool = True) -> str:
    """The same URDF for MuJoCo: meshes by absolute path, and only in formats that it reads."""
    packages = [
        name for name in installed(_packages(cell)) if _mesh_formats(cell, name) <= set(_MUJOCO_FORMATS)
    ]
    return with_paths(_expand(cell, packages if visuals else [], visuals))


def xacro_file() -> Path:
    """urdf/cell.urdf.xacro, installed or beside the sources."""
    beside = Path(__file__).resolve().parent.parent / "urdf" / "cell.urdf.xacro"
    share = ros_package("lab_description")
    return share / "urdf" / "cell.urdf.xacro" if share is not None and not beside.is_file() else beside


def _expand(cell: Cell, packages: list[str], visuals: bool) -> str:
    """Kept on the disk under all that it is made of: xacro takes most of a second, in three processes of a
    start.
    """
    choices = {"visuals": str(visuals).lower(), "packages": " ".join(packages)}
    depends = hashlib.sha256(json.dumps(choices).encode())
    made_by = find_spec("xacro")
    program = [Path(made_by.origin)] if made_by is not None and made_by.origin else []
    for file in (*cell.files.values(), *sorted(xacro_file().parent.glob("*.xacro")), *program):
        depends.update(f"|{file.name}|".encode() + file.read_bytes())
    kept = cache_folder("urdf") / f"{depends.hexdigest()}.urdf"
    with contextlib.suppress(OSError):
        return kept.read_text(encoding="utf-8")
    import xacro  # here, as most nodes make no URDF

    mappings = {name: str(path.resolve()) for name, path in cell.files.items()} | choices
    with _xacro_lock:
        document: xml.dom.minidom.Document = xacro.process_file(str(xacro_file()), mappings=mappings)
    for node in list(document.childNodes):  # the banner names the machine's folders
        if node.nodeType == node.COMMENT_NODE:
            document.removeChild(node)
    text: str = document.toprettyxml(indent="  ")
    keep(kept, text.encode())
    return text


def _packages(cell: Cell) -> list[str]:
    trees = (cell.robot, cell.end_effector, cell.camera.model)
    return sorted({package for tree in trees for link in tree.links.values() for package in link.visual})


def _mesh_formats(cell: Cell, package: str) -> set[str]:
    trees = (cell.robot, cell.end_effector, cell.camera.model)
    return {
        Path(mesh.mesh).suffix.lower()
        for tree in trees
        for link in tree.links.values()
        for mesh in link.visual.get(package, ())
    }
