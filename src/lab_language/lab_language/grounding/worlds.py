"""What a query means where nothing is quite certain: it is asked in many worlds that may be the true one.

In each world every word either holds of a part or does not, drawn by how well it fits; sizes and places are
drawn within their errors. In one world an answer is clear; the share of the worlds that agree on it is how
likely it is. Words that exclude each other are drawn together: what is red in a world is not blue there.

The same scene and query give the same worlds: they lie evenly (Latin hypercube; M. D. McKay et al., 1979) and
come from one seed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from itertools import permutations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_language.errors import UnknownKind
from lab_language.grounding.attributes import EXCLUSIVE, AttributeGrounder, value_scores
from lab_language.grounding.port import Candidate, Grounder, Phrase
from lab_language.grounding.relations import Viewpoint, between, gap, measure, pairwise, straighter
from lab_language.query import Attribute, Query, Relation

Held = npt.NDArray[np.bool_]
"""(WORLDS, N): whether something is true of each part in each world."""
Measured = Callable[[Sequence[Candidate], str, str], FloatArray]
"""How likely a word is said of each part, by what was measured: see `attributes.value_scores`."""

WORLDS = 400
PLACE_ERROR, GAP_ERROR = 0.004, 0.006
"""Metres, standard deviation: of where a part lies, and of the distance of two."""
SIZE_ERROR, HEIGHT_ERROR = 0.035, 0.05
"""Of the logarithm of a size and of a height."""


_EVENLY = (np.arange(WORLDS) + 0.5) / WORLDS
_DEVIATIONS = np.array([NormalDist().inv_cdf(share) for share in _EVENLY])


class Worlds:
    """The worlds of one scene."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        viewpoint: Viewpoint,
        grounder: Grounder | None = None,
        measured: Measured = value_scores,
    ) -> None:
        """grounder: says how well words fit, besides what is measured."""
        self._measured = measured
        self._candidates = list(candidates)
        self._parts = [candidate.part for candidate in candidates]
        self._viewpoint = viewpoint
        self._grounder = None if isinstance(grounder, AttributeGrounder) else grounder
        self._drawn: dict[str, FloatArray] = {}

    def holds(self, query: Query, among: Held | None = None) -> Held:
        """Of which parts all that a query says is true; the number is left to the caller.

        among: the parts that superlatives are said of; all.
        """
        held = self._all(self.terms(query))
        if among is not None:
            held = held & among
        return self._most(held, [*comparisons(query), *query.superlatives], query.quantity.count)

    def terms(self, query: Query) -> list[tuple[str, Held]]:
        """Everything that a query says of single parts, with its words: without superlatives."""
        terms: list[tuple[str, Held]] = []
        compared = comparisons(query)
        for attribute in query.attributes:
            if attribute.kind == "size" and not attribute.negated and compared:
                continue
            try:
                terms.append((str(attribute), self._attribute(attribute)))
            except UnknownKind:
                if self._grounder is None:
                    raise
        if self._grounder is not None and any(a.kind != "name" for a in query.attributes):
            phrase = Phrase(query.own_words, query.attributes)
            scores = self._grounder.score(self._candidates, phrase)
            terms.append((phrase.text, self._draw(f"model {phrase.text}") < scores))
        for relation in query.relations:
            one = query.quantity.number == "the" and not query.superlatives
            terms.append((str(relation), self._related(relation, self._all(terms), one)))
        for excluded in query.excluded:
            terms.append((f"not {excluded}", ~self.holds(excluded)))
        return terms

    def _all(self, terms: Sequence[tuple[str, Held]]) -> Held:
        held: Held = np.ones((WORLDS, len(self._parts)), bool)
        for _, true in terms:
            held &= true
        return held

    def _attribute(self, attribute: Attribute) -> Held:
        held = np.zeros((WORLDS, len(self._parts)), bool)
        for value in attribute.values:
            held |= self._value(attribute.kind, value)
        return ~held if attribute.negated else held

    def _value(self, kind: str, value: str) -> Held:
        scores = self._measured(self._candidates, kind, value)
        if value not in EXCLUSIVE.get(kind, ()):
            return self._draw(f"{kind} {value}") < scores
        # each value has its stretch of 0..1, one beside the other: only those that overlap hold together
        before = EXCLUSIVE[kind][: EXCLUSIVE[kind].index(value)]
        start = sum(
            (self._measured(self._candidates, kind, other) for other in before), np.zeros(len(scores))
        )
        held: Held = (self._draw(kind) - start) % 1.0 < scores
        return held

    def _related(self, relation: Relation, group: Held, one: bool) -> Held:
        """group: the parts among which it is said. one: a single part is meant: who lies straighter."""
        references = [self.holds(reference) for reference in relation.references]
        count = len(self._parts)
        if relation.name == "between":
            return self._between(*references)
        (reference,) = references
        if relation.name == "nearest_to":
            return self._nearest(group, reference)
        fits = np.array(
            [
                [
                    0.0 if i == b else pairwise(relation.name, one, other, self._viewpoint)
                    for b, other in enumerate(self._parts)
                ]
                for i, one in enumerate(self._parts)
            ]
        ).reshape(count, count)
        true: Held = (self._draw(relation.name, count) < fits) & reference[:, None]
        direction = self._viewpoint.direction(relation.name)
        if one and direction is not None:
            true &= group[:, :, None]
            for b, other in enumerate(self._parts):
                for i, j in permutations(np.flatnonzero(true[:, :, b].any(axis=0)).tolist(), 2):
                    if straighter(self._parts[i], self._parts[j], other, direction):
                        true[:, j, b] &= ~true[:, i, b]
        held: Held = np.any(true, axis=2)
        return held

    def _between(self, first: Held, second: Held) -> Held:
        held = np.zeros_like(first)
        drawn = self._draw("between")
        for a in np.flatnonzero(first.any(axis=0)).tolist():
            for b in np.flatnonzero(second.any(axis=0)).tolist():
                both = first[:, a] & second[:, b]
                for i, part in enumerate(self._parts):
                    if a != b and i not in (a, b) and both.any():
                        fits = between(part, self._parts[a], self._parts[b])
                        held[:, i] |= both & (drawn[:, i] < fits)
        return held

    def _nearest(self, group: Held, reference: Held) -> Held:
        held = np.zeros_like(group)
        for b in np.flatnonzero(reference.any(axis=0)).tolist():
            gaps = np.array([gap(part, self._parts[b]) for part in self._parts])
            drawn = gaps + GAP_ERROR * _normal(self._draw(f"gap {b}"))
            drawn[~group] = np.inf
            drawn[:, b] = np.inf
            least = np.argmin(drawn, axis=1)
            rows = np.flatnonzero(reference[:, b] & np.isfinite(drawn).any(axis=1))
            held[rows, least[rows]] = True
        return held

    def _most(self, held: Held, names: Sequence[str], count: int) -> Held:
        """Of what holds, the `count` parts that superlatives mean, one superlative after the other."""
        for name in names:
            keep = np.full(len(held), count)
            if name != names[-1]:
                keep = np.maximum(count, held.sum(axis=1) // 2)
            measured = np.where(held, self._measures(name), -np.inf)
            rank = np.argsort(np.argsort(-measured, axis=1, kind="stable"), axis=1)
            held = held & (rank < keep[:, None])
        return held

    def _measures(self, name: str) -> FloatArray:
        """(WORLDS, N) what a superlative goes by."""
        values = np.array([measure(part, name, self._viewpoint) for part in self._parts])
        if name in ("left", "right", "near", "far"):
            across = name in ("left", "right")
            sign = 1.0 if name in ("left", "near") else -1.0
            return values + sign * PLACE_ERROR * _normal(self._draw("across" if across else "along"))
        whole = name in ("large", "small")
        error = SIZE_ERROR if whole else HEIGHT_ERROR
        drawn: FloatArray = values * np.exp(error * _normal(self._draw("size" if whole else "height")))
        return drawn

    def _draw(self, what: str, columns: int = 0) -> FloatArray:
        """(WORLDS, N) numbers evenly in 0..1, or (WORLDS, N, columns); always the same of a name."""
        if what not in self._drawn:
            rng = np.random.default_rng([zlib.crc32(what.encode()), WORLDS])
            shape = (len(self._parts), columns) if columns else (len(self._parts),)
            evenly = np.broadcast_to(_EVENLY, (*shape, WORLDS))
            self._drawn[what] = np.moveaxis(rng.permuted(evenly, axis=-1), -1, 0)
        drawn: FloatArray = self._drawn[what]
        return drawn


def _normal(drawn: FloatArray) -> FloatArray:
    """Standard deviations of numbers that were drawn evenly in 0..1."""
    deviations: FloatArray = _DEVIATIONS[(drawn * WORLDS).astype(int)]
    return deviations


def comparisons(query: Query) -> tuple[str, ...]:
    """The sizes that are said in comparison: 'the large box' is the larger one of the boxes."""
    if query.quantity.number != "the":
        return ()
    return tuple(a.values[0] for a in query.attributes if a.kind == "size" and not a.negated)
