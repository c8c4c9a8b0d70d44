"""The web server of the console: its gate, its routes, its pages; in a thread of its own."""

from __future__ import annotations

import errno
import socket
import threading
from pathlib import Path
from typing import Protocol

import uvicorn
from fastapi import FastAPI
from nicegui import ui
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lab_core.errors import ConfigurationError
from lab_description import Cell
from lab_operator.access import Access, access_of
from lab_operator.desk import Desk
from lab_operator.page.gate import STOP, App, Gate
from lab_operator.page.jog import jog_route
from lab_operator.page.layout import build_page
from lab_operator.page.now import write_order
from lab_operator.panels.port import PANELS, Panel, PanelContext
from lab_operator.parameters import ConsoleParameters
from lab_operator.people.sessions import Sessions
from lab_operator.people.visitor import Visitor
from lab_operator.state import CellState
from lab_operator.words import words_of

# Ports that are tried, one after the other: several cells may run on one machine.
PORTS = 10
# Bytes of one message of a page; seconds for which a page may be gone without losing what it was.
_LARGEST_MESSAGE, _RECONNECT = 1 << 20, 30.0


class View(Protocol):
    """What the server shows."""

    cell: Cell

    @property
    def state(self) -> CellState:
        """What is known now."""

    def picture(self) -> tuple[float, bytes] | None:
        """The newest camera picture."""


class Server:
    """One a process: NiceGUI keeps its pages in the module."""

    def __init__(self, view: View, desk: Desk) -> None:
        self._view, self._desk = view, desk
        self._panels: list[tuple[str, Panel]] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, parameters: ConsoleParameters) -> str:
        """Make the panels and serve; the address of the page.

        Raises ConfigurationError: an unknown panel, or no free port.
        """
        context = PanelContext(
            self._view.cell, lambda: self._view.state, self._view.picture, Path(parameters.runs), write_order
        )
        self._panels = [(name, PANELS.make(name, context).plugin) for name in parameters.panels]
        access = access_of(parameters)
        listening = _listen(access.host, parameters.port)
        port = listening.getsockname()[1]
        app: App = self._application(parameters.language, parameters.order)
        if access.people is not None:
            app = self._behind_login(app, access, access.people, port, parameters)
        config = uvicorn.Config(
            Gate(app, access.hosts(port), access.scheme),
            log_level="warning",
            ws_max_size=_LARGEST_MESSAGE,
            timeout_graceful_shutdown=1,
            lifespan="on",
            proxy_headers=False,  # an address that somebody claims to come from is none
            server_header=False,
            ssl_certfile=access.certificate,
            ssl_keyfile=access.key,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="console", daemon=True
        )
        self._thread.start()
        return access.address(port)

    def stop(self) -> None:
        """Close all pages and let go of the port."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=3.0)
        for _, panel in self._panels:
            panel.close()
        self._panels = []

    def _behind_login(
        self, app: App, access: Access, people: Path, port: int, parameters: ConsoleParameters
    ) -> App:
        """Raises ConfigurationError when the file of the people cannot be used."""
        try:
            from lab_operator.page.login_page import login_page
            from lab_operator.people.login import Login
        except ImportError as error:
            raise ConfigurationError(
                f"people is given, and {error.name} is not installed: pip install argon2-cffi"
            ) from error

        def page(request: Request, key: str, names: dict[str, str]) -> str:
            words = words_of(request.query_params.get("language", parameters.language))
            return login_page(words, self._view.cell.name, words(key, **names) if key else "")

        return Login(
            app,
            people,
            Sessions(3600.0 * parameters.session_hours),
            self._desk.log,
            f"console-{port}",
            access.certificate is not None,
            page,
        )

    def _application(self, language: str, order: str) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

        async def stop(request: Request) -> JSONResponse:
            answer = self._desk.stop(visitor_of(request))
            return JSONResponse({"heard": answer.granted})

        app.router.routes.append(Route(STOP, stop, methods=["POST"]))
        app.router.routes.append(jog_route(self._desk, visitor_of))
        for _, panel in self._panels:
            app.router.routes.extend(panel.routes())

        @ui.page("/", title="Operator's console", reconnect_timeout=_RECONNECT)
        def index(request: Request) -> None:
            chosen = request.query_params.get("language", language)
            build_page(self._view, self._desk, self._panels, chosen, visitor_of(request), order)

        ui.run_with(app, mount_path="/", show_welcome_message=False)
        return app


def visitor_of(request: HTTPConnection) -> Visitor:
    """Who asks, as far as it is known."""
    known = request.scope.get("visitor")
    if isinstance(known, Visitor):
        return known
    return Visitor(request.client.host if request.client is not None else "this machine")


def _listen(host: str, first: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reason = ""
    for port in range(first, min(first + PORTS, 65536)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen()  # who asks before the server is up waits for it
        except OSError as error:
            listening.close()
            if error.errno != errno.EADDRINUSE:
                reason = f"{host} cannot be listened on: {error.strerror}"
            continue
        return listening
    raise ConfigurationError(
        reason
        or f"port {first} and the {PORTS - 1} after it are taken: end what uses them, or give another port"
    )
