"""Sentences about what words mean in a scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lab_core.scene import Part
from lab_language.grounding.relations import Viewpoint
from lab_language.query import Query

if TYPE_CHECKING:
    from lab_language.grounding.evaluate import Scored

NAMED = 6
"""Parts that a sentence names."""
CLEARLY_LARGER = 1.15


def absent(query: Query, nearest: Scored | None) -> str:
    """Nothing fits."""
    if nearest is None:
        return f"no part fits '{query}': nothing lies in the work area"
    return f"no part fits '{query}': the nearest is {nearest.id}, which is not '{nearest.misses}'"


def no_more(query: Query) -> str:
    """What fits was tried already."""
    return f"no other part fits '{query}'"


def too_few(query: Query, found: int) -> str:
    """Fewer fit than were asked for."""
    return f"{found} of the {query.quantity.count} parts that were asked for fit '{query}'"


def ambiguous(query: Query, parts: Sequence[Part], viewpoint: Viewpoint) -> str:
    """The candidates, and the question that would decide."""
    names = _named([part.id for part in parts])
    return f"{len(parts)} parts fit '{query}': {names}; which one: {question(parts, viewpoint)}?"


def blocked(parts: Sequence[Part], blocking: Sequence[Part]) -> str:
    """What lies on what."""
    above, below = ([part.id for part in several] for several in (blocking, parts))
    lie = "lies" if len(above) == 1 else "lie"
    return f"{_named(above)} {lie} on {_named(below)}: take that away first, or allow it in the order"


def question(parts: Sequence[Part], viewpoint: Viewpoint) -> str:
    """What tells the parts apart best, as alternatives."""
    if len(colours := sorted({part.color_name for part in parts})) == len(parts):
        return "the " + " or the ".join(colours) + " one"
    if len(parts) == 2:
        small, large = sorted(part.extent for part in parts)
        if large > CLEARLY_LARGER * small:
            return "the larger or the smaller one"
    centres = np.array([part.box.centre for part in parts])
    spreads = {
        "the leftmost or the rightmost one": float(np.ptp(centres @ viewpoint.left)),
        "the one in front or the one at the back": float(np.ptp(centres @ viewpoint.front)),
    }
    place = max(spreads, key=lambda each: spreads[each])
    return f"{place}, seen from the {viewpoint.side}'s side"


def _named(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:NAMED])
    return shown if len(ids) <= NAMED else f"{shown} and {len(ids) - NAMED} more"
