"""What a command line may name as a file."""

import argparse

import pytest

from lab_core.command_line import file_path


def test_what_is_not_there_yet_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "new", tmp_path / "no" / "such", tmp_path / "file" / "below", tmp_path):
        assert file_path(str(path)) == path


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("9" * 5000, "9{100}: File name too long"),
        ("a/" * 3000, "a/: File name too long"),
        ("a\0b", r"'a\\x00b': embedded null byte"),
    ],
)
def test_what_no_file_can_be_called_is_refused_in_a_sentence(name, why):
    with pytest.raises(argparse.ArgumentTypeError, match=f"{why}$"):
        file_path(name)


def test_a_link_to_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(argparse.ArgumentTypeError, match="Too many levels of symbolic links"):
        file_path(str(tmp_path / "loop"))
