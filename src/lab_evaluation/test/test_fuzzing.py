"""A short part of `lab bench fuzz`, of a fixed seed: nothing hostile does more than be refused."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import strategies as st

from lab_core.errors import ConfigurationError
from lab_evaluation.fuzzing import command_lines, files, meshes, recordings, ros_messages, terminals
from lab_evaluation.fuzzing.campaign import Findings, Target, campaign, fuzz

ROOT = Path(__file__).parents[3]
CASE = ROOT / "test" / "cases" / "part_taken_away"
EXAMPLES = 10
MADE = {
    "files": lambda folder, stack: files.targets(folder, CASE),
    "meshes": meshes.targets,
    "recordings": lambda folder, stack: recordings.targets(folder, CASE, ROOT / "environment/fastdds.xml"),
    "command lines": lambda folder, stack: command_lines.targets(),
    "messages": lambda folder, stack: ros_messages.targets(),
    "terminals": lambda folder, stack: terminals.targets(folder),
}


@pytest.mark.slow
@pytest.mark.parametrize("group", MADE)
def test_a_hostile_input_is_taken_or_refused_with_a_sentence(tmp_path, monkeypatch, group):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with ExitStack() as stack:
        targets = MADE[group](tmp_path, stack)
        assert {target.group for target in targets} == {group}
        turns = iter([True] * (len(targets) + 1) + [False])
        found = campaign(targets, 1, lambda total: next(turns), EXAMPLES)
    assert {name: findings.failures for name, findings in found.items() if findings.failures} == {}
    assert all(findings.inputs for findings in found.values())


def crash(value):
    if value > 1000:
        raise ZeroDivisionError("a defect")
    raise ConfigurationError("refused")


def test_a_traceback_is_found_and_made_small():
    findings = Findings()
    fuzz(Target("crash", "test", st.integers(0, 10**6), crash), 1, 100, findings)
    ((kind, (value, words)),) = findings.failures.items()
    assert kind.startswith("ZeroDivisionError") and value == "1001" and words == "a defect"
    assert findings.inputs >= findings.refused > 0


@pytest.mark.parametrize(
    ("take", "words"),
    [
        (
            lambda value: (_ for _ in ()).throw(ConfigurationError("a" * 3000)),
            "a refusal of 3000 letters",
        ),
        (lambda value: (_ for _ in ()).throw(SystemExit(0)), "ended with exit code 0"),
    ],
)
def test_a_refusal_that_is_none_is_found(take, words):
    findings = Findings()
    fuzz(Target("odd", "test", st.just(1), take), 1, 5, findings)
    ((_, (value, said)),) = findings.failures.items()
    assert value == "1" and words in said


def test_what_takes_for_ever_is_found(monkeypatch):
    monkeypatch.setattr("lab_evaluation.fuzzing.campaign.HANG", 0.05)

    def hang(value):
        while True:
            pass

    findings = Findings()
    fuzz(Target("hang", "test", st.just(1), hang), 1, 1, findings)
    ((kind, _),) = findings.failures.items()
    assert kind.startswith("Hang")
