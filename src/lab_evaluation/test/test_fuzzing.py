"""A short part of `lab bench fuzz`, of a fixed seed: nothing hostile does more than be refused."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_core.errors import ConfigurationError
from lab_evaluation.fuzzing import command_lines, files, meshes, recordings, ros_messages, terminals
from lab_evaluation.fuzzing.campaign import MEMORY, campaign, fuzz
from lab_evaluation.fuzzing.findings import Findings, Verdict, Wrong
from lab_evaluation.fuzzing.shares import in_turn, shares
from lab_evaluation.fuzzing.target import Target

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
        campaign(targets, 1, EXAMPLES * len(targets), {group: 1.0}, found := dict[str, Findings]())
    assert {name: findings.failures for name, findings in found.items() if findings.failures} == {}
    assert all(findings.inputs for findings in found.values())


GROUPS = {"quick": 0.5, "slow": 0.3, "cell": 0.2}


def nothing(value):
    return None


def some_targets(take=nothing):
    numbers = st.integers(0, 10**6)
    return [
        *(Target(f"parser {k}", "quick", numbers, take) for k in range(3)),
        Target("few values", "quick", st.sampled_from([1, 2]), take),
        Target("keys", "slow", numbers, take),
        Target("programs", "slow", numbers, take, seconds=4.0, share=0.01),
        Target("whole runs", "slow", numbers, take, seconds=20.0, share=0.0012),
        *(Target(f"topic {k}", "cell", numbers, take, seconds=1.0) for k in range(7)),
    ]


@given(st.integers(500, 20_000))
def test_groups_get_their_shares_and_nobody_nothing(inputs):
    targets = some_targets()
    given_ = shares(targets, inputs, GROUPS)
    assert sum(given_) == inputs and min(given_) >= 1
    for group, share in GROUPS.items():
        own = sum(n for target, n in zip(targets, given_, strict=True) if target.group == group)
        assert abs(own - share * inputs) <= 1.0
    by_name = {target.name: n for target, n in zip(targets, given_, strict=True)}
    assert by_name["programs"] == max(1, round(0.01 * inputs))
    assert by_name["whole runs"] == max(1, round(0.0012 * inputs))
    for alike in ("parser", "topic"):
        numbers = [n for name, n in by_name.items() if name.startswith(alike)]
        assert max(numbers) - min(numbers) <= 1


def test_a_part_of_the_groups_and_few_inputs_are_shared_too():
    quick = [target for target in some_targets() if target.group == "quick"]
    assert shares(quick, 10, GROUPS) == [3, 3, 2, 2]
    assert shares(some_targets(), 1, GROUPS) == [1] * 14


def test_at_any_time_all_have_had_the_same_part_of_their_turns():
    turns = [("a", [10] * 20), ("b", [1] * 4), ("c", [5])]
    order = in_turn(turns)
    assert sorted(order) == sorted([("a", 10)] * 20 + [("b", 1)] * 4 + [("c", 5)])
    for until in range(len(order)):
        had = [name for name, _ in order[:until]]
        parts = [had.count(name) / len(sizes) for name, sizes in turns if len(sizes) > 1]
        assert max(parts) - min(parts) <= 0.25


def test_a_campaign_gives_so_many_inputs_and_the_same_again():
    def given_by(number):
        values = []
        campaign(some_targets(values.append), number, 700, GROUPS, found := dict[str, Findings]())
        assert sum(findings.inputs for findings in found.values()) == len(values) == 700
        assert found["few values"].inputs == 87, "values that are used up come again"
        return values

    assert given_by(5) == given_by(5) != given_by(6)


def test_what_is_slow_is_not_given_the_simplest_input_again_and_again():
    """Every search of hypothesis begins with it: all whole runs were one and the same."""
    values = []
    targets = [Target("whole runs", "slow", st.integers(0, 10**6), values.append, seconds=20.0)]
    campaign(targets, 1, 20, GROUPS, {})
    assert len(values) == 20 and len(set(values)) > 15 and values.count(0) <= 1


def test_a_campaign_ends_when_its_time_is_over():
    values = []
    campaign(some_targets(values.append), 1, 700, GROUPS, found := dict[str, Findings](), time.monotonic())
    assert not values and not any(findings.inputs for findings in found.values())


def test_who_wants_all_the_memory_is_found():
    campaign(
        [Target("hog", "quick", st.just(1), lambda value: bytearray(4 * MEMORY))],
        1,
        1,
        GROUPS,
        found := dict[str, Findings](),
    )
    ((kind, failure),) = found["hog"].failures.items()
    assert kind.startswith("MemoryError") and failure.verdict == Verdict.TRACEBACK


def crash(value):
    if value > 1000:
        raise ZeroDivisionError("a defect")
    raise ConfigurationError("refused")


def test_a_traceback_is_found_and_made_small():
    findings = Findings()
    fuzz(Target("crash", "test", st.integers(0, 10**6), crash), 1, 100, findings)
    ((kind, failure),) = findings.failures.items()
    assert kind.startswith("ZeroDivisionError") and failure.given == "1001" and failure.words == "a defect"
    assert failure.verdict == Verdict.TRACEBACK
    assert findings.inputs >= 100 > findings.refused > 0


@pytest.mark.parametrize(
    ("raised", "words", "verdict"),
    [
        (ConfigurationError("a" * 3000), "a refusal of 3000 letters", Verdict.OTHER),
        (SystemExit(0), "ended with exit code 0", Verdict.WRONG_SUCCESS),
        (Wrong("taken"), "taken", Verdict.SILENT),
    ],
)
def test_a_refusal_that_is_none_is_found(raised, words, verdict):
    def take(value):
        raise raised

    findings = Findings()
    fuzz(Target("odd", "test", st.just(1), take), 1, 5, findings)
    (failure,) = findings.failures.values()
    assert failure.given == "1" and words in failure.words and failure.verdict == verdict


def test_what_takes_for_ever_is_found(monkeypatch):
    monkeypatch.setattr("lab_evaluation.fuzzing.target.HANG", 0.05)

    def hang(value):
        while True:
            pass

    findings = Findings()
    fuzz(Target("hang", "test", st.just(1), hang), 1, 1, findings)
    (failure,) = findings.failures.values()
    assert failure.verdict == Verdict.HANG


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_what_a_campaign_in_the_background_starts_can_be_interrupted(number):
    """Twice `lab watch` was said to hang: its Ctrl-C was ignored as that of the campaign was."""
    code = (
        "import subprocess\n"
        "from lab_evaluation.fuzzing.terminals import heed_signals\n"
        "heed_signals()\n"
        "started = subprocess.Popen(['sleep', '60'])\n"
        f"started.send_signal({number.value})\n"
        "print(started.wait(20))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == f"{-number.value}\n", done.stderr
