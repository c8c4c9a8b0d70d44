"""What is behind the login, and who gets there."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from urllib.parse import urlencode

import pytest

from lab_core.errors import ConfigurationError
from lab_operator.action_log import ActionLog
from lab_operator.page.login_page import login_page
from lab_operator.people.login import TRIES, Login
from lab_operator.people.roster import Roster, read_roster
from lab_operator.people.sessions import Sessions
from lab_operator.words import words_of

PASSWORD = "a long password"
HTML = '<img src=x onerror="alert(1)">'


@cache
def ann() -> Roster:
    """Hashing takes its time."""
    return Roster({}).with_person("Ann", "operator", PASSWORD)


class SetClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Site:
    """A login with an application behind it, and a browser."""

    def __init__(self, folder) -> None:
        self.people, self.log = folder / "people.yaml", folder / "console.jsonl"
        ann().write(self.people)
        self.clock, self.seen, self.cookie = SetClock(), [], ""
        self.sessions = Sessions(60.0, self.clock)
        self.login = Login(
            self.application,
            self.people,
            self.sessions,
            ActionLog(self.log, pytest.fail),
            "console",
            secure=True,
            page=lambda request, key, names: login_page(
                words_of("en"), HTML, key and words_of("en")(key, **names)
            ),
        )

    async def application(self, scope, receive, send) -> None:
        self.seen.append((scope["path"], str(scope["visitor"])))
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": "heard"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    def ask(self, path="/", method="GET", body=b"", kind="http", messages=(), address="10.0.0.9", headers=()):
        """Status (or the messages of a websocket), headers and body of the answer; keeps the cookie."""
        sent = []
        waiting = iter([{"type": f"{kind}.connect"}, *messages, {"type": "websocket.disconnect"}])

        async def receive():
            if kind == "http":
                return {"type": "http.request", "body": body}
            message = next(waiting)
            return message() if callable(message) else message

        async def send(message):
            sent.append(message)

        scope = {"type": kind, "method": method, "path": path, "query_string": b"", "client": (address, 5)}
        scope["headers"] = [(b"cookie", self.cookie.encode("latin-1")), *headers]
        asyncio.run(self.login(scope, receive, send))
        if kind == "websocket":
            return [message["type"] for message in sent]
        named = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        if "set-cookie" in named:
            self.cookie = named["set-cookie"].partition(";")[0]
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return sent[0]["status"], named, text

    def log_in(self, name="Ann", password=PASSWORD, **more):
        return self.ask("/login", "POST", urlencode({"name": name, "password": password}).encode(), **more)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_without_a_session_there_is_the_form_and_the_stop(site):
    status, headers, page = site.ask()
    assert status == 200 and 'action="/login' in page and 'id="stop"' in page
    assert headers["cache-control"] == "no-store"
    assert "<img" not in page, "the name of the cell is shown as HTML"
    for path in ("/camera", "/twin/", "/_nicegui_ws/socket.io/", "//", "/login/..", "/stop/x"):
        assert site.ask(path)[0] == 401
    assert site.ask("/twin", kind="websocket") == ["websocket.close"]
    assert site.seen == []
    assert site.ask("/stop", "POST")[2] == "inside"
    assert site.seen == [("/stop", "at 10.0.0.9")]


def test_who_logs_in_is_known(site):
    status, headers, _ = site.log_in()
    assert (status, headers["location"]) == (303, "/")
    said = headers["set-cookie"].lower()
    assert said.startswith("__host-console=") and all(
        word in said for word in ("httponly", "secure", "samesite=strict", "path=/")
    )
    assert site.ask()[2] == "inside"
    assert site.seen == [("/", "Ann, at 10.0.0.9")]
    assert site.ask("/logout", "POST")[0] == 303
    assert 'action="/login' in site.ask()[2]


def test_a_key_from_before_the_login_is_worth_nothing(site):
    site.cookie = "__Host-console=chosen"
    site.log_in()
    assert site.cookie != "__Host-console=chosen"
    site.cookie = "__Host-console=chosen"
    assert 'action="/login' in site.ask()[2]


@pytest.mark.parametrize(
    "cookie", ["__Host-console=", "__Host-console", "\x00;=;", "=" * 9000, "a=b; \xff\xfe"]
)
def test_a_cookie_that_is_none_is_nobody(site, cookie):
    site.cookie = cookie
    assert 'action="/login' in site.ask()[2]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"name=Ann",
        b"&".join([b"a=1"] * 5000),
        b'{"name": "Ann"}',
        b"name=" + b"x" * 60_000,
    ],
)
def test_a_form_that_is_none_is_nobody(site, body):
    assert site.ask("/login", "POST", body)[0] in (400, 401)
    assert site.seen == []


def test_wrong_passwords_in_a_loop_are_slowed_down(site, monkeypatch):
    checked = []
    monkeypatch.setattr(Roster, "check", lambda self, *what: checked.append(what))
    answers = [site.log_in(password=f"guess number {number}")[0] for number in range(200)]
    assert answers == [401] * TRIES + [429] * (200 - TRIES)
    assert len(checked) == TRIES
    # nor does another machine help, or another name
    assert site.log_in(address="10.0.0.10")[0] == 429
    assert site.log_in(name="Bob")[0] == 429
    assert len(site.log.read_text().splitlines()) == TRIES
    assert site.ask("/stop", "POST")[2] == "inside"


def test_who_knows_the_password_is_not_slowed_down(site):
    for _ in range(2 * TRIES):
        assert site.log_in()[0] == 303


def test_html_in_a_name_is_text(site):
    status, _, page = site.log_in(name=HTML)
    assert status == 401 and "<img" not in page
    (entry,) = map(json.loads, site.log.read_text().splitlines())
    assert entry["person"] == f"{HTML}, at 10.0.0.9"


def test_what_is_open_ends_with_the_session(site):
    site.log_in()
    said = {"type": "websocket.receive", "text": "hello"}

    def late():
        site.clock.now += 60.0
        return said

    assert site.ask("/twin", kind="websocket", messages=[said, late, said]) == [
        "websocket.accept",
        "websocket.send",
    ]


def test_a_stream_ends_with_the_session(site):
    site.log_in()

    async def stream(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        site.clock.now += 60.0
        with pytest.raises(OSError, match="session is over"):
            await send({"type": "http.response.body", "body": b"two"})

    site.login._app = stream
    assert site.ask("/camera")[2] == "one"


def test_a_person_may_be_added_while_it_runs_and_a_spoilt_file_is_said(site):
    read_roster(site.people).with_person("Bob", "engineer", PASSWORD).write(site.people)
    assert site.log_in("Bob")[0] == 303
    site.people.write_text("spoilt")
    status, _, page = site.log_in()
    assert status == 503 and "expected names of people" in page
    site.people.unlink()
    assert site.log_in()[0] == 503


def test_a_console_without_a_file_of_people_does_not_start(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Login(None, tmp_path / "none", Sessions(1.0), None, "console", True, lambda *_: "")
