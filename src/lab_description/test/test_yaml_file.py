"""What YAML may hold, and that nothing else gets through: a value, or one sentence, at once."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_core.errors import ConfigurationError
from lab_description.yaml_file import parse_yaml, read_yaml

HERE = Path("x.yaml")
MERGE_BOMB = "a: &a {k: v}\n" + "\n".join(f"l{n}: &l{n} {{<<: [*a, *a], m: 1}}" for n in range(25))


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(text, HERE)
    message = str(caught.value)
    assert message.startswith("x.yaml") and "\n" not in message and len(message) < 300
    return message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: " + "1" * 5000, "line 1: not valid YAML: a number of 5000 digits"),
        ("a: 1" + "0" * 400, "a number of 401 digits"),
        ("a: 1.0e+400", "the number 1.0e+400 is too large"),
        ("a: 2026-13-45", "2026-13-45 is no day"),
        ("a: !!int foo", "tags such as tag:yaml.org,2002:int are not read"),
        ('a: !!float ""', "tags such as"),
        ("a: !!timestamp yesterday", "tags such as"),
        ("a: !!bool maybe", "tags such as"),
        ("a: !!binary x", "tags such as"),
        ("a: !!set {b}", "tags such as"),
        ("a: ! b", "tags such as !"),
        ("? [a, b]\n: c", "a key is expected to be a plain value"),
        (MERGE_BOMB, "merge keys (<<) are not read"),
        ("a: 1\n---\nb: 2", "one document is expected"),
        ("a: *b", "not valid YAML"),
        ("1: a\n1.0: b", "key '1.0' is given twice"),
        ("a: \x01", "not valid YAML"),
    ],
)
def test_what_is_not_plain_is_named(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


def test_plain_scalars_are_what_they_look_like() -> None:
    text = (
        "{a: 1, b: -2.5, c: 1.0e-6, d: true, e: null, f: 2026-01-31, g: '1', h: on, i: 010, j: 1:30, k: .inf}"
    )
    assert parse_yaml(text, HERE) == {
        "a": 1,
        "b": -2.5,
        "c": 1e-6,
        "d": True,
        "e": None,
        "f": date(2026, 1, 31),
        "g": "1",
        "h": "on",
        "i": "010",
        "j": "1:30",
        "k": float("inf"),
    }
    assert parse_yaml("", HERE) is None
    assert parse_yaml("a: &b [1]\nc: *b", HERE) == {"a": [1], "c": [1]}


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text()
    | st.dates()
)
CONTENTS: Any = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(CONTENTS)
def test_what_is_written_is_read(content: Any) -> None:
    """Of everything that our own files are written with."""
    assert parse_yaml(yaml.safe_dump(content), HERE) == content


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"{}[]:,&*!?|>-'\"%@#\n\t 0a1e+.", "&a ", "*a", "<<: ", "!!int ", "---\n", ": "])
    )
)
def test_no_text_does_more_than_a_value_or_a_sentence(pieces: list[str]) -> None:
    try:
        parse_yaml("".join(pieces), HERE)
    except ConfigurationError as error:
        assert str(error).startswith("x.yaml")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "endless.yaml").symlink_to("/dev/zero")
    for name in ("pipe.yaml", "endless.yaml"):
        with pytest.raises(ConfigurationError, match="is not a file"):
            read_yaml(tmp_path / name)
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(ConfigurationError, match="is not a file"):
        read_yaml(tmp_path)
