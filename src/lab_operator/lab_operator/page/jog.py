"""The card to move the arm by hand, and the websocket on which its buttons say that they are held."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
from pathlib import Path
from typing import Any

from nicegui import ui
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lab_operator.desk import Answer, Desk
from lab_operator.people.visitor import Visitor
from lab_operator.situation import situation
from lab_operator.state import CellState
from lab_operator.words import Words, words_of

PATH = "/jog"
SIZES = {"small": (0.002, 0.0175), "middle": (0.01, 0.0873), "large": (0.05, 0.262)}
"""Of a step: metres, and radians of a turn."""
WAYS = {
    "x+": (1, 0, 0, 0),
    "x-": (-1, 0, 0, 0),
    "y+": (0, 1, 0, 0),
    "y-": (0, -1, 0, 0),
    "z+": (0, 0, 1, 0),
    "z-": (0, 0, -1, 0),
    "turn+": (0, 0, 0, 1),
    "turn-": (0, 0, 0, -1),
}
"""Along the axes of the base frame, and about its vertical."""
# As they lie on the card, the operator opposite the robot.
_ROWS = (("z+", "x-", "turn+"), ("y-", "", "y+"), ("z-", "x+", "turn-"))
_SIGNS = {"x+": "↓", "x-": "↑", "y+": "→", "y-": "←", "z+": "⤒", "z-": "⤓", "turn+": "↺", "turn-": "↻"}
_SCRIPT = Path(__file__).parent / "static" / "jog.js"
# Letters of a message of a button.
_LONGEST = 200


class JogCard:
    """Shown to whom it is for, while the cell rests."""

    def __init__(self, words: Words, visitor: Visitor) -> None:
        self._visitor = visitor
        with ui.element("section").classes("card jog").mark("jog") as self._card:
            ui.label(words("jog.title")).classes("heading").props("role=heading aria-level=2")
            ui.html(_buttons(words), sanitize=False)
        ui.add_body_html(f"<script>{_SCRIPT.read_text(encoding='utf-8')}</script>")

    def update(self, state: CellState) -> None:
        """Show or hide it."""
        self._card.set_visibility(situation(state).may_start and not self._visitor.refused("jog"))


def _buttons(words: Words) -> str:
    sizes = "".join(
        f'<label><input type="radio" name="jog-size" value="{name}"{" checked" * (name == "middle")}>'
        f"{1e3 * length:.0f} mm · {turn / 0.017453:.0f}°</label>"
        for name, (length, turn) in SIZES.items()
    )
    ways = "".join(
        f'<button type="button" data-way="{way}" aria-label="{html.escape(words(f"jog.{way}"))}"'
        f' title="{html.escape(words(f"jog.{way}"))}">{_SIGNS[way]}</button>'
        if way
        else "<span></span>"
        for row in _ROWS
        for way in row
    )
    return (
        f'<div class="sizes" role="radiogroup" aria-label="{html.escape(words("jog.size"))}">{sizes}</div>'
        f'<div class="ways" data-language="{words.language}">{ways}</div>'
        f'<p class="soft">{html.escape(words("jog.hint"))}</p>'
        '<p class="said" role="status" aria-live="polite"></p>'
    )


def jog_route(desk: Desk, visitor_of: Any) -> WebSocketRoute:
    """The websocket of the buttons. visitor_of: who is at the other end of it."""

    async def serve(socket: WebSocket) -> None:
        await socket.accept()
        await Buttons(desk, visitor_of(socket), socket).serve()

    return WebSocketRoute(PATH, serve)


class Buttons:
    """The buttons of one page: one step at a time, which ends when its button is let go or falls silent."""

    def __init__(self, desk: Desk, visitor: Visitor, socket: WebSocket) -> None:
        self._desk, self._visitor, self._socket = desk, visitor, socket
        self._words = words_of(socket.query_params.get("language", "en"))
        self._key = ""
        self._step: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Until the page has gone; then nothing is held any more."""
        try:
            while True:
                self._take(await self._socket.receive_text())
        except (WebSocketDisconnect, KeyError, RuntimeError):  # KeyError: what came is no text
            pass
        finally:
            self._let_go()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close()

    def _take(self, text: str) -> None:
        try:
            message = json.loads(text) if len(text) <= _LONGEST else None
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self._let_go()
        elif message.get("hold") is True:
            if self._key:
                self._desk.cell.hold(self._key)
        elif (way := message.get("press")) in (*WAYS,) and (size := message.get("size")) in (*SIZES,):
            self._let_go()
            if self._step is None or self._step.done():
                self._key = self._desk.new_key()
                self._step = asyncio.create_task(self._press(self._key, str(way), str(size)))
        else:
            self._let_go()

    async def _press(self, key: str, way: str, size: str) -> None:
        x, y, z, turn = WAYS[way]
        length, angle = SIZES[size]
        step = (x * length, y * length, z * length, turn * angle)
        answer = await self._desk.jog(self._visitor, key, step, f"{way} {size}")
        if self._key == key:
            self._key = ""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(json.dumps({"said": self._said(answer)}))

    def _said(self, answer: Answer) -> str:
        reason = answer.names.get("reason", "")
        known = f"said.{reason}"
        names = {"reason": self._words(known) if known in self._words.keys() else reason}  # noqa: SIM118
        return self._words(f"said.{answer.key}", **names)

    def _let_go(self) -> None:
        if self._key:
            self._desk.cell.release(self._key)
            self._key = ""
