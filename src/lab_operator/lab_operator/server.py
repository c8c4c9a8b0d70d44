"""The web server of the console: its gate, its routes, its pages; in a thread of its own."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Protocol

import uvicorn
from fastapi import FastAPI
from nicegui import ui
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lab_core.errors import ConfigurationError
from lab_description import Cell
from lab_operator.desk import Desk
from lab_operator.page.gate import Gate
from lab_operator.page.layout import build_page
from lab_operator.panels.port import PANELS, Panel, PanelContext
from lab_operator.parameters import ConsoleParameters
from lab_operator.state import CellState

HOST = "127.0.0.1"
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
            self._view.cell, lambda: self._view.state, self._view.picture, Path(parameters.runs)
        )
        self._panels = [(name, PANELS.make(name, context).plugin) for name in parameters.panels]
        listening = _listen(parameters.port)
        port = listening.getsockname()[1]
        app = self._application(parameters.language, parameters.order)
        config = uvicorn.Config(
            Gate(app, [f"{name}:{port}" for name in ("localhost", HOST)]),
            log_level="warning",
            ws_max_size=_LARGEST_MESSAGE,
            timeout_graceful_shutdown=1,
            lifespan="on",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="console", daemon=True
        )
        self._thread.start()
        return f"http://localhost:{port}"

    def stop(self) -> None:
        """Close all pages and let go of the port."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=3.0)
        for _, panel in self._panels:
            panel.close()
        self._panels = []

    def _application(self, language: str, order: str) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

        async def stop(request: Request) -> JSONResponse:
            answer = self._desk.stop(person_of(request))
            return JSONResponse({"heard": answer.granted})

        app.router.routes.append(Route("/stop", stop, methods=["POST"]))
        for _, panel in self._panels:
            app.router.routes.extend(panel.routes())

        @ui.page("/", title="Operator's console", reconnect_timeout=_RECONNECT)
        def index(request: Request) -> None:
            chosen = request.query_params.get("language", language)
            build_page(self._view, self._desk, self._panels, chosen, person_of(request), order)

        ui.run_with(app, mount_path="/", show_welcome_message=False)
        return app


def person_of(request: Request) -> str:
    """Who asks, as far as it is known."""
    return f"at {request.client.host if request.client is not None else 'this machine'}"


def _listen(first: int) -> socket.socket:
    for port in range(first, first + PORTS):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()  # who asks before the server is up waits for it
        except OSError:
            listening.close()
            continue
        return listening
    raise ConfigurationError(
        f"port {first} and the {PORTS - 1} after it are taken: end what uses them, or give another port"
    )
