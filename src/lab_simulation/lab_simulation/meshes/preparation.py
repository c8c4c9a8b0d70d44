"""All meshes of a folder, from the cache or made now, side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue

from lab_simulation.meshes import cache
from lab_simulation.meshes.pieces import MeshPieces
from lab_simulation.meshes.process import MeshProcess
from lab_simulation.meshes.reading import LARGEST_FILE, MeshFile

MOST_PROCESSES = 4
TICK = 0.5
"""Seconds."""
Progress = Callable[[int, int, str], None]
"""Called with how many files are done, of how many, and the name of the newest, at least every TICK.

It can end the work by an exception.
"""


def silent(done: int, of: int, name: str) -> None:
    """A Progress that says nothing."""


def prepare(
    paths: Sequence[Path], widest: float | None, progress: Progress = silent
) -> Mapping[Path, MeshPieces]:
    """What each file becomes, in the order of the paths. widest: see `MeshFolder`."""
    found: dict[Path, MeshPieces] = {}
    missing: dict[Path, MeshFile] = {}
    for path in paths:
        file = _file(path, widest)
        known = file if isinstance(file, MeshPieces) else cache.load(file)
        if known is None and isinstance(file, MeshFile):
            missing[path] = file
        elif known is not None:
            found[path] = known
            progress(len(found), len(paths), path.name)
    if not missing:
        return {path: found[path] for path in paths}
    count = min(MOST_PROCESSES, os.cpu_count() or 1, len(missing))
    idle: SimpleQueue[MeshProcess] = SimpleQueue()
    processes = [MeshProcess() for _ in range(count)]
    for process in processes:
        idle.put(process)

    def make(path: Path) -> MeshPieces:
        process = idle.get()
        try:
            return process.read(missing[path])
        finally:
            idle.put(process)

    pool = ThreadPoolExecutor(count, thread_name_prefix="meshes")
    try:
        work = {pool.submit(make, path): path for path in missing}
        pending, newest = set(work), ""
        while pending:
            done, pending = wait(pending, TICK, FIRST_COMPLETED)
            for future in done:
                path = work[future]
                found[path], newest = future.result(), path.name
                cache.store(missing[path], found[path])
            progress(len(found), len(paths), newest)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.close()
    return {path: found[path] for path in paths}


def _file(path: Path, widest: float | None) -> MeshFile | MeshPieces:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            return MeshPieces(
                refused=f"{size >> 20} MiB is too large, at most {LARGEST_FILE >> 20} MiB; simplify the mesh"
            )
        with path.open("rb") as opened:
            return MeshFile(path.suffix.lower(), opened.read(LARGEST_FILE), widest)
    except OSError as error:
        return MeshPieces(refused=f"cannot be read: {error.strerror}")
