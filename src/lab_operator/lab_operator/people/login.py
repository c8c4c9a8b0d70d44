"""Between the gate and the application: without a session there is the stop, and the page to log in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lab_core.errors import ConfigurationError
from lab_operator.action_log import ActionLog
from lab_operator.page.gate import STOP, App, Message, Receive, Scope, Send, refuse
from lab_operator.people.rates import Rate
from lab_operator.people.roles import LONGEST_NAME, Person
from lab_operator.people.roster import LONGEST_PASSWORD, Roster, read_roster
from lab_operator.people.sessions import Session, Sessions
from lab_operator.people.visitor import Visitor

LOGIN, LOGOUT = "/login", "/logout"

Page = Callable[[Request, str, dict[str, str]], str]
"""The page to log in as HTML: the request, a key of the catalogue for what went wrong or nothing, and what
fills it in."""

# Passwords that may be tried for one name, and from one machine: at once, and seconds until one more.
TRIES, AGAIN = 5, 30.0
# Tries that wait for the processor, which works on one at a time.
_WAITING = 4


class Login:
    """One for a console. Sets `visitor` in the scope of what it lets through."""

    def __init__(
        self,
        app: App,
        people: Path,
        sessions: Sessions,
        log: ActionLog,
        cookie: str,
        secure: bool,
        page: Page,
    ) -> None:
        """people: the file of them, read again when it has changed. secure: whether the page has TLS.

        Raises ConfigurationError when the file cannot be used.
        """
        self._app, self._people, self._sessions, self._log = app, people, sessions, log
        self._cookie, self._secure, self._page = f"__Host-{cookie}" if secure else cookie, secure, page
        self._tries = Rate(TRIES, AGAIN)
        self._one, self._waiting = asyncio.Lock(), 0
        self._read: tuple[object, Roster] | None = None
        self._roster().warm_up()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks for."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        key = _cookie(scope, self._cookie)
        session = self._sessions.find(key)
        address = str((scope.get("client") or ("this machine",))[0])
        where = (scope["type"], scope.get("method"), scope["path"])
        if where == ("http", "POST", LOGIN):
            await self._log_in(Request(scope, receive), address, send)
            return
        if session is not None:

            def still() -> Session | None:
                return self._sessions.find(key)

            scope["visitor"] = Visitor(address, session.name, still)
            if where == ("http", "POST", LOGOUT):
                self._sessions.close(key)
                self._log.write(str(scope["visitor"]), "logout", "done")
                await self._redirect("", scope, receive, send)
            else:
                await self._app(scope, *_while(still, receive, send))
            return
        scope["visitor"] = Visitor(address)
        if scope["type"] == "http" and scope["path"] == STOP:
            await self._app(scope, receive, send)
        elif where == ("http", "POST", LOGOUT):
            await self._redirect("", scope, receive, send)
        elif where == ("http", "GET", "/"):
            await self._show(Request(scope, receive), 200, "", send)
        else:
            await refuse(scope, receive, send, 401, "Log in first.")

    async def _log_in(self, request: Request, address: str, send: Send) -> None:
        try:
            body = (await request.body()).decode("utf-8", "replace")
            fields = parse_qs(body, keep_blank_values=True, max_num_fields=4)
        except (ClientDisconnect, ValueError):
            await self._show(request, 400, "login.wrong", send)
            return
        name, password = (fields.get(each, [""])[0] for each in ("name", "password"))
        name, password = name[: LONGEST_NAME + 1], password[: LONGEST_PASSWORD + 1]
        tried = (("name", name), ("address", address))
        wait = max(self._tries.take(each) for each in tried)
        if wait or self._waiting >= _WAITING:
            await self._show(request, 429, "login.wait", send, seconds=f"{max(1.0, wait):.0f}")
            return
        try:
            person = await self._check(name, password)
        except ConfigurationError as error:
            await self._show(request, 503, "login.file", send, reason=str(error))
            return
        who = f"{name}, at {address}"
        if person is None:
            self._log.write(who, "login", "wrong name or password")
            await self._show(request, 401, "login.wrong", send)
            return
        for each in tried:
            self._tries.give_back(each)
        self._log.write(who, "login", "done", person.role)
        self._sessions.close(_cookie(request.scope, self._cookie))  # of who was there before
        await self._redirect(self._sessions.open(person), request.scope, request.receive, send)

    async def _check(self, name: str, password: str) -> Person | None:
        """One at a time, beside the loop that carries the stop."""
        self._waiting += 1
        try:
            async with self._one:
                return await asyncio.to_thread(lambda: self._roster().check(name, password))
        finally:
            self._waiting -= 1

    def _roster(self) -> Roster:
        try:
            found = self._people.stat()
        except OSError as error:
            raise ConfigurationError(f"{self._people}: cannot be read: {error.strerror}") from error
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, read_roster(self._people))
        return self._read[1]

    async def _show(self, request: Request, status: int, key: str, send: Send, **names: str) -> None:
        page = HTMLResponse(self._page(request, key, names), status, {"Cache-Control": "no-store"})
        await page(request.scope, request.receive, send)

    async def _redirect(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """To the page, with the key of the session, or without any more."""
        answer: Response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
        answer.set_cookie(
            self._cookie,
            key,
            max_age=None if key else 0,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        await answer(scope, receive, send)


def _while(still: Callable[[], Session | None], receive: Receive, send: Send) -> tuple[Receive, Send]:
    """What a request sends and hears ends with its session: streams and websockets live long."""

    async def guarded_receive() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and still() is None:
            return {"type": "websocket.disconnect", "code": 1008}
        return message

    async def guarded_send(message: Message) -> None:
        if still() is None:
            raise OSError("the session is over")  # what a server does whose peer has gone
        await send(message)

    return guarded_receive, guarded_send


def _cookie(scope: Scope, name: str) -> str:
    """The value of a cookie; empty when there is none, or when they cannot be read."""
    given = b"; ".join(value for key, value in scope["headers"] if key.lower() == b"cookie")
    try:
        found = SimpleCookie(given.decode("latin-1")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
