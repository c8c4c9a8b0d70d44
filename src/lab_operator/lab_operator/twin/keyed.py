"""Viser's own port answers to its console alone: to requests that carry a key which nobody else knows.

Viser opens a websocket server on a port of this machine and looks neither at `Origin` nor at `Host`: a page
of any site that is open in a browser here could connect to it and read the cell, and so could every program.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websockets.asyncio.server

HEADER = "X-Console-Key"


@contextmanager
def served_for(key: str) -> Iterator[None]:
    """A viser server that is made within asks for the key.

    Viser hands no check of ours on to `websockets`: that library's `serve` is wrapped while viser calls it.
    """
    serve = websockets.asyncio.server.serve

    def keyed(*arguments: Any, **options: Any) -> Any:
        theirs = options.get("process_request")

        def admit(connection: Any, request: Any) -> Any:
            given = request.headers.get_all(HEADER)
            if len(given) != 1 or not secrets.compare_digest(given[0].encode(), key.encode()):
                return connection.respond(403, "This model is shown by its console only.\n")
            return None if theirs is None else theirs(connection, request)

        return serve(*arguments, **{**options, "process_request": admit})

    websockets.asyncio.server.serve = keyed  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        websockets.asyncio.server.serve = serve  # type: ignore[misc]
