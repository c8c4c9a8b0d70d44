"""Who may talk to the console: the pages of its own address, nobody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 1 << 16
"""Bytes that a request may carry; nothing that a page sends is larger."""

_HEADERS = (
    (
        b"content-security-policy",
        b"frame-ancestors 'self'; default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class Gate:
    """In front of the whole application.

    A page of another site that is open in the same browser could send requests here (cross-site requests),
    or give this machine's address a name of its own (DNS rebinding). Browsers name the site of a page in
    `Origin`, and the name that was asked for in `Host`: both have to be ours. What is no browser names no
    origin; it could reach the cell over ROS as well.
    """

    def __init__(self, app: App, hosts: Collection[str]) -> None:
        """hosts: of ours, with the port, such as localhost:8080."""
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks for."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not self.admits(
            headers.get(b"host", ""), headers.get(b"origin", ""), headers.get(b"content-length", "0")
        ):
            await _refuse(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def admits(self, host: str, origin: str, length: str = "0") -> bool:
        """Whether a request with these headers is ours."""
        own = host in self._hosts and (not origin or origin.partition("://")[2] in self._hosts)
        return own and length.isdecimal() and int(length[:10]) <= LARGEST_BODY


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send(
        {
            "type": "http.response.body",
            "body": b"This console answers to the pages of its own address only.\n",
        }
    )
