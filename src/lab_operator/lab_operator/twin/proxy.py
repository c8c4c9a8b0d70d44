"""The model's own server behind the console's address: one origin, one gate, and keys that stop there too."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import viser
import websockets
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lab_operator.twin.keyed import HEADER

PATH = "/twin"
# Viser's own controls and notices are for who develops a scene.
_HIDDEN = ".mantine-Paper-root, .mantine-Notifications-root { display: none !important; }"
_PAGE = Path(viser.__file__).parent / "client" / "build" / "index.html"


def routes(port: int, key: str) -> list[Any]:
    """The page of the model and its websocket, which is that of viser on a port of this machine.

    key: what that asks for.
    """
    html = _PAGE.read_text(encoding="utf-8").replace("</head>", f"<style>{_HIDDEN}</style></head>", 1)

    async def page(request: Any) -> HTMLResponse:
        return HTMLResponse(html)

    async def pass_on(browser: WebSocket) -> None:
        offered = list(browser.scope.get("subprotocols", ()))
        address = f"ws://127.0.0.1:{port}"
        try:
            server = await websockets.connect(
                address,
                subprotocols=offered or None,
                additional_headers={HEADER: key},
                max_size=None,
                compression=None,
                proxy=None,
            )
        except (OSError, websockets.WebSocketException):
            await browser.close(1013)
            return
        async with server:
            await browser.accept(server.subprotocol)
            both = [
                asyncio.create_task(_to_server(browser, server)),
                asyncio.create_task(_to_browser(browser, server)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await browser.close()

    return [Route(f"{PATH}/", page), WebSocketRoute(PATH, pass_on)]


async def _to_server(browser: WebSocket, server: Any) -> None:
    with contextlib.suppress(WebSocketDisconnect, websockets.ConnectionClosed, KeyError):  # KeyError: text
        while True:
            await server.send(await browser.receive_bytes())


async def _to_browser(browser: WebSocket, server: Any) -> None:
    with contextlib.suppress(WebSocketDisconnect, websockets.ConnectionClosed, RuntimeError):
        async for message in server:
            await browser.send_bytes(message)
