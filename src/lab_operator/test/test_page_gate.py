"""Who may talk to the console."""

from __future__ import annotations

import asyncio

import pytest

from lab_operator.page.gate import LARGEST_BODY, Gate

OURS = ("localhost:8080", "127.0.0.1:8080")


async def served(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def ask(kind="http", **headers):
    """The messages that a request with these headers gets."""
    sent = []

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(Gate(served, OURS)({"type": kind, "headers": named}, receive, send))
    return sent


@pytest.mark.parametrize("host", OURS)
def test_a_page_of_ours_is_served_with_its_rules(host):
    answer = ask(host=host, origin=f"http://{host}")
    assert answer[0]["status"] == 200
    assert b"frame-ancestors 'self'" in dict(answer[0]["headers"])[b"content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8080"},  # a name that was given to this machine's address
        {"host": "localhost:8081"},
        {},
        {"host": OURS[0], "origin": "http://evil.example"},  # a page of another site
        {"host": OURS[0], "origin": "http://localhost:8081"},
        {"host": OURS[0], "origin": "null"},
        {"host": OURS[0], "content_length": str(LARGEST_BODY + 1)},
        {"host": OURS[0], "content_length": "9" * 5000},
        {"host": OURS[0], "content_length": "-1"},
    ],
)
def test_others_are_refused(headers):
    assert ask(**headers)[0]["status"] == 403
    assert ask("websocket", **headers) == [{"type": "websocket.close", "code": 1008}]


def test_what_is_no_browser_names_no_origin():
    assert ask(host=OURS[0])[0]["status"] == 200
