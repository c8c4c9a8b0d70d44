"""What the camera sees, as a stream of JPEG pictures that every browser shows by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from nicegui import ui
from starlette.responses import StreamingResponse
from starlette.routing import Route

from lab_operator.panels.port import PanelContext, Update, Width
from lab_operator.state import CellState
from lab_operator.words import Words, words_of

PATH = "/camera"
# Seconds between two looks for a new picture, and without one until that is said.
_PERIOD, _SILENCE = 0.1, 2.0


class CameraPanel:
    """A picture at most ten times a second; a slow browser gets fewer, never old ones."""

    width: Width = "side"

    def __init__(self, context: PanelContext) -> None:
        self._picture = context.picture

    def title(self, language: str) -> str:
        """Its heading."""
        return words_of(language)("panel.camera")

    def build(self, words: Words) -> Update:
        """The picture, and a note when it is old."""
        with ui.element("div").classes("view"):
            ui.element("img").props(f'src="{PATH}" alt="{words("panel.camera")}"')
            note = ui.label().classes("note")

        def update(state: CellState) -> None:
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
