"""What persons ask of the cell: judged by what the cell is, written down, answered."""

from __future__ import annotations

import asyncio
import json
import stat
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from test_situation import FREE, proposal, state

from lab_core.errors import InvalidRequestError
from lab_operator import action_log
from lab_operator.action_log import ActionLog
from lab_operator.desk import Answer, Desk
from lab_operator.people.roles import Person
from lab_operator.people.sessions import Sessions
from lab_operator.people.visitor import Visitor
from lab_operator.state import Stop, Task

ANN = Visitor("here", "Ann")
STOPPED = Stop(True, "somebody is near", 0.0, 3)


class RecordedCell:
    """Grants everything, or what `refuses` says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.state, self.asked, self.refuses, self.heard = state(Task("idle")), [], "", True

    def stop(self) -> bool:
        self.asked.append("stop")
        return self.heard

    def _ask(self, *what) -> Future[str]:
        self.asked.append(what)
        answered: Future[str] = Future()
        answered.set_result(self.refuses)
        return answered

    def reset(self):
        return self._ask("reset")

    def read_back(self, order):
        if "?" in order:
            raise InvalidRequestError("nobody knows what '?' means")
        return f"understood {order}"

    def start(self, order):
        self.read_back(order)
        return self._ask("start", order)

    def take_over(self):
        return self._ask("take over")

    def jog(self, key, step):
        return self._ask("jog", key, step)

    def hold(self, key):
        self.asked.append(("hold", key))

    def release(self, key):
        self.asked.append(("release", key))

    def answer(self, digest, approved, person):
        return self._ask("answer", digest, approved, person)


@pytest.fixture
def cell():
    return RecordedCell()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "runs" / "console.jsonl"


@pytest.fixture
def desk(cell, log):
    return Desk(cell, ActionLog(log, pytest.fail))


def entries(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_stop_is_never_refused(desk, cell, log):
    assert desk.stop(ANN) == Answer(True, "stop")
    cell.state, cell.heard = replace(cell.state, heard=False, stop=None), False
    assert desk.stop(ANN) == Answer(False, "stop_unheard")
    assert cell.asked == ["stop", "stop"]
    assert [(each["person"], each["action"]) for each in entries(log)] == [(str(ANN), "stop")] * 2


def test_a_reset_is_of_the_reason_that_was_read(desk, cell):
    cell.state = state(Task("pick"), STOPPED)
    refused = asyncio.run(desk.reset(ANN, 2))
    assert refused == Answer(False, "reset_refused", {"reason": "other_reason"})
    assert cell.asked == []
    assert asyncio.run(desk.reset(ANN, 3)).granted
    assert cell.asked == [("reset",)]


def test_what_is_not_stopped_is_not_reset(desk, cell):
    assert asyncio.run(desk.reset(ANN, 0)).names == {"reason": "not_stopped"}
    assert cell.asked == []


def test_the_cell_has_the_last_word(desk, cell, log):
    cell.state, cell.refuses = state(Task("pick"), STOPPED), "somebody is still near"
    assert asyncio.run(desk.reset(ANN, 3)).names == {"reason": "somebody is still near"}
    (entry,) = entries(log)
    assert (entry["result"], entry["about"]) == ("somebody is still near", "somebody is near")


@pytest.mark.parametrize("task", [Task("pick"), None])
def test_what_works_is_not_started(desk, cell, task):
    cell.state = state(task)
    assert asyncio.run(desk.start(ANN, "clear_table")).names == {"reason": "not_ready"}
    assert cell.asked == []


def test_a_stopped_cell_is_not_started(desk, cell):
    cell.state = state(Task("idle"), STOPPED)
    assert not asyncio.run(desk.start(ANN, "clear_table")).granted


def test_an_order_is_read_back_before_it_is_started(desk, cell):
    assert desk.read_back("put all in the tray").names == {"order": "understood put all in the tray"}
    assert cell.asked == []
    assert asyncio.run(desk.start(ANN, "put all in the tray")) == Answer(True, "start")
    assert cell.asked == [("start", "put all in the tray")]


@pytest.mark.parametrize(
    "order",
    ["what?", "../../etc/passwd", "/etc/shadow.yaml", "a.yaml", "x" * 301, "put\x1b all", "put\ud800"],
)
def test_what_is_no_order_begins_nothing(desk, cell, order):
    assert not desk.read_back(order).granted
    assert not asyncio.run(desk.start(ANN, order)).granted
    assert cell.asked == []


def test_only_the_plan_that_waits_is_answered(desk, cell, log):
    cell.state = state(Task("pick"), FREE, proposal=proposal(digest="new"))
    assert asyncio.run(desk.decide(ANN, "old", True)).names == {"reason": "nothing_waits"}
    assert asyncio.run(desk.decide(ANN, "new", True)) == Answer(True, "approve")
    cell.state = state(Task("pick"), FREE, proposal=proposal(digest="new", state="approved"))
    assert not asyncio.run(desk.decide(ANN, "new", True)).granted
    assert cell.asked == [("answer", "new", True, str(ANN))]
    assert [each["about"] for each in entries(log)] == ["old", "new", "new"]


def test_what_works_is_taken_over_and_what_rests_is_moved_by_hand(desk, cell):
    step = (0.0, 0.0, 0.01, 0.0)
    assert asyncio.run(desk.take_over(ANN)).names == {"reason": "nothing_begun"}
    assert asyncio.run(desk.jog(ANN, "key", step, "up")).granted
    assert cell.asked == [("hold", "key"), ("jog", "key", step)]
    cell.state, cell.asked = state(Task("pick")), []
    assert asyncio.run(desk.jog(ANN, "key", step, "up")).names == {"reason": "not_ready"}
    assert asyncio.run(desk.take_over(ANN)).granted
    assert cell.asked == [("take over",)]
    cell.state, cell.asked = state(Task("idle"), STOPPED), []
    assert not asyncio.run(desk.jog(ANN, "key", step, "up")).granted and cell.asked == []


def test_a_node_that_does_not_answer_is_said(desk, cell, monkeypatch):
    monkeypatch.setattr("lab_operator.desk.PATIENCE", 0.01)
    cell.start = lambda order: Future()
    assert asyncio.run(desk.start(ANN, "clear_table")).names == {"reason": "no_answer"}


def test_the_log_is_its_users_alone_and_keeps_what_was_written(desk, log):
    desk.stop(ANN)
    desk.stop(Visitor("there", "<script>\n\ud800" + "x" * 10_000))
    first, second = entries(log)
    assert first["person"] == str(ANN) and len(second["person"]) == 500
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_disk_that_takes_nothing_stops_nobody_from_stopping(cell, tmp_path):
    (tmp_path / "file").write_text("")
    told = []
    desk = Desk(cell, ActionLog(tmp_path / "file" / "console.jsonl", told.append))
    assert desk.stop(ANN).granted and desk.stop(ANN).granted
    assert len(told) == 1 and "what is done on the console is not recorded" in told[0]


def test_a_full_disk_stops_nobody_from_stopping(cell):
    told = []
    desk = Desk(cell, ActionLog(Path("/dev/full"), told.append))
    assert desk.stop(ANN).granted and asyncio.run(desk.start(ANN, "clear_table")).granted
    assert len(told) == 1 and "No space left on device" in told[0]


def test_a_log_has_an_end(log, monkeypatch):
    monkeypatch.setattr(action_log, "LARGEST", 2000)
    written = ActionLog(log, pytest.fail)
    for number in range(100):
        written.write("Ann", "start", "done", str(number))
    kept = sorted(log.parent.iterdir())
    assert [path.name for path in kept] == ["console.1.jsonl", "console.jsonl"]
    assert sum(path.stat().st_size for path in kept) < 5000
    assert json.loads(log.read_text().splitlines()[-1])["about"] == "99"


def test_a_flood_of_stops_is_heard_and_does_not_flood_the_log(desk, cell, log):
    for _ in range(1000):
        assert desk.stop(ANN).granted
    assert len(cell.asked) == 1000 and len(entries(log)) < 50


def test_who_is_not_logged_in_any_more_only_stops(desk, cell):
    sessions = Sessions(60.0)
    key = sessions.open(Person("Ann", "operator", ""))
    ann = Visitor("here", "Ann", lambda: sessions.find(key))
    cell.state = state(Task("pick"), FREE, proposal=proposal(digest="new"))
    sessions.close(key)
    refused = [
        asyncio.run(desk.start(ann, "clear_table")),
        asyncio.run(desk.reset(ann, 0)),
        asyncio.run(desk.decide(ann, "new", True)),
        asyncio.run(desk.decide(ann, "new", False)),
    ]
    assert [each.names for each in refused] == [{"reason": "session_over"}] * 4
    assert desk.stop(ann).granted and cell.asked == ["stop"]
