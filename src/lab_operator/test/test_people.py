"""Who may log in, how often it may be tried, and for how long somebody is known."""

from __future__ import annotations

import io
import stat
import time

import pytest

from lab_core.errors import ConfigurationError
from lab_operator.people import __main__ as command
from lab_operator.people.rates import Rate
from lab_operator.people.roles import Person
from lab_operator.people.roster import Roster, read_roster
from lab_operator.people.sessions import Sessions
from lab_operator.people.visitor import Visitor

PASSWORD = "a long password"


class SetClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.yaml"
    Roster({}).with_person("Ann", "operator", PASSWORD).write(path)
    return path


def test_a_password_is_kept_as_its_hash_and_for_its_owner(people):
    assert PASSWORD not in people.read_text() and "$argon2id$" in people.read_text()
    assert stat.S_IMODE(people.stat().st_mode) == 0o600
    roster = read_roster(people)
    assert roster.check("Ann", PASSWORD).role == "operator"
    for name, password in (
        ("Ann", "a long Password"),
        ("Ann", ""),
        ("ann", PASSWORD),
        ("", ""),
        ("Bob", PASSWORD),
    ):
        assert roster.check(name, password) is None


@pytest.mark.parametrize(
    ("name", "role", "password", "says"),
    [
        ("Ann", "boss", PASSWORD, "expected one of operator, engineer"),
        ("Ann", "operator", "short", "expected 10 to 200"),
        ("Ann", "operator", "x" * 201, "expected 10 to 200"),
        ("", "operator", PASSWORD, "1 to 60 letters"),
        (" Ann", "operator", PASSWORD, "without spaces around it"),
        ("x" * 61, "operator", PASSWORD, "1 to 60 letters"),
        ("An\x1bn", "operator", PASSWORD, "can be printed"),
    ],
)
def test_what_is_no_person_is_not_added(name, role, password, says):
    with pytest.raises(ConfigurationError, match=says):
        Roster({}).with_person(name, role, password)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected names of people"),
        ("[Ann]", "expected names of people"),
        ("Ann: {role: operator}", "Ann: expected role and password"),
        ('Ann: {role: operator, password: "a long password"}', "password is no hash of Argon2"),
        ("Ann: {role: boss, password: HASH}", "Ann: role is 'boss'"),
        ("7: {role: operator, password: HASH}", "expected a name"),
        ("Ann: {role: operator, password: HASH}\nAnn: {role: engineer, password: HASH}", "given twice"),
    ],
)
def test_a_file_that_is_none_of_people_is_named(tmp_path, people, text, says):
    hashed = next(iter(read_roster(people))).hash
    path = tmp_path / "other.yaml"
    path.write_text(text.replace("HASH", f'"{hashed}"'))
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=says) as refused:
        read_roster(path)
    assert str(path) in str(refused.value)


def test_a_file_that_others_read_is_refused(people):
    people.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_roster(people)


def test_the_command_adds_lists_and_removes(tmp_path, monkeypatch, capsys):
    path = tmp_path / "people.yaml"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert command.main([str(path), "Ann", "--role", "engineer"]) == 0
    assert read_roster(path).check("Ann", PASSWORD).role == "engineer"
    assert command.main([str(path)]) == 0
    assert capsys.readouterr().out == "Ann: engineer\n"
    assert command.main([str(path), "Bob", "--remove"]) == 2
    assert "nobody is called 'Bob'" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert command.main([str(path), "Ann", "--role", "operator"]) == 2
    assert read_roster(path).check("Ann", PASSWORD).role == "engineer", "the file was changed"


def test_a_file_that_cannot_be_written_stays_as_it_was(people):
    with pytest.raises(ConfigurationError, match="cannot be written"):
        read_roster(people).write(people / "below a file")
    assert read_roster(people).check("Ann", PASSWORD)


def test_what_is_tried_too_often_has_to_wait(clock):
    rate = Rate(3, 10.0, clock)
    assert [rate.take("Ann") for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]
    assert rate.take("Bob") == 0.0
    clock.now += 4.0
    assert rate.take("Ann") == pytest.approx(6.0)
    clock.now += 6.0
    assert rate.take("Ann") == 0.0 and rate.take("Ann") > 0.0
    rate.give_back("Ann")
    assert rate.take("Ann") == 0.0


def test_many_strangers_take_no_memory(clock):
    rate = Rate(1, 10.0, clock)
    for number in range(10_000):
        rate.take(number)
    assert len(rate._buckets) <= 4096


def test_a_session_ends_by_itself_and_by_logging_out(clock):
    sessions = Sessions(60.0, clock)
    first, second = (sessions.open(Person(name, "operator", "")) for name in ("Ann", "Bob"))
    assert (sessions.find(first).name, sessions.find(second).name) == ("Ann", "Bob")
    assert (
        sessions.find("") is None and sessions.find(first + "x") is None and sessions.find("\udcff") is None
    )
    sessions.close(second)
    assert sessions.find(second) is None
    clock.now += 59.0
    assert sessions.find(first)
    clock.now += 1.0
    assert sessions.find(first) is None


def test_a_clock_that_is_set_ends_and_prolongs_nothing(monkeypatch):
    sessions, rate = Sessions(60.0), Rate(1, 60.0)
    key = sessions.open(Person("Ann", "operator", ""))
    assert rate.take("Ann") == 0.0
    for jump in (-1e9, 1e9):
        monkeypatch.setattr(time, "time", lambda jump=jump: 1.7e9 + jump)
        assert sessions.find(key) and rate.take("Ann") > 0.0


def test_sessions_are_not_kept_without_end(clock):
    sessions = Sessions(60.0, clock)
    keys = [sessions.open(Person("Ann", "operator", "")) for _ in range(300)]
    assert sessions.find(keys[0]) is None and sessions.find(keys[-1])


def test_what_a_role_may_do(clock):
    sessions = Sessions(60.0, clock)
    keys = {role: sessions.open(Person("Ann", role, "")) for role in ("operator", "engineer")}
    operator, engineer = (Visitor("here", "Ann", lambda key=key: sessions.find(key)) for key in keys.values())
    assert operator.refused("approve") == "" and operator.refused("jog") == "not_allowed"
    assert engineer.refused("jog") == "" and engineer.refused("sell the robot") == "not_allowed"
    clock.now += 60.0
    assert operator.refused("approve") == engineer.refused("jog") == "session_over"


def test_a_typed_name_counts_only_where_nobody_logs_in(clock):
    sessions = Sessions(60.0, clock)
    key = sessions.open(Person("Ann", "operator", ""))
    assert str(Visitor("here").named(" Eve\ud800\n ")) == "Eve, at here"
    assert str(Visitor("here", "Ann", lambda: sessions.find(key)).named("Eve")) == "Ann, at here"
