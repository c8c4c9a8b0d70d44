"""Fewer triangles for the same surface."""

from __future__ import annotations

import numpy as np

from lab_simulation.scenes.solids import Solid

MOST_CHANGE = 0.02
"""Share of the volume that a mesh with fewer triangles may differ by."""
AGGRESSIVENESS = 3
"""Of the library, 0 to 10: with its default of 7 a fine ring comes back with flaps, and thinner by 3 %."""


def decimated(solid: Solid, most_faces: int) -> Solid:
    """At most so many triangles, or the solid itself where that would tear or bend it.

    By quadric error metrics (M. Garland, P. Heckbert, 1997), if the library is installed.
    """
    if len(solid.faces) <= most_faces:
        return solid
    try:
        import fast_simplification
    except ImportError:  # a ROS installation without it: cutting takes longer, and has its limit
        return solid
    vertices, faces = fast_simplification.simplify(
        solid.vertices, solid.faces.astype(np.int64), target_count=most_faces, agg=AGGRESSIVENESS
    )
    fewer = Solid(np.asarray(vertices, dtype=np.float64), np.asarray(faces, dtype=np.int32))
    return fewer if _as_good(solid, fewer) else solid


def _as_good(solid: Solid, fewer: Solid) -> bool:
    closed = is_closed(fewer)
    return closed and abs(fewer.volume() - solid.volume()) < MOST_CHANGE * abs(solid.volume())


def is_closed(solid: Solid) -> bool:
    """Whether each edge joins two triangles that run through it in opposite directions."""
    faces = solid.faces.astype(np.int64)
    edges = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    count = int(edges.max(initial=0)) + 1
    there, back = edges[:, 0] * count + edges[:, 1], edges[:, 1] * count + edges[:, 0]
    return (
        len(faces) > 0
        and len(np.unique(there)) == len(there)
        and np.array_equal(np.sort(there), np.sort(back))
    )
