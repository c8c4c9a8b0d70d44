"""Who may talk to the console: the pages of its own address, nobody else's, and not without end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from lab_operator.people.rates import Rate

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 1 << 16
"""Bytes that a request may carry; nothing that a page sends is larger."""

STOP = "/stop"
"""Of the stop, which is never counted, and needs no login."""

_HEADERS = (
    (
        b"content-security-policy",
        b"frame-ancestors 'self'; form-action 'self'; base-uri 'self';"
        b" default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
# Requests of one machine and messages of one websocket: at once, and seconds until one more. A page that is
# opened asks for some fifty files; a hand that turns the model sends sixty messages a second.
_REQUESTS, _MESSAGES = (600, 0.01), (1000, 0.004)


class Gate:
    """In front of the whole application.

    A page of another site that is open in the same browser could send requests here (cross-site requests),
    or give this machine's address a name of its own (DNS rebinding). Browsers name the site of a page in
    `Origin`, and the name that was asked for in `Host`: both have to be ours. What is no browser names no
    origin; where nobody has to log in it could reach the cell over ROS as well.
    """

    def __init__(self, app: App, hosts: Collection[str], scheme: str = "http") -> None:
        """hosts: of ours, with the port, such as localhost:8080. scheme: http or https."""
        self._app, self._hosts = app, frozenset(hosts)
        self._origins = frozenset(f"{scheme}://{host}" for host in self._hosts)
        self._requests = Rate(*_REQUESTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks for."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not self.admits(
            headers.get(b"host", ""), headers.get(b"origin", ""), headers.get(b"content-length", "0")
        ):
            await refuse(
                scope, receive, send, 403, "This console answers to the pages of its own address only."
            )
            return
        client = scope.get("client") or ("this machine", 0)
        if scope.get("path") != STOP and self._requests.take(client[0]):
            await refuse(scope, receive, send, 429, "Too many requests: wait a moment.")
            return
        if scope["type"] == "websocket":
            await self._app(scope, _counted(receive), send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        await self._app(scope, _bounded(receive), send_with_headers)

    def admits(self, host: str, origin: str, length: str = "0") -> bool:
        """Whether a request with these headers is ours."""
        own = host.lower() in self._hosts and (not origin or origin.lower() in self._origins)
        return own and length.isdecimal() and int(length[:10]) <= LARGEST_BODY


def _bounded(receive: Receive) -> Receive:
    """A request that does not say how much it carries is cut off where it carries too much."""
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return message if received <= LARGEST_BODY else {"type": "http.disconnect"}

    return bounded


def _counted(receive: Receive) -> Receive:
    """A websocket that sends without end is closed."""
    rate = Rate(*_MESSAGES)

    async def counted() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and rate.take(""):
            return {"type": "websocket.disconnect", "code": 1008}
        return message

    return counted


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request with a sentence; close a websocket before it is open."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
    )
    await send({"type": "http.response.body", "body": f"{sentence}\n".encode()})
