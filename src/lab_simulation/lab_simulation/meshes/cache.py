"""What meshes became, kept on the disk under what it depends on: content, libraries, limits."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
from functools import cache
from pathlib import Path

from lab_core.cache import cache_folder, keep
from lab_simulation.meshes import bodies, decimation, process, reading
from lab_simulation.meshes.pieces import FORMAT, MeshPieces
from lab_simulation.meshes.reading import MeshFile

LIBRARIES = ("coacd", "fast-simplification", "mujoco", "scipy", "trimesh")
LARGEST = 400 << 20
"""Bytes of all entries; beyond it the ones that were not used for longest go."""


def load(file: MeshFile) -> MeshPieces | None:
    """What the file became the last time; None when that is not known."""
    path = _entry(file)
    try:
        found = MeshPieces.from_bytes(path.read_bytes())
    except (OSError, ValueError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return found


def store(file: MeshFile, mesh: MeshPieces) -> None:
    """Keep it; where nothing can be written it is made again the next time."""
    path = _entry(file)
    if keep(path, mesh.to_bytes()):
        with contextlib.suppress(OSError):
            _make_room(path.parent)


def _entry(file: MeshFile) -> Path:
    depends = json.dumps([_environment(), file.suffix, file.widest]).encode()
    return cache_folder("meshes") / f"{hashlib.sha256(depends + b'|' + file.content).hexdigest()}.npz"


@cache
def _environment() -> list[object]:
    """Versions and limits that decide what a mesh becomes."""
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            versions.append("")
    limits = [
        value
        for module in (reading, bodies, decimation, process)
        for name, value in sorted(vars(module).items())
        if name.isupper() and isinstance(value, int | float | tuple)
    ]
    return [FORMAT, versions, limits]


def _make_room(folder: Path) -> None:
    entries = [(path, path.stat()) for path in folder.iterdir()]
    total = sum(stat.st_size for _, stat in entries)
    for path, stat in sorted(entries, key=lambda entry: entry[1].st_mtime):
        if total <= LARGEST:
            break
        path.unlink(missing_ok=True)
        total -= stat.st_size
