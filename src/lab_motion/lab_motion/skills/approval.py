"""Nothing moves before a person has approved exactly this plan in exactly this scene.

A proposal is known by its digest: SHA-256 over the trajectories, what is done with them, the scene that they
were planned in, and a random number of its own. So an answer fits one proposal, and no earlier or later one,
even if it plans the same. What is approved is what is carried out: `Manipulator.follow` takes nothing else.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part
from lab_motion.errors import PlanningError
from lab_motion.planning.port import PlanningScene, Trajectory
from lab_motion.skills.hardware import Cancelled

_NONCE_BYTES = 16


class Declined(PlanningError):
    """A person has looked at the plan and does not want it."""

    code = OutcomeCode.CANCELLED


class NobodyApproved(PlanningError):
    """Nobody has answered in time."""

    code = OutcomeCode.UNAVAILABLE


class NotApproved(PlanningError):
    """A motion was to begin that nobody was asked about: a defect of the skill."""

    code = OutcomeCode.INTERNAL_ERROR


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is proposed. action: pick, place, move or lift. parts: the trajectories in their order, by stage.

    base_from_tcp: (4, 4) at their end. scene: that they were planned in.
    """

    action: str
    parts: Mapping[str, Trajectory]
    scene: PlanningScene
    base_from_tcp: FloatArray
    object_id: str = ""
    destination: str = ""

    def digest(self, nonce: bytes) -> str:
        """SHA-256 in hex of all of it and a number that no other proposal has."""
        hashed = hashlib.sha256(nonce)
        words = [self.action, self.object_id, self.destination]
        for name, part in self.parts.items():
            words += [name, *part.names]
        hashed.update(json.dumps(words).encode())
        for part in self.parts.values():
            for array in (part.time, part.positions, part.velocities, part.accelerations):
                _add(hashed, array)
        _add(hashed, self.base_from_tcp)
        held = () if self.scene.held is None else (self.scene.held,)
        for body in (*self.scene.objects, *held):
            _add_part(hashed, body)
        _add(hashed, np.array([len(self.scene.objects), self.scene.opening]))
        return hashed.hexdigest()


class Approval(Protocol):
    """Asks a person."""

    def require(self, plan: Plan, cancelled: Cancelled) -> None:
        """Return when exactly this plan is approved.

        Raises Declined, NobodyApproved, StaleInputError when the scene has changed meanwhile, or
        PlanningCancelled.
        """


class State(Enum):
    """Of a proposal."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class Proposed:
    """A plan and what became of it. until: seconds of a clock that never stands."""

    plan: Plan
    digest: str
    until: float
    state: State = State.WAITING
    person: str = ""
    answered: threading.Event = field(default_factory=threading.Event)


class Proposals:
    """One at a time; each takes one answer while it waits. From any thread."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds for which an answer is taken."""
        self._timeout = timeout
        self._lock = threading.Lock()
        self._open: Proposed | None = None

    def open(self, plan: Plan, now: float) -> Proposed:
        """Propose a plan; what waited before does so no more."""
        with self._lock:
            digest = plan.digest(secrets.token_bytes(_NONCE_BYTES))
            self._open = Proposed(plan, digest, now + self._timeout)
            return self._open

    def close(self, proposed: Proposed, state: State) -> None:
        """Take no answer any more, if none was taken."""
        with self._lock:
            if proposed.state is State.WAITING:
                proposed.state = state
            if self._open is proposed:
                self._open = None

    def answer(self, digest: str, approved: bool, person: str, now: float) -> str:
        """Take an answer; the sentence why it is not taken, empty when it is."""
        with self._lock:
            proposed = self._open
            if proposed is None:
                return "no plan waits for an answer"
            if not secrets.compare_digest(digest.encode(), proposed.digest.encode()):
                return "this plan does not wait: another one does, look at it"
            if proposed.state is not State.WAITING:
                return f"this plan is {proposed.state.value} already, each is answered once"
            if now > proposed.until:
                return "the time for an answer is over: the cell will propose again"
            if not person.strip():
                return "nobody is named who answers: give a name"
            proposed.state = State.APPROVED if approved else State.DECLINED
            proposed.person = person
            proposed.answered.set()
            return ""


def _add_part(hashed: hashlib._Hash, part: Part) -> None:
    hashed.update(json.dumps(part.id).encode())
    _add(hashed, part.box.frame_from_box)
    _add(hashed, part.box.size)


def _add(hashed: hashlib._Hash, array: FloatArray) -> None:
    exact = np.ascontiguousarray(array, dtype="<f8")
    hashed.update(json.dumps(exact.shape).encode())
    hashed.update(exact.tobytes())
