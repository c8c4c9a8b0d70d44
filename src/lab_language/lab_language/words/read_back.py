"""A query in the words of a language, for the person who approves it."""

from __future__ import annotations

from lab_language.query import ANYTHING, NOUNS, Attribute, Query, Relation
from lab_language.words.lexicon import TERMINALS, Lexicon

_OF, _PIECE = "嘅", "個"


def read_back(query: Query, lexicon: Lexicon) -> str:
    """The query in the language of a lexicon; where that has no word for something, its English one.

    What is read back in Chinese is understood as the same query, except for what its grammar has no form for:
    a noun that is negated, and a part with two relations.
    """
    return _Chinese(lexicon).phrase(query) if lexicon.grammar == "chinese" else str(query)


class _Chinese:
    def __init__(self, lexicon: Lexicon) -> None:
        self._words: dict[tuple[str, str], str] = {}
        for word, readings in lexicon.readings.items():
            for reading in readings:
                self._words.setdefault((reading.terminal, reading.value), word)

    def phrase(self, query: Query) -> str:
        """What a part is related to comes before it."""
        before = "".join(f"{self._word('EXCEPT', 'except')}{self.phrase(each)}" for each in query.excluded)
        if before:
            before += self._word("BESIDES", "besides")
        relations = self._word("AND", "and").join(self._relation(each) for each in query.relations)
        return before + (f"{relations}{_OF}" if relations else "") + self._core(query)

    def _core(self, query: Query) -> str:
        number, count = query.quantity.number, query.quantity.count
        words = [self._word("MOST", most) for most in query.superlatives]
        words += [self._attribute(a) for a in query.attributes if a.kind not in NOUNS]
        words += [self._attribute(a) for a in query.attributes if a.kind in NOUNS and a.negated]
        nouns = [a for a in query.attributes if a.kind in NOUNS and not a.negated]
        noun = "".join(self._attribute(a) for a in nouns) or self._word("NOUN", ANYTHING)
        quantity = {"all": self._word("ALL", "all"), "any": f"{count}{_PIECE}"}.get(number, "")
        return quantity + "".join(f"{word}{_OF}" for word in words) + noun

    def _attribute(self, attribute: Attribute) -> str:
        if attribute.kind == "name":
            return str(attribute)
        kinds = {"noun": "NOUN", "label": "LABEL"}
        terminal = kinds.get(attribute.kind) or TERMINALS[f"{attribute.kind}s"]
        values = self._word("OR", "or").join(self._word(terminal, value) for value in attribute.values)
        return (self._word("NOT", "not") if attribute.negated else "") + values

    def _relation(self, relation: Relation) -> str:
        references = [self.phrase(each) for each in relation.references]
        if relation.name == "between":
            return self._word("WITH", "with").join(references) + self._word("BETWEEN", "between")
        if relation.name == "nearest_to":
            return self._word("FROM", "from") + references[0] + self._word("NEAREST", "nearest_to")
        return references[0] + self._word("RELATION", relation.name)

    def _word(self, terminal: str, value: str) -> str:
        return self._words.get((terminal, value), value.replace("_", " "))
