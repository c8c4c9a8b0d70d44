"""Python's signal handlers, kept from a library that installs its own."""

from __future__ import annotations

import contextlib
import ctypes
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def kept_signal_handlers() -> Iterator[None]:
    """Handlers of SIGINT and SIGTERM as they were: moveit_py starts rclcpp, which takes them for itself.

    By Python's C interface, because signal.signal() works in the main thread only.
    """
    api = ctypes.pythonapi
    api.PyOS_getsig.restype = api.PyOS_setsig.restype = ctypes.c_void_p
    api.PyOS_getsig.argtypes = [ctypes.c_int]
    api.PyOS_setsig.argtypes = [ctypes.c_int, ctypes.c_void_p]
    handlers = {number: api.PyOS_getsig(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            api.PyOS_setsig(number, handler)
