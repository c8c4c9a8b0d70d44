"""Files that somebody else wrote: read as far as a limit, and only where there is a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lab_core.errors import ConfigurationError


def read_bounded(path: Path, most: int) -> bytes:
    """Content of a file of at most so many bytes.

    Raises ConfigurationError, which names the file, when it is absent, larger, or none: a device has no end,
    and a pipe without a writer would be waited for.
    """
    try:
        # without O_NONBLOCK the opening of a pipe waits for its writer
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigurationError(f"{path}: is not a file, and is not read")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise ConfigurationError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    if len(content) > most:
        raise ConfigurationError(f"{path}: too large, at most {_size(most)} are read")
    return content


def read_bounded_text(path: Path, most: int) -> str:
    """The same as UTF-8 text. Raises ConfigurationError, also when it is none."""
    try:
        return read_bounded(path, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text at byte {error.start}") from error


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"
