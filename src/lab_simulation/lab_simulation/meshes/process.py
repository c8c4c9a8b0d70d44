"""The side of `worker` that lives on: asks, does not wait for ever, tries again without what killed it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from types import TracebackType

from lab_simulation.meshes.pieces import MeshPieces
from lab_simulation.meshes.reading import MeshFile

BODY_SECONDS = 30
"""Of processor time. A body of FELT_FACES triangles that needs all of MOST_PIECES takes 5, of 20,000 18."""
PATIENCE = 600.0
"""Seconds of the wall without a word: a process that waits for ever takes no processor time."""
MOST_DEATHS = 3
"""Bodies of one file that may end the process; then the file is left out."""

_ENVIRONMENT = {"MUJOCO_GL": "disable", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Of the process: it draws nothing, and there is one of it for each core."""


class MeshProcess:
    """Context manager: a process that reads one file after another, begun anew when it ends."""

    def __init__(self, body_seconds: int = BODY_SECONDS) -> None:
        """body_seconds: of processor time, for cutting one body."""
        self._body_seconds = body_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._closed = False

    def __enter__(self) -> MeshProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; another thread that waits for it goes on, and closes what it reads from."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
            process.wait()

    def read(self, file: MeshFile) -> MeshPieces:
        """Pieces of a file, or why it is refused: always an answer."""
        hulls: dict[int, str] = {}
        for _ in range(MOST_DEATHS + 1):
            body, answer = self._ask(file, hulls)
            if isinstance(answer, MeshPieces):
                return answer
            if self._closed:
                break
            if body == 0:
                return MeshPieces(refused=f"reading it {answer}; simplify the mesh, or repair it")
            hulls[body] = f"cutting it into convex pieces {answer}; simplify the mesh, or repair it"
        return MeshPieces(
            refused=f"{len(hulls)} of its bodies cannot be cut; simplify the mesh, or repair it"
        )

    def _ask(self, file: MeshFile, hulls: dict[int, str]) -> tuple[int, MeshPieces | str]:
        """The number of the body that was worked on last, and the answer or how the process ended."""
        connection, body = self._running(), 0
        about = {
            "suffix": file.suffix, "widest": file.widest, "hulls": hulls, "body_seconds": self._body_seconds,
        }  # fmt: skip
        try:
            connection.send_bytes(json.dumps(about).encode())
            connection.send_bytes(file.content)
            while connection.poll(PATIENCE):
                message = connection.recv_bytes()
                if not message.startswith(b"{"):
                    return body, MeshPieces.from_bytes(message)
                body = int(json.loads(message)["body"])
        except (EOFError, OSError, ValueError):
            return body, self._end()
        self._end()
        return body, f"did not come to an end within {PATIENCE:.0f} s"

    def _running(self) -> Connection:
        if self._process is None or self._process.poll() is not None or self._connection is None:
            self._end()
            ours, theirs = socket.socketpair()
            # -P: nothing is imported from the folder in which the user happens to be
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab_simulation.meshes.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,
            )
            theirs.close()
            self._connection = Connection(ours.detach())
        return self._connection

    def _end(self) -> str:
        """How the process ended, which it has now; in words that follow on what it did."""
        process, self._process = self._process, None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if process is None:
            return "was not begun"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)
        process.kill()
        code = process.wait()
        if code == -signal.SIGXCPU:
            return "takes too much processor time"
        if code < 0:
            return f"ends the process that does it ({signal.Signals(-code).name})"
        return f"ends the process that does it (exit code {code})"
