"""Sentences about simulated scenes whose answer is known: drawn by seed from templates in five strata.

None of these templates was used while thresholds were set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from _word_truth import TruePart, has_colour, has_noun, most, related
from lab_simulation.scenes.parts import COLOURS

STRATA = ("attribute", "relation", "duplicates", "absent", "blocked")
VERDICTS = {"duplicates": "ambiguous", "absent": "absent", "blocked": "blocked"}
TRIES = 3000
"""Draws of a description until one has a clear truth and belongs to the stratum."""
LANGUAGES = ("en", "zh_hk")

COLOUR_WORDS = {
    "en": {name: [name] for name in COLOURS},
    "zh_hk": {
        "red": ["紅色", "紅"],
        "orange": ["橙色"],
        "yellow": ["黃色", "黃"],
        "green": ["綠色"],
        "cyan": ["青色", "湖水藍色"],
        "blue": ["藍色"],
        "purple": ["紫色"],
        "pink": ["粉紅色"],
        "black": ["黑色", "黑"],
    },
}
NOUN_WORDS = {
    "en": {
        "box": ["box", "carton", "block"],
        "cylinder": ["cylinder", "can"],
        "part": ["part", "thing", "object"],
    },
    "zh_hk": {"box": ["盒", "盒子"], "cylinder": ["圓柱", "罐"], "part": ["零件", "嘢", "物件"]},
}
MOST_WORDS = {
    "en": {
        "large": ["largest", "biggest"],
        "small": ["smallest"],
        "tall": ["tallest"],
        "left": ["leftmost"],
        "right": ["rightmost"],
        "near": ["nearest", "closest"],
        "far": ["furthest"],
    },
    "zh_hk": {
        "large": ["最大"],
        "small": ["最細"],
        "tall": ["最高"],
        "left": ["最左邊", "最左"],
        "right": ["最右邊"],
        "near": ["最近"],
        "far": ["最遠"],
    },
}
RELATION_WORDS = {
    "en": {
        "left_of": ["to the left of", "on the left of"],
        "right_of": ["to the right of", "on the right side of"],
        "in_front_of": ["in front of"],
        "behind": ["behind"],
        "next_to": ["next to", "beside"],
        "nearest_to": ["nearest to", "closest to"],
        "between": ["between", "in between"],
    },
    "zh_hk": {
        "left_of": ["左邊", "左面"],
        "right_of": ["右邊", "右手邊"],
        "in_front_of": ["前面"],
        "behind": ["後面"],
        "next_to": ["隔籬", "旁邊"],
        "nearest_to": ["最近"],
        "between": ["之間", "中間"],
    },
}
FRAMES = {
    "en": ["please take {} to the bin", "move {} into the tray", "{} to the tray", "bring {} to the bin"],
    "zh_hk": ["唔該攞{}去箱", "將{}擺入托盤", "把{}移到箱", "拎{}去托盤"],
}


@dataclass(frozen=True)
class Described:
    """What a phrase says of one part."""

    noun: str = "part"
    colour: str = ""
    most: str = ""
    relation: str = ""
    references: tuple[Described, ...] = ()

    def fits(self, parts: Sequence[TruePart]) -> list[TruePart] | None:
        """The parts that it is true of; None where that is not clear."""
        answers = [self._own(part) for part in parts]
        if None in answers:
            return None
        fitting = [part for part, answer in zip(parts, answers, strict=True) if answer]
        if self.relation:
            named = []
            for reference in self.references:
                found = reference.fits(parts)
                if found is None or len(found) != 1:
                    return None
                named += found
            if len({id(part) for part in named}) != len(named):
                return None
            others = [part for part in fitting if part not in named]
            told = [related(self.relation, part, named, others) for part in others]
            if None in told:
                return None
            fitting = [part for part, answer in zip(others, told, strict=True) if answer]
        if self.most and fitting:
            first = most(self.most, fitting)
            return None if first is None else [first]
        return fitting

    def _own(self, part: TruePart) -> bool | None:
        said = [has_noun(part, self.noun), *([has_colour(part, self.colour)] if self.colour else [])]
        return False if False in said else None if None in said else True

    def words(self, language: str, rng: np.random.Generator) -> str:
        """The phrase."""
        own = [_word(NOUN_WORDS, language, self.noun, rng)]
        if self.colour:
            own.insert(0, _word(COLOUR_WORDS, language, self.colour, rng))
        if self.most:
            own.insert(0, _word(MOST_WORDS, language, self.most, rng))
        references = [reference.words(language, rng) for reference in self.references]
        if language == "en":
            text = f"the {' '.join(own)}"
            if self.relation:
                text += f" {_word(RELATION_WORDS, language, self.relation, rng)} {' and '.join(references)}"
            return text
        text = own[-1] if len(own) == 1 else "嘅".join(own)
        if not self.relation:
            return text
        relation = _word(RELATION_WORDS, language, self.relation, rng)
        if self.relation == "nearest_to":
            return f"離{references[0]}{relation}嘅{text}"
        return f"{'同'.join(references)}{relation}嘅{text}"


@dataclass(frozen=True)
class Question:
    """A sentence and what is right: a part, or a refusal with its verdict."""

    stratum: str
    language: str
    sentence: str
    phrase: str
    said: Described
    target: TruePart | None
    verdict: str


def _word(table: dict[str, dict[str, list[str]]], language: str, value: str, rng: np.random.Generator) -> str:
    return str(rng.choice(table[language][value]))


def questions(
    parts: Sequence[TruePart],
    covered: Sequence[TruePart],
    strata: Sequence[str],
    language: str,
    rng: np.random.Generator,
) -> Iterator[Question]:
    """One question a stratum about a scene, where one can be found. covered: parts that another lies on."""
    for stratum in strata:
        for _ in range(TRIES):
            said = _draw(stratum, rng)
            found = said.fits(parts)
            if found is None or not _belongs(stratum, found, covered):
                continue
            phrase = said.words(language, rng)
            sentence = str(rng.choice(FRAMES[language])).format(phrase)
            verdict = {"duplicates": "ambiguous", "absent": "absent", "blocked": "blocked"}.get(
                stratum, "found"
            )
            target = found[0] if verdict in ("found", "blocked") else None
            yield Question(stratum, language, sentence, phrase, said, target, verdict)
            break


def _belongs(stratum: str, found: Sequence[TruePart], covered: Sequence[TruePart]) -> bool:
    if stratum == "absent":
        return not found
    if stratum == "duplicates":
        return len(found) >= 2
    if stratum == "blocked":
        return len(found) == 1 and found[0] in covered
    return len(found) == 1 and found[0] not in covered


def _draw(stratum: str, rng: np.random.Generator) -> Described:
    own = _own(rng)
    if stratum == "relation" or (stratum == "absent" and rng.random() < 0.3):
        relation = str(rng.choice(list(RELATION_WORDS["en"])))
        references = tuple(_own(rng, certain=True) for _ in range(2 if relation == "between" else 1))
        colour = own.colour if rng.random() < 0.5 else ""
        return Described(own.noun, colour, "", relation, references)
    superlative = stratum in ("attribute", "blocked") and rng.random() < 0.35
    if superlative:
        return Described(
            own.noun, own.colour if rng.random() < 0.5 else "", str(rng.choice(list(MOST_WORDS["en"])))
        )
    return own


def _own(rng: np.random.Generator, certain: bool = False) -> Described:
    noun = str(rng.choice(["part", "part", "box", "cylinder"]))
    colour = str(rng.choice(list(COLOURS))) if certain or noun == "part" or rng.random() < 0.7 else ""
    return Described(noun, colour)
