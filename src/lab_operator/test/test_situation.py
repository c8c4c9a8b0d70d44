"""What the cell does and what its operator has to do, in both languages."""

from __future__ import annotations

import numpy as np
import pytest

from lab_core.outcomes import OutcomeCode
from lab_operator.situation import STEPS, situation
from lab_operator.state import CellState, Proposal, Stop, Task
from lab_operator.words import LANGUAGES, words_of

FREE = Stop(False, "", 1.0, 0)


def state(task=None, stop=FREE, **fields) -> CellState:
    return CellState(heard=True, stop=stop, task=task, **fields)


def proposal(**fields) -> Proposal:
    made = {"digest": "a", "state": "waiting", "action": "pick", "object_id": "part_1", "destination": ""}
    empty = {"names": (), "times": np.empty(0), "positions": np.empty((0, 0)), "base_from_tcp": np.eye(4)}
    return Proposal(**made | empty | {"until": 0.0} | fields)


def test_silence_counts_most():
    now = situation(CellState(stop=Stop(True, "why"), task=Task("pick")))
    assert (now.tone, now.headline, now.may_start, now.may_reset) == ("alarm", "silent", False, False)


def test_a_stop_says_why_and_can_only_be_reset():
    now = situation(state(Task("idle"), Stop(True, "somebody is near"), proposal=proposal()))
    assert (now.headline, now.may_start, now.may_reset) == ("stopped", False, True)
    assert words_of("en")(now.sentence, **now.names) == "somebody is near"


def test_a_plan_that_waits_asks():
    now = situation(state(Task("pick", "part_1"), proposal=proposal()))
    assert (now.tone, words_of("en")(now.headline, **now.names)) == ("ask", "Wants to pick part_1")
    answered = situation(state(Task("pick", "part_1"), proposal=proposal(state="approved")))
    assert (answered.tone, answered.headline) == ("busy", "steps.pick")


@pytest.mark.parametrize("phase", ["idle", "done"])
def test_it_can_be_started_where_it_rests(phase):
    assert situation(state(Task(phase))).may_start


@pytest.mark.parametrize("phase", STEPS)
def test_it_cannot_be_started_while_it_works(phase):
    assert not situation(state(Task(phase))).may_start


def test_what_the_task_ended_with_decides_what_is_to_be_done():
    now = situation(state(Task("done", outcome="DESTINATION_FULL", message="the tray is full")))
    words = words_of("en")
    assert (now.tone, words(now.sentence, **now.names)) == ("alarm", "the tray is full")
    assert words(now.todo, **now.names) == "Empty the tray or the bin, then press Start."


def keys_in_use() -> set[str]:
    """Everything that a situation can be called."""
    codes = [code.name for code in OutcomeCode]
    tasks = [Task(step, "part_1") for step in (*STEPS, "idle", "something else")]
    tasks += [Task("done", outcome=code) for code in codes] + [Task("pick", outcome=code) for code in codes]
    states = [state(task) for task in (None, *tasks)] + [CellState(), state(Task("pick"), Stop(True, "why"))]
    states.append(state(Task("pick"), Stop(False, "near", 0.25)))
    states += [
        state(Task("pick"), proposal=proposal(action=each)) for each in ("pick", "place", "move", "lift")
    ]
    found = [situation(each) for each in states]
    used = {key for now in found for key in (now.headline, now.todo, now.sentence) if key}
    return used | {f"outcome.{code}" for code in codes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_everything(language):
    assert keys_in_use() <= words_of(language).keys()


def test_both_languages_say_the_same_with_the_same_names():
    english, chinese = words_of("en"), words_of("zh_hk")
    assert english.keys() == chinese.keys()
    for key in english.keys():  # noqa: SIM118
        assert english.placeholders(key) == chinese.placeholders(key), key


def test_a_language_that_nobody_knows_is_english():
    assert words_of("../../secrets").language == "en"


def test_names_are_data():
    said = words_of("en")("steps.pick", part="{message.__class__} <b>x</b>")
    assert said == "Picks {message.__class__} <b>x</b>"
