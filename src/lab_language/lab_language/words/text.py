"""Sentences as they come from people, in one form."""

from __future__ import annotations

import re
import unicodedata

from lab_language.errors import UnusableSentence, quoted

MAXIMUM_LETTERS = 400
_PAUSES = re.compile(r"[,;.:!、。，；：！]+")
_ENDS = re.compile(r"[\s,;.!、。，；！]+$")
_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
PAUSE = "|"
"""Stands for a pause between two things that are said."""


def normal(text: str) -> str:
    """Compatible forms made one (full-width letters), small letters, straight apostrophes, single blanks."""
    text = unicodedata.normalize("NFKC", text).lower()
    return " ".join(text.replace("’", "'").replace("‘", "'").split())


def checked(sentence: str) -> str:
    """The sentence in normal form, with PAUSE for signs between words.

    Raises UnusableSentence when it is empty, too long, or holds signs that steer a terminal or hide.
    """
    if len(sentence) > MAXIMUM_LETTERS:
        raise UnusableSentence(
            f"the sentence has {len(sentence)} letters, at most {MAXIMUM_LETTERS} are read: say less at once"
        )
    for sign in sentence:
        if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") and sign not in "\t\n\r":
            raise UnusableSentence(
                f"the sentence {quoted(sentence)} holds the invisible sign U+{ord(sign):04X}: type it anew"
            )
    text = _ENDS.sub("", normal(sentence))
    if not text:
        raise UnusableSentence("the sentence is empty: say what is to be moved, and where to")
    # a figure such as 1.5 is one word
    text = _POINT.sub("\0", text)
    return _PAUSES.sub(f" {PAUSE} ", text).replace("\0", ".")
