"""The books of a task: what was seen, tried, placed, left and why. No part is ever lost from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from lab_node.codes import OutcomeCode
from lab_node.errors import LabError

from lab_geometry import FloatArray, rotation_angle
from lab_tasks.policy import Policy, Reaction

# a part seen again this close to where it was is taken for the same, metres
SAME_PLACE = 0.02
# grasps closer to a failed one than this are not tried again, metres and radians
SAME_GRASP_DISTANCE, SAME_GRASP_ANGLE = 0.008, np.deg2rad(15)


@dataclass(frozen=True, slots=True)
class SeenObject:
    """A part in a view: centre and size of its box, (3,) metres in base_link, and the name of its colour."""

    id: str
    centre: FloatArray
    size: FloatArray
    colour: str = ""

    @property
    def top(self) -> float:
        """Height of its top, metres."""
        return float(self.centre[2] + 0.5 * self.size[2])


@dataclass(frozen=True, slots=True)
class View:
    """What one look found; stamp in nanoseconds of the cell's clock."""

    stamp: int
    objects: tuple[SeenObject, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed."""

    code: OutcomeCode
    stage: str
    message: str

    @classmethod
    def of(cls, error: LabError) -> Failure:
        """The failure that an exception tells of."""
        return cls(OutcomeCode(error.code), error.stage, str(error))


@dataclass
class Record:
    """What is known of one part. piece: it was a piece of another part, and went with it."""

    object: SeenObject
    piece: bool = False
    attempts: int = 0
    left: bool = False
    failure: Failure | None = None
    failed_grasps: list[FloatArray] = field(default_factory=list)


class Ledger:
    """Books of one task."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._records: dict[str, Record] = {}
        self.visible: list[Record] = []
        self.placed = 0
        self.attempts = 0
        self._carried: SeenObject | None = None
        # how many were placed before each view, and what it showed
        self._views: list[tuple[int, list[Record]]] = []

    def enter(self, view: View) -> None:
        """Take a new view as the truth about the work area."""
        known = {record.object.id: record for record in self._records.values()}
        seen = {seen_object.id for seen_object in view.objects}
        gone = [record for record in self._records.values() if record.object.id not in seen]
        self.visible = []
        for seen_object in view.objects:
            record = known.get(seen_object.id) or _nearest(gone, seen_object)
            if record is None:
                record = Record(seen_object)
            elif np.linalg.norm(record.object.centre - seen_object.centre) > SAME_PLACE:
                record.failed_grasps.clear()  # it lies in another way now
            if record in gone:
                gone.remove(record)
                del self._records[record.object.id]
            record.object, record.piece = seen_object, False
            self._records[seen_object.id] = record
            self.visible.append(record)
        if self._carried is not None:
            for record in gone:
                record.piece = record.piece or _piece_of(record.object, self._carried)
            self._carried = None
        self._views.append((self.placed, list(self.visible)))

    def next(self) -> Record | None:
        """The part to take next: the least tried, of these the one on top; None when none is left to try."""
        open_records = [record for record in self.visible if not record.left]
        return min(open_records, key=lambda record: (record.attempts, -record.object.top), default=None)

    def failed(self, record: Record, failure: Failure, grasp: FloatArray | None) -> Reaction:
        """Enter a failed attempt; grasp (4, 4) where one was tried."""
        self.attempts += 1
        record.failure = failure
        reaction = self._policy.reaction(failure.code)
        if reaction is Reaction.WAIT:
            return reaction  # not the part's fault, nor the grasp's
        record.attempts += 1
        if grasp is not None:
            record.failed_grasps.append(grasp)
        if reaction is Reaction.LEAVE or record.attempts >= self._policy.attempts_per_object:
            record.left = True
        return reaction

    def moved(self, record: Record) -> None:
        """Enter a part that was put down at a destination.

        The others get their planning failures forgiven: what blocked them may be gone.
        """
        self.attempts += 1
        self.put_down(record)
        for other in self.visible:
            if other.failure is not None and not other.failed_grasps and self._may_retry(other):
                other.attempts, other.left = 0, False

    def put_down(self, record: Record | None) -> None:
        """Enter a part that is at a destination now; without a record it was in the hand from the start."""
        self.placed += 1
        if record is not None:
            self._carried = record.object
            del self._records[record.object.id]
            self.visible.remove(record)

    def untried(self, record: Record, grasps: Iterable[FloatArray]) -> list[int]:
        """Indices of the grasps (4, 4) that are not like one that failed on this part."""
        return [
            index
            for index, grasp in enumerate(grasps)
            if not any(_alike(grasp, failed) for failed in record.failed_grasps)
        ]

    @property
    def presented(self) -> int:
        """The most parts that there were at one time, placed or in view.

        A part that was seen in pieces counts once: those that vanish when it is carried off are pieces of it.
        """
        shown = (
            placed + sum(not record.piece for record in records)
            for placed, records in [*self._views, (self.placed, self.visible)]
        )
        return max(shown)

    @property
    def left(self) -> Sequence[Record]:
        """Parts that lie where they lay."""
        return self.visible

    @property
    def lost(self) -> int:
        """Parts that were seen once and are neither placed nor in view."""
        return self.presented - self.placed - len(self.visible)

    def _may_retry(self, record: Record) -> bool:
        assert record.failure is not None
        return self._policy.reaction(record.failure.code) is Reaction.RETRY


def _piece_of(vanished: SeenObject, carried: SeenObject) -> bool:
    """Whether a part that vanished when another was carried off lay against it and had its colour."""
    apart = float(np.linalg.norm((vanished.centre - carried.centre)[:2]))
    reach = 0.5 * float(vanished.size[:2].max() + carried.size[:2].max())
    return vanished.colour == carried.colour and apart < reach


def _nearest(records: list[Record], seen: SeenObject) -> Record | None:
    """The record of a part that vanished where this one appeared."""
    near = [
        (float(np.linalg.norm(record.object.centre - seen.centre)), index)
        for index, record in enumerate(records)
    ]
    distance, index = min(near, default=(np.inf, -1))
    return records[index] if distance < SAME_PLACE else None


def _alike(grasp: FloatArray, other: FloatArray) -> bool:
    if np.linalg.norm(grasp[:3, 3] - other[:3, 3]) > SAME_GRASP_DISTANCE:
        return False
    turn = grasp[:3, :3].T @ other[:3, :3]
    half_turn = turn * np.array([-1.0, -1.0, 1.0])  # the two fingers of a parallel gripper are alike
    return bool(min(rotation_angle(turn), rotation_angle(half_turn)) < SAME_GRASP_ANGLE)
