"""The words of the page, in the language that its user has chosen: catalogues of sentences in YAML."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lab_core.errors import ConfigurationError
from lab_description.configuration import config_directory
from lab_description.yaml_file import read_yaml

LANGUAGES = {"en": "English", "zh_hk": "繁體中文"}
"""By the name of the catalogue, config/language/console_NAME.yaml: what its speakers call it."""


class Words:
    """One catalogue."""

    def __init__(self, language: str, sentences: Mapping[str, str]) -> None:
        self.language, self._sentences = language, sentences

    def __call__(self, key: str, **names: str) -> str:
        """The sentence of a key with its {placeholders} filled in; the key itself where there is none."""
        sentence = self._sentences.get(key)
        return key if sentence is None else _filled(sentence, names)

    def keys(self) -> set[str]:
        """All that it has words for."""
        return set(self._sentences)

    def placeholders(self, key: str) -> set[str]:
        """What a sentence wants filled in."""
        return {name for _, name, _, _ in string.Formatter().parse(self._sentences[key]) if name is not None}


@cache
def words_of(language: str) -> Words:
    """The catalogue of a language; one that nobody knows is English.

    Raises ConfigurationError for a catalogue that cannot be read.
    """
    name = language if language in LANGUAGES else "en"
    path = config_directory() / "language" / f"console_{name}.yaml"
    return Words(name, _flat(read_yaml(path), path, ""))


def _flat(content: object, path: Path, prefix: str) -> dict[str, str]:
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: {prefix or 'the file'}: expected keys and sentences")
    found: dict[str, str] = {}
    for key, value in content.items():
        found |= (
            {f"{prefix}{key}": value} if isinstance(value, str) else _flat(value, path, f"{prefix}{key}.")
        )
    return found


def _filled(sentence: str, names: Mapping[str, str]) -> str:
    return sentence.format_map({**dict.fromkeys(_wanted(sentence), ""), **names})


def _wanted(sentence: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]
