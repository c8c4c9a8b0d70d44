"""Why words are not carried out."""

from __future__ import annotations

from collections.abc import Sequence

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode

SHOWN = 80
"""Letters of a sentence that an error quotes."""


def quoted(text: str) -> str:
    """The text in quotation marks, cut where it is long."""
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}…'"


class LanguageError(LabError):
    """Any failure of this package: nothing moves."""

    code = OutcomeCode.INVALID_REQUEST
    stage = "language"


class UnusableSentence(LanguageError):
    """Empty, too long, or made of signs that no sentence has."""


class UnknownWords(LanguageError):
    """The sentence has words that the lexicon does not hold."""

    def __init__(self, words: Sequence[str], language: str) -> None:
        self.words = tuple(words)
        shown = ", ".join(quoted(word) for word in self.words[:8])
        super().__init__(
            f"these words are not known: {shown}; say it otherwise, or add them to the lexicon '{language}'"
        )


class NotUnderstood(LanguageError):
    """All words are known, but they make no order."""


class Forbidden(LanguageError):
    """The sentence says what is not to happen: nothing is made of it, and never its opposite."""

    def __init__(self, word: str) -> None:
        super().__init__(f"{quoted(word)} forbids something; nothing moves: say only what is to be moved")


class Contradiction(LanguageError):
    """The sentence contradicts itself."""


class UnknownKind(LanguageError):
    """A noun that no measurement knows, and no detector or model gave a score for."""
