"""The books of a task: what was seen, tried, placed, left and why.

Every part that was seen has a record, and no record is removed. A record says that its part is in view, that
it was placed, that it is lost (it vanished and was not placed), or that another record is of the same part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from lab_core.errors import LabError
from lab_core.geometry import FloatArray, OrientedBox, looks, rotation_angle
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part, Scene
from lab_tasks.orders.order import AS_THE_CELL, Handling
from lab_tasks.policy import Policy, Reaction

# a part seen again this close to where it was is taken for the same, metres
SAME_PLACE = 0.02
# a part that appears is taken for one that vanished when neither's size, the cube root of its box, is so many
# times the other's; as in perception
SAME_SIZE = 1.8
# two sights of a part are no further apart than this, see lab_core.geometry.looks. Names would not do: what
# lies between two of them has one from this side and the other from that
SAME_COLOUR = 0.12
# two boxes that stand this far in each other and end at the same height are of one body, metres: print may
# divide a part in sights of different colours
SAME_BODY, SAME_TOP = 0.003, 0.004
# grasps closer to a failed one than this are not tried again, metres and radians
SAME_GRASP_DISTANCE, SAME_GRASP_ANGLE = 0.008, np.deg2rad(15)


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


_IN_HAND = Part("in the hand from the start", OrientedBox(np.eye(4), np.zeros(3)))


class Fate(Enum):
    """What became of a record. A part that was out of view comes back when it is seen again."""

    IN_VIEW = "in view"
    PLACED = "placed"
    LOST = "lost"
    PIECE = "piece of another part"


@dataclass(eq=False)
class Record:
    """What is known of one part."""

    object: Part
    fate: Fate = Fate.IN_VIEW
    attempts: int = 0
    left: bool = False
    failure: Failure | None = None
    failed_grasps: list[FloatArray] = field(default_factory=list)
    line: int | None = None  # of the order that it was last chosen for
    destinations: tuple[str, ...] = ()  # and where it goes
    handling: Handling = AS_THE_CELL  # and how

    def handled_at(self, destination: str) -> Handling:
        """How it is put down at one of its destinations: places are those of the first one."""
        first = destination in self.destinations[:1]
        return self.handling if first else replace(self.handling, places=())

    def see(self, seen: Part) -> None:
        """Take what it looks like now."""
        if _apart(self.object, seen) > SAME_PLACE:
            self.failed_grasps.clear()  # it lies in another way now
        self.object, self.fate = seen, Fate.IN_VIEW


class Ledger:
    """Books of one task."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.records: list[Record] = []
        self.attempts = 0
        self._carried: Part | None = None
        self._handled: Record | None = None

    def enter(self, scene: Scene) -> None:
        """Take a new scene as the truth about the work area.

        What it shows is a part of the books by its place, else by its identity (which perception gives anew
        after a restart), else (a part that fell or was moved) by colour and size, of the one that the hand
        had last by size alone; else it is new. A part that it does not show is lost until it is seen again,
        unless it was a piece of another.
        """
        departed = [] if self._carried is None else [self._carried]
        handled, self._carried, self._handled = self._handled, None, None
        unseen = [record for record in self.records if record.fate is not Fate.PLACED]
        unknown = list(scene.objects)

        def handled_last(records: Sequence[Record], seen: Part) -> Record | None:
            return _nearest([r for r in records if r is handled and _same_size(r.object, seen)], seen)

        for same in (_same_place_and_identity, _same_place, _same_identity, _same_looks, handled_last):
            for seen in list(unknown):
                record = same(unseen, seen)
                if record is not None:
                    if _apart(record.object, seen) > SAME_PLACE:
                        departed.append(record.object)
                    record.see(seen)
                    unseen.remove(record)
                    unknown.remove(seen)
        self.records.extend(Record(seen) for seen in unknown)
        for record in sorted(unseen, key=lambda record: record.object.extent, reverse=True):
            gone = record.object
            if record.fate is Fate.PIECE:
                continue
            if any(_lay_against(gone, other) for other in departed) or _inside_another(gone, scene):
                record.fate = Fate.PIECE
            else:
                departed.append(gone)
                record.fate = Fate.LOST

    def next(self) -> Record | None:
        """The part of all in view to take next; None when none is left to try."""
        return self.first(self.left)

    def first(self, records: Iterable[Record]) -> Record | None:
        """Of some records the one to take next: the least tried, of these the one on top; None when none is
        left to try.
        """
        open_records = [record for record in records if not record.left]
        return min(open_records, key=lambda record: (record.attempts, -_top(record.object)), default=None)

    def failed(self, record: Record, failure: Failure, grasp: FloatArray | None) -> Reaction:
        """Enter a failed attempt; grasp (4, 4) where one was tried."""
        self.attempts += 1
        record.failure = failure
        self._handled = record if grasp is not None else None
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
        for other in self.left:
            if other.failure is not None and not other.failed_grasps and self._may_retry(other):
                other.attempts, other.left = 0, False

    def put_down(self, record: Record | None) -> None:
        """Enter a part that is at a destination now; without a record it was in the hand from the start."""
        if record is None:
            self.records.append(Record(_IN_HAND, Fate.PLACED))
        else:
            self._carried, record.fate = record.object, Fate.PLACED

    def untried(self, record: Record, grasps: Iterable[FloatArray]) -> list[int]:
        """Indices of the grasps (4, 4) that are not like one that failed on this part."""
        return [
            index
            for index, grasp in enumerate(grasps)
            if not any(_alike(grasp, failed) for failed in record.failed_grasps)
        ]

    @property
    def presented(self) -> int:
        """Parts that there were; one that was seen in pieces counts once."""
        return sum(record.fate is not Fate.PIECE for record in self.records)

    @property
    def placed(self) -> int:
        """Parts that were put down at a destination."""
        return self._count(Fate.PLACED)

    @property
    def left(self) -> Sequence[Record]:
        """Parts in view: they lie where they lay."""
        return [record for record in self.records if record.fate is Fate.IN_VIEW]

    @property
    def lost(self) -> int:
        """Parts that were seen once and are neither placed nor in view."""
        return self._count(Fate.LOST)

    def _count(self, fate: Fate) -> int:
        return sum(record.fate is fate for record in self.records)

    def _may_retry(self, record: Record) -> bool:
        assert record.failure is not None
        return self._policy.reaction(record.failure.code) is Reaction.RETRY


def _same_identity(records: Sequence[Record], seen: Part) -> Record | None:
    return next((record for record in records if record.object.id == seen.id), None)


def _same_place_and_identity(records: Sequence[Record], seen: Part) -> Record | None:
    record = _same_identity(records, seen)
    return record if record is not None and _apart(record.object, seen) < SAME_PLACE else None


def _same_place(records: Sequence[Record], seen: Part) -> Record | None:
    """The record of a part that vanished where this one appeared."""
    return _nearest([r for r in records if _apart(r.object, seen) < SAME_PLACE], seen)


def _same_looks(records: Sequence[Record], seen: Part) -> Record | None:
    """The record of a part that vanished and looked like this one."""
    alike = [
        record
        for record in records
        if record.fate is not Fate.PIECE
        and alike_in_colour(record.object, seen)
        and _same_size(record.object, seen)
    ]
    return _nearest(alike, seen)


def alike_in_colour(one: Part, other: Part) -> bool:
    """Whether they may be two sights of one part."""
    return float(np.linalg.norm(looks(one.color) - looks(other.color))) < SAME_COLOUR


def _top(part: Part) -> float:
    """Height of its top, metres."""
    return float(part.box.centre[2] + 0.5 * part.box.size[2])


def _same_size(one: Part, other: Part) -> bool:
    return 1.0 / SAME_SIZE < one.extent / other.extent < SAME_SIZE


def _nearest(records: Sequence[Record], seen: Part) -> Record | None:
    return min(records, key=lambda record: _apart(record.object, seen), default=None)


def _lay_against(vanished: Part, departed: Part) -> bool:
    """Whether it lay against a part of its colour that is not where it was, or in it: a piece of that."""
    reach = 0.5 * float(vanished.box.size[:2].max() + departed.box.size[:2].max())
    return _near(vanished, departed, reach) or _one_body(vanished, departed)


def _inside_another(vanished: Part, scene: Scene) -> bool:
    """Whether where it lay there is now a part of its colour that is more than it: two pieces were one."""
    return any(
        _near(vanished, seen, 0.5 * float(seen.box.size[:2].max())) or _one_body(vanished, seen)
        for seen in scene.objects
    )


def _near(vanished: Part, other: Part, reach: float) -> bool:
    apart = float(np.linalg.norm((vanished.box.centre - other.box.centre)[:2]))
    return apart < reach and alike_in_colour(vanished, other)


def _one_body(vanished: Part, other: Part) -> bool:
    return abs(_top(vanished) - _top(other)) < SAME_TOP and vanished.box.penetration(other.box) > SAME_BODY


def _apart(one: Part, other: Part) -> float:
    return float(np.linalg.norm(one.box.centre - other.box.centre))


def _alike(grasp: FloatArray, other: FloatArray) -> bool:
    if np.linalg.norm(grasp[:3, 3] - other[:3, 3]) > SAME_GRASP_DISTANCE:
        return False
    turn = grasp[:3, :3].T @ other[:3, :3]
    half_turn = turn * np.array([-1.0, -1.0, 1.0])  # after which fingers, or a cup, take the same hold
    return bool(min(rotation_angle(turn), rotation_angle(half_turn)) < SAME_GRASP_ANGLE)
