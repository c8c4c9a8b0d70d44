"""What the camera sees, as a stream of JPEG pictures that every browser shows by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.responses import StreamingResponse
from starlette.routing import Route

from lab_operator.panels.port import PanelContext, Update, Width
from lab_operator.pointing import part_at, pixel_at
from lab_operator.state import CellState
from lab_operator.words import Words, words_of

PATH = "/camera"
# Seconds between two looks for a new picture, and without one until that is said.
_PERIOD, _SILENCE = 0.1, 2.0


# What the browser tells of a click in the picture.
_LARGEST = 1e5
_CLICK = "(e) => emit(e.offsetX, e.offsetY, e.target.clientWidth, e.target.clientHeight)"


class CameraPanel:
    """A picture at most ten times a second; a slow browser gets fewer, never old ones. A part that is clicked
    on, or its button, is what is to be moved: it is written there, and nothing begins.
    """

    width: Width = "side"

    def __init__(self, context: PanelContext) -> None:
        self._picture, self._state, self._cell = context.picture, context.state, context.cell
        self._write_order = context.write_order

    def title(self, language: str) -> str:
        """Its heading."""
        return words_of(language)("panel.camera")

    def build(self, words: Words) -> Update:
        """The picture, and a note when it is old."""
        with ui.element("div").classes("view"):
            picture = ui.element("img").props(f'src="{PATH}" alt="{words("panel.camera")}"')
            picture.on("click", self._point, js_handler=_CLICK)
            note = ui.label().classes("note")
        parts = ui.element("div").classes("buttons").mark("parts")
        listed: tuple[str, ...] = ()

        def update(state: CellState) -> None:
            nonlocal listed
            names = _names(state)
            if names != listed:
                listed = names
                parts.clear()
                with parts:
                    for name in names:
                        button = ui.button(name, on_click=lambda name=name: self._write_order(name))
                        button.props("flat dense no-caps color=grey-9")
            newest = self._picture()
            age = None if newest is None else time.monotonic() - newest[0]
            note.set_visibility(age is None or age > _SILENCE)
            note.set_text(
                words("camera.none") if age is None else words("camera.silent", seconds=f"{age:.0f}")
            )

        return update

    def routes(self) -> list[Any]:
        """The stream."""
        return [Route(PATH, self._serve)]

    def close(self) -> None:
        """Nothing to let go of."""

    def _point(self, event: GenericEventArguments) -> None:
        scene, given = self._state().scene, event.args
        if scene is None or not isinstance(given, list) or len(given) != 4:
            return
        if not all(isinstance(each, int | float) and abs(each) < _LARGEST for each in given):
            return
        x, y, width, height = given
        pixel = pixel_at((x, y), (width, height), self._cell.camera.pinhole)
        part = None if pixel is None else part_at(pixel, scene, self._cell)
        if part is not None:
            self._write_order(part.id)

    async def _serve(self, request: Any) -> StreamingResponse:
        return StreamingResponse(self._pictures(), media_type="multipart/x-mixed-replace; boundary=picture")

    async def _pictures(self) -> AsyncIterator[bytes]:
        shown = 0.0
        while True:
            newest = self._picture()
            if newest is not None and newest[0] != shown:
                shown, jpeg = newest
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                # a browser shows a picture when it sees that the next one begins
                yield head.encode() + jpeg + b"\r\n"
            await asyncio.sleep(_PERIOD)


def _names(state: CellState) -> tuple[str, ...]:
    """Of the parts that lie there, as perception counts them."""
    if state.scene is None:
        return ()
    return tuple(part.id for part in state.scene.objects if part.id != state.held)
