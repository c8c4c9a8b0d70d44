"""Single keys of a terminal, and nothing where there is none."""

import io
import os
import sys
import termios

from lab_console.operator_keys import STOP, Keys


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
