"""A solid as the separate bodies that its file holds, and each body as convex pieces for contact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lab_simulation.meshes.decimation import decimated
from lab_simulation.scenes.solids import FlatSolid, Solid, hull

MOST_PIECES = 24
FELT_FACES = 2000
"""What a body is cut from: a wavy ring of 20,000 triangles takes 18 s of processor time, of 2,000 5 s."""
CONVEX = 0.02
"""Share of the hull's volume that a body may lack and still be taken for convex."""
CONCAVITY = 0.04
"""Where the decomposition stops; 0.05 leaves the bore of a nut half closed."""
NEGLIGIBLE = 1e-3
"""Share of the volume: smaller bodies, such as crumbs of a scan, are seen but not felt."""


def bodies_of(solid: Solid) -> list[Solid]:
    """Closed surfaces that share no vertex, each with an inside, largest first; cavities are no bodies."""
    count = len(solid.vertices)
    links = np.vstack([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]]])
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    of_face = labels[solid.faces[:, 0]]
    surfaces = [_part_of(solid, of_face == label) for label in np.unique(of_face)]
    bodies = [surface for surface in surfaces if surface.volume() > 0.0]
    for surface in surfaces:
        if surface.volume() < 0.0 and not any(_inside(surface, body) for body in bodies):
            bodies.append(Solid(surface.vertices, np.ascontiguousarray(surface.faces[:, ::-1])))
    bodies.sort(key=lambda body: -body.volume())
    whole = sum(body.volume() for body in bodies)
    return [body for body in bodies if body.volume() > NEGLIGIBLE * whole]


def is_convex(solid: Solid, outside: Solid) -> bool:
    """Whether a solid fills its hull; outside: that hull."""
    return solid.volume() > (1.0 - CONVEX) * outside.volume()


def hull_of(solid: Solid) -> Solid:
    """Convex hull, of a mesh with fewer triangles where it has many.

    Raises FlatSolid when the solid is flat.
    """
    return hull(decimated(solid, FELT_FACES).vertices)


def cut(body: Solid, most: int) -> Sequence[Solid]:
    """Approximate convex decomposition (CoACD; X. Wei, M. Liu, Z. Ling, H. Su, 2022) of one body.

    most: pieces at most. Some meshes end the process in here, and some take minutes: see `worker`.
    """
    import coacd

    body = decimated(body, FELT_FACES)
    coacd.set_log_level("off")
    pieces = coacd.run_coacd(
        coacd.Mesh(body.vertices, body.faces),
        threshold=CONCAVITY,
        max_convex_hull=most,
        preprocess_mode="off",
        resolution=1000,
        mcts_nodes=10,
        mcts_iterations=60,
        mcts_max_depth=2,
        max_ch_vertex=64,
        seed=0,
    )
    found = []
    for vertices, _ in pieces:
        try:
            found.append(hull(np.asarray(vertices, dtype=np.float64)))
        except FlatSolid:  # a sliver without a volume
            continue
    return found


def _part_of(solid: Solid, chosen: np.ndarray) -> Solid:
    used, faces = np.unique(solid.faces[chosen], return_inverse=True)
    return Solid(solid.vertices[used], faces.reshape(-1, 3).astype(np.int32))


def _inside(surface: Solid, body: Solid) -> bool:
    """By their boxes, which is enough for what a file holds: a cavity lies within its body."""
    return bool(
        (surface.vertices.min(axis=0) >= body.vertices.min(axis=0)).all()
        and (surface.vertices.max(axis=0) <= body.vertices.max(axis=0)).all()
    )
