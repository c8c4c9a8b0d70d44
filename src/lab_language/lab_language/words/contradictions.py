"""Descriptions that no part can fit."""

from __future__ import annotations

from lab_language.errors import Contradiction
from lab_language.query import MOST, OPPOSITES, Query


def refuse_contradictions(query: Query) -> None:
    """Raises Contradiction when the words exclude each other."""
    for kind in ("colour", "noun", "name"):
        said = [a for a in query.attributes if a.kind == kind and not a.negated]
        if len(said) > 1 and not set.intersection(*(set(a.values) for a in said)):
            raise Contradiction(f"no part is both {said[0]} and {said[1]}: say 'or', or name one of them")
    for attribute in query.attributes:
        for other in query.attributes:
            if attribute.negated and not other.negated and set(other.values) <= set(attribute.values):
                raise Contradiction(f"no part is both {other} and {attribute}: say one of them")
    said_of_it = {a.values[0] for a in query.attributes if not a.negated and a.kind in ("size", "shape")}
    for words in (said_of_it, set(query.superlatives)):
        for pair in OPPOSITES:
            if pair <= words:
                raise Contradiction(f"no part is both {' and '.join(sorted(pair))}: say one of them")
    if query.quantity.number == "all" and query.superlatives:
        raise Contradiction(
            f"'all' and '{MOST[query.superlatives[0]]}' do not go together: say how many are meant"
        )
    for place in query.relations:
        for reference in place.references:
            if reference == query_without(query, place.name) and query.quantity.number != "any":
                raise Contradiction("a part cannot be described by itself: name another part")
    names = {relation.name for relation in query.relations}
    for pair in ({"left_of", "right_of"}, {"in_front_of", "behind"}, {"on", "under"}):
        if pair <= names:
            here, there = (r for r in query.relations if r.name in pair)
            if here.references == there.references:
                raise Contradiction(f"no part is both {here} and {there}: say one of them")
    for excluded in query.excluded:
        if excluded.anything or _same_kind(excluded, query):
            raise Contradiction("nothing is left when that is excepted: say what is meant")


def query_without(query: Query, relation: str) -> Query:
    """The query without its relations of a name."""
    kept = tuple(r for r in query.relations if r.name != relation)
    return Query(query.quantity, query.attributes, query.superlatives, kept, query.excluded)


def _same_kind(excluded: Query, query: Query) -> bool:
    return (excluded.attributes, excluded.relations, excluded.superlatives) == (
        query.attributes,
        query.relations,
        query.superlatives,
    )
