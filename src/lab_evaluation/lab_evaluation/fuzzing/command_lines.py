"""Hostile command lines and variables, and the targets that read them."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

import lab_console.demo_arguments
import lab_doctor.cli
import lab_recorder.replay_cli
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_evaluation.fuzzing.target import Target
from lab_node.domain import domain_from
from lab_simulation.simulator_parameters import refuse_unusable

_NUMBERS = ("", "0", "1", "-1", "1000", "9" * 30, "9" * 5000, "nan", "inf", "1e400", "\u00b2")
_PATHS = ("/", "/bin/ls", "/dev/zero", "/dev/null", "..", "~", "a\0b")
_WORDS = ("abc", "scattered", "ur5e", "[/red]", "\x1b[2J", "{x}", "--")
_VALUES = st.sampled_from([*_NUMBERS, *_PATHS, *_WORDS])
_OPTIONS = {
    "demo": ("--robot", "--scene", "--parts", "--meshes", "--seed", "--speed", "--out", "--no-video", "--x"),
    "doctor": ("--real", "--domain", "--seconds", "--allow", "--json", "--x"),
    "replay": ("--json", "--accept", "--x"),
}


def _words(program: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(_OPTIONS[program]) | _VALUES, max_size=6)


def _quiet(read: Callable[[Sequence[str]], object]) -> Callable[[list[str]], object]:
    """A program's reader of words, whose sentence is kept to itself; refused with exit code 2 alone."""

    def take(words: list[str]) -> object:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            try:
                return read(words)
            except SystemExit as ended:
                if ended.code == 0:  # --help, or what argparse takes for an abbreviation of it
                    return None
                raise

    return take


def _replay(words: Sequence[str]) -> None:
    code = lab_recorder.replay_cli.main(["/nowhere", *words])
    if code != 2:
        raise Wrong(f"a case that is not there ended with {code}", Verdict.WRONG_SUCCESS)


def _simulator(given: dict[str, Any]) -> None:
    refuse_unusable(given)


def targets() -> list[Target]:
    """Group "command lines"."""
    numbers = st.sampled_from([0, -1, 1, 60, 61, 10**30, 0.0, -0.5, 1e300, float("nan"), float("inf"), True])
    names = st.sampled_from(["parts", "seed", "speed", "scene", "meshes", "x"])
    parameters = st.dictionaries(names, numbers | _VALUES)
    return [
        Target(
            "words of demo", "command lines", _words("demo"), _quiet(lab_console.demo_arguments.arguments)
        ),
        Target("words of doctor", "command lines", _words("doctor"), _quiet(lab_doctor.cli.arguments)),
        Target("words of replay", "command lines", _words("replay"), _quiet(_replay)),
        Target("ROS_DOMAIN_ID", "command lines", _VALUES | st.text(max_size=8), domain_from),
        Target("parameters of the simulator", "command lines", parameters, _simulator),
    ]
