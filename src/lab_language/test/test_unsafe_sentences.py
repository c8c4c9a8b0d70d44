"""Sentences that must never move anything: forbidden, negated, contradictory, hostile, or not understood."""

from pathlib import Path

import pytest

from lab_language.errors import LanguageError
from lab_language.words.lexicon import load_lexicon
from lab_language.words.sentence import language_of, understand

LINES = [
    line
    for line in (Path(__file__).parent / "unsafe_sentences.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
LEXICONS = {name: load_lexicon(name).with_destinations(["tray", "bin"]) for name in ("en", "zh_hk")}


def test_there_are_two_hundred():
    assert len(set(LINES)) >= 200


@pytest.mark.parametrize("line", LINES)
def test_nothing_moves(line):
    sentence, lexicon = line.removeprefix("stop: "), LEXICONS[language_of(line)]
    if line.startswith("stop: "):
        instruction = understand(sentence, lexicon)
        assert instruction.stop and not instruction.moves
        return
    with pytest.raises(LanguageError) as refused:
        understand(sentence, lexicon)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 700
    for other in LEXICONS.values():  # in the other language it is no order either
        with pytest.raises(LanguageError):
            understand(sentence, other)
