"""Which parts of a scene a query means: found, ambiguous, absent or blocked, each with its reasons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from lab_core.geometry import OrientedBox
from lab_core.scene import DepthView, Part, Scene
from lab_language.grounding import answers
from lab_language.grounding.attributes import value_scores
from lab_language.grounding.port import Candidate, Grounder, Image, Sight
from lab_language.grounding.relations import Viewpoint, lies_on, top_of
from lab_language.grounding.worlds import WORLDS, Held, Measured, Worlds
from lab_language.query import Query, Side

SURE = 0.8
"""A part is taken when it is so likely the one that is meant: a wrong part is worse than a question."""
LIKELY = 0.5
"""'All' are those that fit with this probability, and there is none when that is as likely."""
DOUBT = 0.2
"""A part that is meant with this probability is named in a question."""
FITS = 0.35
"""Words that fit a part less are named as what it misses."""
RESTS = 0.5
"""One part lies on another when the score says at least this."""


class Verdict(Enum):
    """How grounding ended."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    ABSENT = "absent"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate, how likely it is meant, and the words that fit it least; empty where all fit."""

    id: str
    score: float
    misses: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Grounding:
    """What a query means in a scene.

    parts: what is meant, the best first; with AMBIGUOUS those among which the words do not decide; with
    ABSENT those that were found of more that were asked for; with BLOCKED those that something lies on.
    blocking: what lies on them, the topmost first. candidates: all parts of the scene, the best first.
    message: one sentence, with AMBIGUOUS the question that would decide; empty when found.
    """

    verdict: Verdict
    parts: tuple[Part, ...]
    candidates: tuple[Scored, ...]
    message: str = ""
    blocking: tuple[Part, ...] = ()


def ground(
    query: Query,
    scene: Scene,
    side: Side = "operator",
    grounder: Grounder | None = None,
    image: Image | None = None,
    unavailable: Collection[str] = (),
    measured: Measured = value_scores,
) -> Grounding:
    """The parts of a scene that a query means. side: from which left, right, front and back are said.

    grounder: says how well words fit a part; measured attributes have a veto over it. image: (H, W, 3) RGB,
    the one that the scene was made of. unavailable: ids of parts that are not to be chosen where several
    would do. measured: says what was measured; a benchmark has the truth instead.

    Raises UnknownKind when the query names what nothing can see here.
    """
    evaluation = _Evaluation(scene, Viewpoint.of(side), grounder, image, measured)
    return evaluation.ground(query, unavailable)


class _Evaluation:
    """One scene and what is asked about it."""

    def __init__(
        self,
        scene: Scene,
        viewpoint: Viewpoint,
        grounder: Grounder | None,
        image: Image | None,
        measured: Measured,
    ) -> None:
        parts = scene.objects
        self._given = list(parts)
        self._parts = [by_itself(part, parts) for part in parts]
        self._viewpoint = viewpoint
        covered = [any(o is not part and lies_on(o, part) >= RESTS for o in parts) for part in parts]
        eye = None if scene.view is None else scene.view.base_from_camera
        candidates = [
            Candidate(part, _sight(part, scene.view, image), under, eye)
            for part, under in zip(self._parts, covered, strict=True)
        ]
        self._worlds = Worlds(candidates, viewpoint, grounder, measured)

    def ground(self, query: Query, unavailable: Collection[str]) -> Grounding:
        """See the function."""
        terms = self._worlds.terms(query)
        available = np.array([part.id not in unavailable for part in self._parts], bool)
        the = query.quantity.number == "the"
        held = self._worlds.holds(
            query, None if the else np.broadcast_to(available, (WORLDS, len(available)))
        )
        meant = held.mean(axis=0)
        ranked = [int(i) for i in np.argsort(-meant, kind="stable")]
        listed = tuple(self._scored(i, float(meant[i]), terms) for i in ranked)
        none = float((~held.any(axis=1)).mean())
        if none >= LIKELY:
            if not available.all() and not the and self._worlds.holds(query).any(axis=1).mean() >= LIKELY:
                return Grounding(Verdict.ABSENT, (), listed, answers.no_more(query))
            return Grounding(Verdict.ABSENT, (), listed, answers.absent(query, listed[0] if listed else None))
        if the:
            return self._the(query, held, ranked, listed)
        doubtful = [i for i in ranked if DOUBT <= meant[i] < SURE]
        if query.quantity.number == "all":
            chosen = [i for i in ranked if meant[i] >= LIKELY]
            if not chosen:
                return self._ambiguous(query, doubtful, listed)
            return self._unless_blocked(query, chosen, len(chosen), listed)
        count = query.quantity.count
        chosen = [i for i in ranked if meant[i] >= SURE]
        if doubtful and (not chosen or (query.superlatives and len(chosen) < count)):
            return self._ambiguous(query, [*chosen, *doubtful], listed)
        return self._unless_blocked(query, chosen, count, listed)

    def _the(self, query: Query, held: Held, ranked: Sequence[int], listed: tuple[Scored, ...]) -> Grounding:
        """The one part that is meant, or a question."""
        alone = (held & (held.sum(axis=1) == 1)[:, None]).mean(axis=0)
        best = int(np.argmax(alone))
        if alone[best] >= SURE:
            return self._unless_blocked(query, [best], 1, listed)
        meant = held.mean(axis=0)
        rivals = [i for i in ranked if meant[i] >= DOUBT] or list(ranked[:1])
        return self._ambiguous(query, rivals, listed)

    def _ambiguous(self, query: Query, rivals: list[int], listed: tuple[Scored, ...]) -> Grounding:
        parts = tuple(self._given[i] for i in rivals)
        return Grounding(Verdict.AMBIGUOUS, parts, listed, answers.ambiguous(query, parts, self._viewpoint))

    def _unless_blocked(
        self, query: Query, chosen: list[int], count: int, listed: tuple[Scored, ...]
    ) -> Grounding:
        """The first `count` of the chosen parts that nothing lies on."""
        over = {i: self._on_top(i) for i in chosen}
        free = [i for i in chosen if not over[i]][:count]
        several = query.quantity.number != "the"
        if len(free) < min(count, len(chosen)) and not (several and free):
            covered = [i for i in chosen if over[i]]
            blocking = tuple(self._given[j] for j in dict.fromkeys(j for i in covered for j in over[i]))
            parts = tuple(self._given[i] for i in covered)
            return Grounding(Verdict.BLOCKED, parts, listed, answers.blocked(parts, blocking), blocking)
        parts = tuple(self._given[i] for i in free)
        if len(chosen) < count:
            message = answers.too_few(query, len(chosen))
            return Grounding(Verdict.ABSENT, parts, listed, message)
        return Grounding(Verdict.FOUND, parts, listed)

    def _on_top(self, index: int) -> list[int]:
        """The parts that lie on one, and on those, the topmost first."""
        found: list[int] = []
        waiting = [index]
        while waiting:
            lower = waiting.pop()
            for i, part in enumerate(self._parts):
                if i not in (index, *found) and lies_on(part, self._parts[lower]) >= RESTS:
                    found.append(i)
                    waiting.append(i)
        return found[::-1]

    def _scored(self, index: int, score: float, terms: Sequence[tuple[str, Held]]) -> Scored:
        fits = {words: float(held[:, index].mean()) for words, held in terms}
        least = min(fits, key=lambda words: fits[words], default="")
        return Scored(self._parts[index].id, score, least if least and fits[least] < FITS else "")


def by_itself(part: Part, parts: Sequence[Part]) -> Part:
    """The part with a box of its own height where it lies on another: boxes of a scene reach down to the
    support.
    """
    below = [other for other in parts if other is not part and lies_on(part, other) >= RESTS]
    if not below:
        return part
    top = float(part.box.centre[2] + 0.5 * part.box.size[2])
    height = min(top - max(top_of(other) for other in below), top)
    if height < 0.005:
        return part
    pose, size = part.box.frame_from_box.copy(), part.box.size.copy()
    pose[2, 3], size[2] = top - 0.5 * height, height
    return replace(part, box=OrientedBox(pose, size))


def _sight(part: Part, view: DepthView | None, image: Image | None) -> Sight | None:
    """The part in the image of its scene."""
    if view is None or image is None or not len(part.outline):
        return None
    camera = view.camera.scaled(image.shape[1] / view.camera.width)
    return Sight(image, part.outline * [camera.fx, camera.fy] + [camera.cx, camera.cy])
