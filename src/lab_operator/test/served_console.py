"""A console in a process of its own, as NiceGUI serves one a process: `python -m served_console JSON`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from test_desk import RecordedCell

from lab_description import load_cell
from lab_operator.action_log import ActionLog
from lab_operator.desk import Desk
from lab_operator.parameters import ConsoleParameters
from lab_operator.server import Server

JPEG = b"\xff\xd8 a picture \xff\xd9"


class ShownCell(RecordedCell):
    """Grants everything and keeps what it was asked; it has a picture."""

    cell = load_cell("ur5e_table")

    def picture(self):
        return time.monotonic(), JPEG


@contextlib.contextmanager
def served(folder: Path, **parameters: object) -> Iterator[tuple[str, int]]:
    """Address and port. What is asked of its cell is in folder/console.jsonl."""
    given = {"port": 20_000 + os.getpid() % 10_000, "runs": str(folder), "panels": ["camera"], **parameters}
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", "import served_console; served_console.main()", json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    with process:  # which waits for it in the end
        # viser says something too
        said = next((line.split() for line in process.stdout if line.startswith("http")), None)
        assert said, "the console did not come up"
        try:
            yield said[0], int(said[1])
            assert process.poll() is None, "the console has ended"
        finally:
            process.stdin.close()


def main() -> None:
    """Serve until the input ends."""
    parameters = ConsoleParameters(**json.loads(sys.argv[1]))
    cell = ShownCell()
    desk = Desk(cell, ActionLog(Path(parameters.runs) / "console.jsonl", lambda said: None))
    server = Server(cell, desk)
    address = server.start(parameters)
    twins = [panel._twin.port for name, panel in server._panels if name == "twin"]
    print(address, twins[0] if twins else 0, flush=True)
    sys.stdin.read()
    server.stop()
