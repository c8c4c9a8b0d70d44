"""The same part keeps the same identity from frame to frame.

Source of the assignment: H. W. Kuhn, "The Hungarian method for the assignment problem", 1955.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab_core.geometry import FloatArray, looks
from lab_core.scene import Part
from lab_perception.assignment import assign

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """What a part may change by between two sights of it and still be the same part.

    max_shift: of its centre, metres. max_size_ratio: of the volume's cube root. max_color_distance: in Oklab.
    memory: how long a part that should be in view may stay unseen, seconds of the images' clock; the time
    that the robot stands in front of it does not count.
    """

    max_shift: float = 0.05
    max_size_ratio: float = 1.8
    max_color_distance: float = 0.15
    memory: float = 3.0


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    centre: FloatArray
    extent: float
    color: FloatArray
    seen: int


class Tracker:
    """Gives identities. They are never used again, also not after a reset of the scene."""

    def __init__(self, settings: TrackingSettings | None = None) -> None:
        self._settings = settings or TrackingSettings()
        self._tracks: list[_Track] = []
        self._next = 1

    def update(
        self,
        objects: Sequence[Part],
        stamp: int,
        hidden: Callable[[FloatArray], bool] = lambda point: False,
    ) -> list[str]:
        """Identity of each object, in their order.

        stamp: of the image, nanoseconds. hidden: whether the robot hides a point (3,) of the base frame.
        New parts are numbered in the given order. Time that runs backwards (a simulation that starts again)
        forgets the parts but not the numbers.
        """
        if any(stamp < track.seen for track in self._tracks):
            self._tracks = []
        sights = [_sight(item, stamp) for item in objects]
        number_of: dict[int, int] = {}
        kept = dict(enumerate(self._tracks))
        if self._tracks and sights:
            cost = self._costs(sights)
            for i, j in assign(cost):
                if cost[i, j] < 1.0:
                    number_of[j] = self._tracks[i].number
                    del kept[i]
        tracks = []
        for j, sight in enumerate(sights):
            if j not in number_of:
                number_of[j] = self._next
                self._next += 1
            tracks.append(replace(sight, number=number_of[j]))
        limit = stamp - round(self._settings.memory * SECOND)
        unseen = [replace(t, seen=stamp) if hidden(t.centre) else t for t in kept.values()]
        self._tracks = tracks + [track for track in unseen if track.seen >= limit]
        return [f"object_{number_of[j]}" for j in range(len(sights))]

    def _costs(self, sights: Sequence[_Track]) -> FloatArray:
        """(tracks, sights) 0 for alike to 1; more than that where they cannot be the same part."""
        old, new = self._tracks, sights
        shift = np.linalg.norm(
            np.array([t.centre for t in old])[:, None, :2] - np.array([t.centre for t in new])[None, :, :2],
            axis=-1,
        )
        growth = np.abs(
            np.log(np.array([t.extent for t in old])[:, None] / np.array([t.extent for t in new])[None])
        )
        paint = np.linalg.norm(
            np.array([t.color for t in old])[:, None] - np.array([t.color for t in new])[None], axis=-1
        )
        shares = np.stack(
            [
                shift / self._settings.max_shift,
                growth / np.log(self._settings.max_size_ratio),
                paint / self._settings.max_color_distance,
            ]
        )
        costs: FloatArray = np.where((shares > 1.0).any(0), 1e3, shares.mean(0))
        return costs


def _sight(item: Part, stamp: int) -> _Track:
    color = looks(item.color)
    return _Track(0, item.box.centre.copy(), item.extent, color, stamp)
