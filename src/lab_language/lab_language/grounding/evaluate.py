"""Which parts of a scene a query means: found, ambiguous, absent or blocked, each with its reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox
from lab_core.scene import Part, Scene
from lab_language.grounding import answers
from lab_language.grounding.attributes import AttributeGrounder
from lab_language.grounding.port import Candidate, Crop, Grounder, Phrase
from lab_language.grounding.relations import Viewpoint, gap, lies_on, measure, related, top_of
from lab_language.query import Query, Side

FITS = 0.35
"""A part with less than this is not meant."""
RIVAL = 0.6
"""A part whose score is this share of the best one's may be meant as well."""
OF_ALL = 0.5
"""'All' are those that fit at least so well."""
LARGER, HIGHER, FURTHER = 1.08, 1.12, 0.008
"""Of the largest to the next: ratio of sizes, of heights, and metres."""
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
    """A candidate, how well it fits, and the words that fit it least; empty where all fit."""

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
    crops: Mapping[str, Crop] | None = None,
    unavailable: Collection[str] = (),
) -> Grounding:
    """The parts of a scene that a query means. side: from which left, right, front and back are said.

    grounder: says how well words fit a part; measured attributes have a veto over it. crops: images of parts
    by their id. unavailable: ids of parts that are not to be chosen where several would do.

    Raises UnknownKind when the query names what nothing can see here.
    """
    evaluation = _Evaluation(scene.objects, Viewpoint.of(side), grounder, crops or {})
    return evaluation.ground(query, unavailable)


class _Evaluation:
    """One scene and what is asked about it."""

    def __init__(
        self,
        parts: Sequence[Part],
        viewpoint: Viewpoint,
        grounder: Grounder | None,
        crops: Mapping[str, Crop],
    ) -> None:
        self._given = list(parts)
        self._parts = [_by_itself(part, parts) for part in parts]
        self._viewpoint = viewpoint
        self._measured = AttributeGrounder()
        self._grounder = None if isinstance(grounder, AttributeGrounder) else grounder
        covered = [any(o is not part and lies_on(o, part) >= RESTS for o in parts) for part in parts]
        self._candidates = [
            Candidate(part, crops.get(part.id), under)
            for part, under in zip(self._parts, covered, strict=True)
        ]

    def ground(self, query: Query, unavailable: Collection[str]) -> Grounding:
        """See the function."""
        terms = self._terms(_compared(query))
        scores = self._least(terms)
        ranked = [int(i) for i in np.argsort(-scores, kind="stable")]
        listed = tuple(self._scored(i, float(scores[i]), terms) for i in ranked)
        fitting = [i for i in ranked if scores[i] >= FITS]
        if not fitting:
            nearest = listed[0] if listed else None
            return Grounding(Verdict.ABSENT, (), listed, answers.absent(query, nearest))
        if query.quantity.number != "the":
            fitting = [i for i in fitting if self._parts[i].id not in unavailable]
            if not fitting:
                return Grounding(Verdict.ABSENT, (), listed, answers.no_more(query))
        if query.quantity.number == "all":
            chosen = [i for i in fitting if scores[i] >= OF_ALL] or fitting[:1]
            return self._unless_blocked(query, chosen, len(chosen), listed)
        count = query.quantity.count
        names = [*_comparisons(query), *query.superlatives]
        if names:
            clear = [i for i in fitting if scores[i] >= RIVAL * scores[fitting[0]]]
            chosen, doubt = self._most(names, clear, count)
            if doubt:
                return self._ambiguous(query, doubt, listed)
            return self._unless_blocked(query, chosen, count, listed)
        if query.quantity.number == "any":
            return self._unless_blocked(query, fitting, count, listed)
        rivals = [i for i in fitting if scores[i] >= RIVAL * scores[fitting[0]]]
        if len(rivals) > 1:
            return self._ambiguous(query, rivals, listed)
        return self._unless_blocked(query, rivals, 1, listed)

    def scores(self, query: Query) -> FloatArray:
        """(N,) how well each part fits; superlatives leave the parts that they mean."""
        scores = self._least(self._terms(query))
        if query.superlatives:
            fitting = [i for i in range(len(scores)) if scores[i] >= max(FITS, RIVAL * scores.max())]
            chosen, doubt = self._most(query.superlatives, fitting, query.quantity.count)
            scores = np.where(np.isin(np.arange(len(scores)), chosen or doubt), scores, 0.0)
        return scores

    def _terms(self, query: Query) -> list[tuple[str, FloatArray]]:
        """Scores (N,) of everything that a query says, with its words."""
        terms: list[tuple[str, FloatArray]] = []
        for attribute in query.attributes:
            phrase = Phrase(str(attribute), (attribute,))
            terms.append((str(attribute), self._measured.score(self._candidates, phrase)))
        if self._grounder is not None and query.attributes:
            phrase = Phrase(query.own_words, query.attributes)
            terms.append((phrase.text, self._grounder.score(self._candidates, phrase)))
        for relation in query.relations:
            references = [self.scores(reference) for reference in relation.references]
            if relation.name == "nearest_to":
                group = self._least([*terms, ("", np.ones(len(self._parts)))])
                terms.append((str(relation), self._nearest(group, references[0])))
            else:
                fits = related(relation.name, self._parts, references, self._viewpoint)
                terms.append((str(relation), fits))
        for excluded in query.excluded:
            terms.append((f"not {excluded}", 1.0 - self.scores(excluded)))
        return terms

    def _least(self, terms: Sequence[tuple[str, FloatArray]]) -> FloatArray:
        least: FloatArray = np.min([np.ones(len(self._parts)), *(score for _, score in terms)], axis=0)
        return least

    def _nearest(self, group: FloatArray, reference: FloatArray) -> FloatArray:
        """(N,) of the group, the part nearest to the reference; several where the distance does not tell."""
        scores = np.zeros(len(group))
        clear = max(FITS, RIVAL * float(group.max(initial=0.0)))
        for b in np.flatnonzero(reference >= FITS).tolist():
            gaps = {
                i: gap(self._parts[i], self._parts[b])
                for i in range(len(group))
                if i != b and group[i] >= clear
            }
            least = min(gaps.values(), default=0.0)
            for i, distance in gaps.items():
                if distance < least + FURTHER:
                    scores[i] = max(scores[i], float(reference[b]))
        return scores

    def _most(self, names: Sequence[str], group: list[int], count: int) -> tuple[list[int], list[int]]:
        """The parts of a group that superlatives mean, or those among which they do not decide."""
        for name in names:
            keep = count if name == names[-1] else max(count, len(group) // 2)
            ordered = sorted(group, key=lambda i: -measure(self._parts[i], name, self._viewpoint))
            if len(ordered) > keep and not self._clearly(name, ordered[keep - 1], ordered[keep]):
                last = ordered[keep - 1]
                return [], [i for i in ordered if i == last or not self._clearly(name, last, i)]
            group = ordered[:keep]
        return group, []

    def _clearly(self, name: str, one: int, other: int) -> bool:
        """Whether one part is more so than another by more than measuring errs."""
        a, b = (measure(self._parts[i], name, self._viewpoint) for i in (one, other))
        if name in ("left", "right", "near", "far"):
            return abs(a - b) >= FURTHER
        ratio = max(abs(a), abs(b)) / max(min(abs(a), abs(b)), 1e-6)
        return ratio >= (HIGHER if name in ("tall", "low") else LARGER)

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

    def _scored(self, index: int, score: float, terms: Sequence[tuple[str, FloatArray]]) -> Scored:
        least = min(terms, key=lambda term: float(term[1][index]), default=None)
        misses = least[0] if least is not None and float(least[1][index]) < FITS else ""
        return Scored(self._parts[index].id, score, misses)


def _by_itself(part: Part, parts: Sequence[Part]) -> Part:
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


def _comparisons(query: Query) -> tuple[str, ...]:
    """'The large box' is the larger one of the boxes."""
    if query.quantity.number != "the":
        return ()
    return tuple(a.values[0] for a in query.attributes if a.kind == "size" and not a.negated)


def _compared(query: Query) -> Query:
    """The query without the sizes that are compared among what else fits."""
    if not _comparisons(query):
        return query
    kept = tuple(a for a in query.attributes if a.kind != "size" or a.negated)
    return replace(query, attributes=kept)
