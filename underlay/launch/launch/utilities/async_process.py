"""One process in an asyncio loop, with its output as it comes."""

from __future__ import annotations

import asyncio
import functools
import os
import pty
import signal
from collections.abc import Callable
from typing import Any

# A child of the process may hold its pipes open; nobody waits longer than this for output after the exit.
DRAIN_SECONDS = 0.5

OnStart = Callable[[int], None]
OnOutput = Callable[[int, bytes], None]


class AsyncProcess(asyncio.SubprocessProtocol):
    """A started process. `complete` holds its return code once it has ended and its output has been read."""

    def __init__(self, on_start: OnStart, on_output: OnOutput) -> None:
        self._on_start = on_start
        self._on_output = on_output
        self._transport: asyncio.SubprocessTransport | None = None
        self._terminals: list[asyncio.BaseTransport] = []
        self._open_streams: set[int] = set()
        self._drain_limit: asyncio.TimerHandle | None = None
        self.complete: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.pid = 0

    @property
    def returncode(self) -> int | None:
        """Exit status, minus the signal's number if a signal ended it, None while it runs."""
        return None if self._transport is None else self._transport.get_returncode()

    def send_signal(self, signum: signal.Signals) -> None:
        """ProcessLookupError if the process has ended."""
        if self._transport is None:
            raise ProcessLookupError
        self._transport.send_signal(signum)

    def close(self) -> None:
        """Let go of pipes; kills the process if it still runs."""
        for terminal in self._terminals:
            terminal.close()
        if self._transport is not None:
            self._transport.close()

    # Calls of asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport
        self.pid = transport.get_pid()
        self._open_streams.update(fd for fd in (1, 2) if transport.get_pipe_transport(fd) is not None)
        self._on_start(self.pid)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._on_output(fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._stream_closed(fd)

    def process_exited(self) -> None:
        if self._open_streams:
            self._drain_limit = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._finish)
        else:
            self._finish()

    def attach_terminal(self, fd: int) -> None:
        """The stream goes through a terminal of ours, not through a pipe."""
        self._open_streams.add(fd)

    def keep(self, terminal: asyncio.BaseTransport) -> None:
        """Close this transport with the process."""
        self._terminals.append(terminal)

    def _stream_closed(self, fd: int) -> None:
        self._open_streams.discard(fd)
        if not self._open_streams and self.returncode is not None:
            self._finish()

    def _finish(self) -> None:
        if self._drain_limit is not None:
            self._drain_limit.cancel()
        if not self.complete.done():
            returncode = self.returncode
            self.complete.set_result(0 if returncode is None else returncode)


class _Terminal(asyncio.Protocol):
    """Hands what a process writes to a pseudo terminal to the process's protocol."""

    def __init__(self, process: AsyncProcess, fd: int) -> None:
        self._process = process
        self._fd = fd

    def data_received(self, data: bytes) -> None:
        self._process.pipe_data_received(self._fd, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._process.pipe_connection_lost(self._fd, exc)


async def start_process(
    cmd: list[str],
    *,
    cwd: str | None,
    env: dict[str, str] | None,
    shell: bool,
    emulate_tty: bool,
    on_start: OnStart,
    on_output: OnOutput,
) -> AsyncProcess:
    """Start a process in our process group, so that Ctrl-C reaches it; OSError if that is not possible.

    on_start(pid) is called before on_output(1 or 2, bytes).
    """
    loop = asyncio.get_running_loop()
    terminals: dict[int, tuple[int, int]] = {fd: pty.openpty() for fd in (1, 2)} if emulate_tty else {}
    streams: dict[str, Any] = {}
    if terminals:
        streams = {"stdout": terminals[1][1], "stderr": terminals[2][1]}

    process = AsyncProcess(on_start, on_output)
    try:
        if shell:
            await loop.subprocess_shell(lambda: process, " ".join(cmd), cwd=cwd, env=env, **streams)
        else:
            await loop.subprocess_exec(lambda: process, *cmd, cwd=cwd, env=env, **streams)
    except BaseException:
        for master, _ in terminals.values():
            os.close(master)
        raise
    finally:
        for _, slave in terminals.values():
            os.close(slave)
    for fd, (master, _) in terminals.items():
        process.attach_terminal(fd)
        terminal, _ = await loop.connect_read_pipe(
            functools.partial(_Terminal, process, fd), os.fdopen(master, "rb", 0)
        )
        process.keep(terminal)
    return process
