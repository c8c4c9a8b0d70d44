"""The process that reads meshes and cuts them: it may die of a mesh, or be ended, and nothing else with it.

Run with the number of an open socket as its argument; `process` is the other side. A request is two
messages: JSON with suffix, widest, body_seconds (of processor time) and hulls (why the hull of a body is to
be taken, by its number), then the bytes of the file. The answer is a JSON message as each body begins, then
the bytes of a MeshPieces.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from lab_simulation.meshes.bodies import MOST_PIECES, bodies_of, cut, hull_of, is_convex
from lab_simulation.meshes.pieces import MeshPieces
from lab_simulation.meshes.proof import simulated
from lab_simulation.meshes.reading import MeshFile, MeshRefused, read_solid
from lab_simulation.scenes.solids import FlatSolid, Solid

MEMORY = 6 << 30
"""Bytes of address space, of which libraries that are only loaded take 2 GiB."""
END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl."""
READING_SECONDS = 30
"""Of processor time."""


def pieces_of(
    file: MeshFile, hulls: Mapping[int, str], begins: Callable[[int, int], None] = lambda number, of: None
) -> MeshPieces:
    """Read a file and cut it, body by body.

    hulls: bodies of which the hull is to be taken, counted from 1, and why. begins: called with the number of
    each body, and of how many.
    """
    try:
        seen = read_solid(file)
        outside = hull_of(seen)
        if is_convex(seen, outside):
            return _proven(MeshPieces(None, (outside,)))
        bodies = bodies_of(seen)
        remarks, felt = [], list[Solid]()
        room = max(1, MOST_PIECES // len(bodies))
        if len(bodies) > MOST_PIECES:
            why = f"it has {len(bodies)} separate bodies, more than {MOST_PIECES}"
            return _proven(MeshPieces(seen, (outside,), _remark("it", why)))
        for number, body in enumerate(bodies, start=1):
            begins(number, len(bodies))
            around = hull_of(body)
            if number in hulls and not is_convex(body, around):
                name = "it" if len(bodies) == 1 else f"body {number} of {len(bodies)}"
                remarks.append(_remark(name, hulls[number]))
            found = [around] if number in hulls or is_convex(body, around) else cut(body, room)
            felt += found or [around]
        return _proven(MeshPieces(seen, tuple(felt), "; ".join(remarks)))
    except MeshRefused as refusal:
        return MeshPieces(refused=str(refusal))
    except FlatSolid:
        return MeshPieces(refused="encloses no volume; give it a thickness")
    except MemoryError:
        return MeshPieces(refused=f"takes more than {MEMORY >> 30} GiB of memory; simplify the mesh")


def _remark(name: str, reason: str) -> str:
    return f"{name} is felt as its convex hull: {reason}"


def _proven(mesh: MeshPieces) -> MeshPieces:
    """The same as far as the simulator takes it."""
    felt = tuple(solid for solid in mesh.felt if simulated(solid))
    seen = mesh.seen if mesh.seen is None or simulated(mesh.seen) else None
    if not felt:
        raise MeshRefused("the simulator cannot make a body of it; simplify the mesh")
    return MeshPieces(seen, felt, mesh.remark)


def _limit_processor_time(seconds: int) -> None:
    """From now on; the system ends the process that goes beyond."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + seconds)


def _limit(what: int, most: int) -> None:
    """Unless the system's limit is lower."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _serve(connection: Connection) -> None:
    while True:
        try:
            about, content = json.loads(connection.recv_bytes()), connection.recv_bytes()
        except (EOFError, OSError):
            return
        _limit_processor_time(READING_SECONDS)
        file = MeshFile(about["suffix"], content, about["widest"])
        seconds = int(about["body_seconds"])

        def begins(number: int, of: int, seconds: int = seconds) -> None:
            connection.send_bytes(json.dumps({"body": number, "of": of}).encode())
            _limit_processor_time(seconds)

        hulls = {int(number): str(why) for number, why in about["hulls"].items()}
        connection.send_bytes(pieces_of(file, hulls, begins).to_bytes())


def main() -> None:
    """Answer requests until the other side is gone."""
    # as long as it works on a body it does not read, and so does not see that nobody waits any more
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
    connection = Connection(int(sys.argv[1]))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # what libraries print would end up in the user's terminal
        os.dup2(nothing, descriptor)
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _serve(connection)


if __name__ == "__main__":
    main()
