"""Single keys of a terminal, and nothing where there is none."""

import io
import os
import sys
import termios

import pytest

from lab_console.operator_keys import RESET, STOP, Keys, meant


def test_a_key_needs_no_enter_and_the_terminal_is_left_as_it_was(monkeypatch):
    ours, its = os.openpty()
    with os.fdopen(its) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)
        with Keys() as keys:
            assert keys.there
            assert keys.pressed(0.0) == ""
            os.write(ours, STOP.encode())
            assert keys.pressed(10.0) == STOP
        assert termios.tcgetattr(terminal) == before
    os.close(ours)


def test_without_a_terminal_there_are_no_keys(monkeypatch):
    stdin = io.StringIO("s")
    monkeypatch.setattr(sys, "stdin", stdin)
    with Keys() as keys:
        assert not keys.there
        assert keys.pressed(0.0) == ""


@pytest.mark.parametrize("burst", ["xs", "sx", "S", "rs", "sr", "\x1b[As", "ä" * 200 + "s" + "ä" * 200])
def test_a_stop_counts_wherever_it_stands_in_a_burst(monkeypatch, burst):
    ours, its = os.openpty()
    with os.fdopen(its) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with Keys() as keys:
            os.write(ours, burst.encode())
            assert keys.pressed(10.0) == STOP
            assert keys.pressed(0.0) == ""
            os.write(ours, RESET.encode())
            assert keys.pressed(10.0) == RESET
    os.close(ours)


@pytest.mark.parametrize("burst", ["\x1bOR", "\x1b[1;5R", "order", "x", ""])
def test_a_reset_is_a_key_on_its_own(burst):
    assert meant(burst) == ""
    assert meant("rR") == RESET


def test_a_terminal_that_has_gone_gives_no_keys(monkeypatch):
    ours, its = os.openpty()
    with os.fdopen(its) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with Keys() as keys:
            os.close(ours)
            assert keys.pressed(10.0) == ""
            assert not keys.there
