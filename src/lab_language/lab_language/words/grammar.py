"""A way to read a sentence, held against the grammar of its language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError
from lark.lexer import Lexer

from lab_language.errors import Contradiction, LanguageError
from lab_language.query import ANYTHING, Attribute, AttributeKind, Quantity, Query, Relation
from lab_language.words.contradictions import refuse_contradictions
from lab_language.words.lexicon import Reading

MOST_PARTS = 60
"""More parts than this are on no table."""

Way = Sequence[tuple[str, Reading]]

_KINDS: dict[str, AttributeKind] = {"NOUN": "noun", "NOUNS": "noun", "LABEL": "label", "NAME": "name"}


class Element(NamedTuple):
    """What is to be moved (None: what was said before), the words that say so, from and to which of the way,
    and the destinations (none: said elsewhere).
    """

    what: Query | None
    words: tuple[int, int]
    destinations: tuple[str, ...]


class _Said(NamedTuple):
    what: Query
    words: tuple[int, int]


class _Most(NamedTuple):
    name: str
    one_of: bool


class _Noun(NamedTuple):
    attributes: tuple[Attribute, ...]
    several: bool


class NotASentence(LanguageError):
    """The words do not follow each other as the grammar says. reached: how many of them do."""

    def __init__(self, message: str, reached: int) -> None:
        super().__init__(message)
        self.reached = reached


class _NoText(Lexer):
    """There is no text to tell words apart in: the parser is fed with them."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, data: Any) -> Iterator[Token]:
        return iter(())


def parse_order(way: Way, grammar: str) -> list[Element]:
    """The elements of an order. Raises NotASentence, Contradiction."""
    return list(_parse(way, grammar, "order"))


def parse_phrase(way: Way, grammar: str) -> Query:
    """One phrase that describes parts. Raises NotASentence, Contradiction."""
    said: _Said = _parse(way, grammar, "top")
    return said.what


@lru_cache
def _parser(grammar: str) -> Lark:
    text = (Path(__file__).parent / f"{grammar}.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer=_NoText,
        start=["order", "top"],
        maybe_placeholders=False,
        propagate_positions=True,
    )


def _parse(way: Way, grammar: str, start: str) -> Any:
    parser = _parser(grammar).parse_interactive("", start=start)
    at = 0
    try:
        for at, (text, reading) in enumerate(way):
            parser.feed_token(Token(reading.terminal, reading.value, at, 1, at, 1, at + len(text), at))
        at = len(way)
        tree = parser.feed_token(Token("$END", "", at, 1, at))
    except UnexpectedInput:
        raise NotASentence(_where(way, at), at) from None
    try:
        return _Meaning().transform(tree)
    except VisitError as error:
        raise error.orig_exc from None


def _where(way: Way, at: int) -> str:
    before = f" after '{way[at - 1][0]}'" if at > 0 else ""
    if at >= len(way):
        return f"the sentence ends too early{before}: something is missing"
    return f"'{way[at][0]}'{before} is not understood there"


@v_args(inline=True)
class _Meaning(Transformer[Any]):
    """The tree as queries. Both grammars have the same names for the same things."""

    def order(self, *elements: Any) -> list[Element]:
        return [element for element in elements if isinstance(element, Element)]

    def carry(self, *parts: Any) -> Element:
        said = next(part for part in parts if isinstance(part, _Said))
        return Element(said.what, said.words, next((part for part in parts if type(part) is tuple), ()))

    def deliver(self, *parts: Any) -> Element:
        return Element(None, (0, 0), next(part for part in parts if type(part) is tuple))

    def destination(self, *tokens: Token) -> tuple[str, ...]:
        return tuple(str(token) for token in tokens if token.type == "DESTINATION")

    @v_args(inline=False, meta=True)
    def top(self, *given: Any) -> _Said:
        meta, parts = _meta_and_children(given)
        phrase, *excluded = (part for part in parts if isinstance(part, Query))
        query = _made(phrase, excluded=tuple(excluded)) if excluded else phrase
        return _Said(query, (meta.start_pos, meta.end_pos + 1))

    @v_args(inline=False, meta=True)
    def besides(self, *given: Any) -> _Said:
        meta, parts = _meta_and_children(given)
        excluded, phrase = (part for part in parts if isinstance(part, Query))
        return _Said(_made(phrase, excluded=(excluded,)), (meta.start_pos, meta.end_pos + 1))

    def phrase(self, *parts: Any) -> Query:
        return parts[0] if isinstance(parts[0], Query) else self.core(*parts)

    def core(self, *parts: Any) -> Query:
        if isinstance(parts[0], Query):
            return parts[0]
        noun, several = next(part for part in parts if isinstance(part, _Noun))
        quantities = [part for part in parts if isinstance(part, Quantity)]
        if len(quantities) > 1:
            raise Contradiction("how many are meant is said twice: say it once")
        quantity = next(iter(quantities), None)
        superlatives = [part for part in parts if isinstance(part, _Most)]
        one_of = any(most.one_of for most in superlatives)  # the largest of the red boxes
        if several and not one_of and (quantity is None or quantity == Quantity("the")):
            quantity = Quantity("all")
        attributes = [part for part in parts if isinstance(part, Attribute)]
        return _made(
            Query(quantity or Quantity("the")),
            attributes=(*attributes, *noun),
            superlatives=tuple(most.name for most in superlatives),
            relations=tuple(part for part in parts if isinstance(part, Relation)),
        )

    def related(self, reference: Query, name: Token, core: Query) -> Query:
        return _made(core, relations=(*core.relations, Relation(str(name), (reference,))))

    def related_from(self, _: Token, reference: Query, name: Token, core: Query) -> Query:
        return self.related(reference, name, core)

    def nearest(self, name: Token, reference: Query, core: Query) -> Query:
        return self.related(reference, name, core)

    def pair(self, *parts: Any) -> Any:
        queries = [part for part in parts if isinstance(part, Query)]
        relation = Relation("between", tuple(queries[:2]))
        if len(queries) == 2:
            return relation
        return _made(queries[2], relations=(*queries[2].relations, relation))

    def relation(self, name: Token, reference: Query) -> Relation:
        return Relation(str(name), (reference,))

    def post(self, *parts: Any) -> Any:
        return parts[-1]

    def modifier(self, part: Any) -> Any:
        return part

    def most(self, name: Token, *of: Token) -> _Most:
        return _Most(str(name), one_of=bool(of))

    def colour(self, *parts: Any) -> Attribute:
        return _attribute("colour", "COLOUR", parts)

    def shape(self, *parts: Any) -> Attribute:
        return _attribute("shape", "SHAPE", parts)

    def size(self, *parts: Any) -> Attribute:
        return _attribute("size", "SIZE", parts)

    def other_kind(self, *tokens: Token) -> Attribute:
        kind = _KINDS[tokens[-1].type]
        if str(tokens[-1]) == ANYTHING:
            raise Contradiction("every part is a part: say what it is not, such as not a box")
        return Attribute(kind, (str(tokens[-1]),), negated=True)

    def noun(self, token: Token) -> _Noun:
        if str(token) == ANYTHING:
            return _Noun((), several=token.type == "NOUNS")
        kind = _KINDS[token.type]
        return _Noun((Attribute(kind, (str(token),)),), several=token.type == "NOUNS")

    def quantity(self, *tokens: Token) -> Quantity:
        number = next((token for token in tokens if token.type == "NUMBER"), None)
        kinds = {token.type for token in tokens}
        if number is None:
            return Quantity("all" if "ALL" in kinds else "any" if "ANY" in kinds else "the")
        return Quantity("any", _count(str(number)))


def _meta_and_children(given: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """Of a rule; releases of lark before 1.0 gave the children first."""
    first, second = given
    return (second, first) if isinstance(first, list) else (first, second)


def _made(query: Query, **changes: Any) -> Query:
    """The query with changes. Raises Contradiction."""
    fields = {name: getattr(query, name) for name in Query.__dataclass_fields__} | changes
    made = Query(**fields)
    refuse_contradictions(made)
    return made


def _attribute(kind: AttributeKind, terminal: str, parts: Iterable[Any]) -> Attribute:
    tokens = [part for part in parts if isinstance(part, Token)]
    values = tuple(str(token) for token in tokens if token.type == terminal)
    negated = [token.type == "NOT" for token in tokens]
    if any(negated[1:]) and sum(negated) != len(values):
        raise Contradiction(
            f"{' and '.join(values)} are partly negated: say what the part is, or what it is not"
        )
    return Attribute(kind, values, negated=any(negated))


def _count(text: str) -> int:
    number = float(text)
    if number != int(number):
        raise Contradiction(f"{text} parts cannot be moved: say a whole number")
    if not 1 <= number <= MOST_PARTS:
        raise Contradiction(f"{text} parts cannot be moved: say a number from 1 to {MOST_PARTS}")
    return int(number)
