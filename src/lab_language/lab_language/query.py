"""What a phrase means: a description of parts that can be read, compared and evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ANYTHING = "part"
"""The noun of a phrase that says nothing of the kind."""

MOST = {
    "large": "largest",
    "small": "smallest",
    "tall": "tallest",
    "low": "lowest",
    "left": "leftmost",
    "right": "rightmost",
    "near": "nearest",
    "far": "furthest",
}
"""The superlatives in English."""

AttributeKind = Literal["colour", "shape", "size", "noun", "label", "name"]
"""A name is that of one part of the scene, such as object_3."""
NOUNS = ("noun", "label", "name")
"""Those that say what is meant; the others say how it is."""
Side = Literal["operator", "robot"]
Number = Literal["the", "any", "all"]

OPPOSITES = (
    {"large", "small"},
    {"tall", "low"},
    {"left", "right"},
    {"near", "far"},
    {"flat", "tall"},
)
"""Of sizes, shapes and superlatives: no part is both."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that is said of the part itself. values: one of them holds, or if negated none of them."""

    kind: AttributeKind
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        return ("not " if self.negated else "") + " or ".join(self.values)


@dataclass(frozen=True, slots=True)
class Relation:
    """Where the part lies. references: what it is said of: one phrase, of `between` two."""

    name: str
    references: tuple[Query, ...]

    def __str__(self) -> str:
        what = " and ".join(str(reference) for reference in self.references)
        return f"{self.name.replace('_', ' ')} {what}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """How many parts are meant: exactly one that is known (`the`), any `count` of them, or `all`."""

    number: Number = "the"
    count: int = 1

    def __str__(self) -> str:
        return {"the": "the", "all": "all"}.get(self.number, str(self.count))


@dataclass(frozen=True, slots=True)
class Query:
    """A description of parts.

    attributes: all of them hold. superlatives: applied one after the other to what is left. excluded: what
    fits one of these is not meant.
    """

    quantity: Quantity = Quantity()
    attributes: tuple[Attribute, ...] = ()
    superlatives: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    excluded: tuple[Query, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether every part fits."""
        return not (self.attributes or self.superlatives or self.relations or self.excluded)

    @property
    def own_words(self) -> str:
        """What is said of the part itself, without relations, in English words: for models of images."""
        nouns = [str(a) for a in self.attributes if a.kind in ("noun", "label")]
        others = [str(a) for a in self.attributes if a.kind not in (*NOUNS, "size")]
        return " ".join([*others, *(nouns or [ANYTHING])])

    def __str__(self) -> str:
        """As a person reads it back, in English."""
        words = [str(self.quantity), *(MOST[most] for most in self.superlatives)]
        words += [str(a) for a in self.attributes if a.kind not in NOUNS]
        noun = " ".join(str(a) for a in self.attributes if a.kind in NOUNS) or ANYTHING
        if self.quantity.number == "all" or self.quantity.count > 1:
            noun += "es" if noun.endswith("x") else "s"
        text = " ".join([*words, noun, *(str(relation) for relation in self.relations)])
        return text + "".join(f" except {query}" for query in self.excluded)
