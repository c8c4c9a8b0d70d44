"""Where a held part can be put down: free places of a tray, drop points of a bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox, make_transform, rotation_about
from lab_description import Destination
from lab_motion.errors import DestinationFull, InvalidGoal

# Turns about the vertical that are tried, so that a hand that picked from any side can put down.
_TURNS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place of a destination, and the poses (4, 4) of the tool that put the held part there."""

    slot: int
    poses: tuple[FloatArray, ...]


class Destinations:
    """Remembers which places are taken."""

    def __init__(self, destinations: Mapping[str, Destination]) -> None:
        self._destinations = destinations
        self._taken: dict[str, set[int]] = {name: set() for name in destinations}

    @property
    def taken(self) -> dict[str, list[int]]:
        """The places that are taken, by destination."""
        return {name: sorted(slots) for name, slots in self._taken.items()}

    def get(self, name: str) -> Destination:
        """The destination of a name.

        Raises InvalidGoal that lists the names that exist.
        """
        if name not in self._destinations:
            raise InvalidGoal(f"no destination '{name}': the cell has {', '.join(self._destinations)}")
        return self._destinations[name]

    def take(self, name: str, slot: int) -> None:
        """A part was put there. The places of a bin are never full: parts heap up."""
        if self._destinations[name].kind == "tray":
            self._taken[name].add(slot)
        else:
            # the next part goes to the next point, so that they do not all land on one heap
            count = len(self._destinations[name].slots())
            self._taken[name] = {*self._taken[name], slot} if len(self._taken[name]) < count - 1 else set()

    def places(
        self,
        name: str,
        base_from_tcp: FloatArray,
        held: OrientedBox,
        put_height: float,
        drop_height: float,
        allowed: Sequence[int] = (),
    ) -> list[Place]:
        """Free places for a part, held as `held` in the tcp frame, in their order.

        base_from_tcp: (4, 4) how the hand is oriented now; it is turned about the vertical only, so that the
        part stands as it stood. Its box's centre comes above the centre of the place, its lowest point
        put_height above the floor of a tray or drop_height above the rim of a bin, metres. allowed: places
        that may be used, counted from 1, in the order in which they are to be filled; empty: all.

        Raises DestinationFull, InvalidGoal for a place that is none.
        """
        destination = self.get(name)
        slots = destination.slots()
        if not all(1 <= number <= len(slots) for number in allowed):
            raise InvalidGoal(
                f"'{name}' has the places 1 to {len(slots)}, not {', '.join(map(str, allowed[:6]))}"
            )
        wanted = [number - 1 for number in dict.fromkeys(allowed)] or list(range(len(slots)))
        free = [slot for slot in wanted if slot not in self._taken[name]]
        if not free and allowed:
            raise DestinationFull(
                f"the places {', '.join(map(str, allowed[:6]))} of '{name}' are taken:"
                " empty them and activate motion anew"
            )
        if not free:
            raise DestinationFull(
                f"all {len(slots)} places of '{name}' are taken: empty it and activate motion anew"
            )
        room = destination.slot_size if destination.kind == "tray" else np.array(destination.size)
        oriented = [_turned(base_from_tcp, turn) for turn in np.arange(_TURNS) * (2.0 * np.pi / _TURNS)]
        corners = [OrientedBox(pose @ held.frame_from_box, held.size).corners() for pose in oriented]
        yaw = np.arctan2(slots[0][1, 0], slots[0][0, 0])
        in_slot = rotation_about([0.0, 0.0, 1.0], -yaw)
        extents = [np.ptp(points @ in_slot.T, axis=0)[:2] for points in corners]
        fitting = [i for i, extent in enumerate(extents) if np.all(extent <= room)]
        if not fitting:
            smallest = min(extents, key=lambda extent: float(extent.max()))
            raise DestinationFull(
                f"the part of {1e3 * smallest[0]:.0f} x {1e3 * smallest[1]:.0f} mm does not fit into a"
                f" place of '{name}', {1e3 * room[0]:.0f} x {1e3 * room[1]:.0f} mm"
            )
        if destination.kind == "tray":
            lowest = destination.base_from_floor[2, 3] + put_height
        else:
            lowest = destination.rim_height + drop_height
        places = []
        for slot in free:
            poses = []
            for i in fitting:
                centre = 0.5 * (corners[i].min(axis=0) + corners[i].max(axis=0))
                shift = slots[slot][:3, 3] - centre
                shift[2] = lowest - corners[i][:, 2].min()
                pose = oriented[i].copy()
                pose[:3, 3] += shift
                poses.append(pose)
            places.append(Place(slot, tuple(poses)))
        return places


def _turned(pose: FloatArray, angle: float) -> FloatArray:
    """The pose, turned about the vertical through its own origin."""
    turn = make_transform(rotation_about([0.0, 0.0, 1.0], angle), np.zeros(3))
    turned: FloatArray = turn @ pose
    turned[:3, 3] = pose[:3, 3]
    return turned
