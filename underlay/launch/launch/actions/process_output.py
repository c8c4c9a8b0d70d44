"""Output of a process, line by line, into a logger."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Callable


class OutputLines:
    """Collects bytes of one stream; logs every complete line with its prefix."""

    def __init__(self, format_line: Callable[[str], str], *, cached: bool) -> None:
        """format_line: adds the prefix. cached: keep all text."""
        self._format_line = format_line
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._unfinished = ""
        self._cache: list[str] | None = [] if cached else None

    def write(self, data: bytes, logger: logging.Logger) -> None:
        """Log the lines that these bytes complete."""
        text = self._decoder.decode(data)
        if self._cache is not None:
            self._cache.append(text)
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        for line in lines:
            logger.info(self._format_line(line))

    def flush(self, logger: logging.Logger) -> None:
        """Log what the process did not end with a line break."""
        if self._unfinished:
            logger.info(self._format_line(self._unfinished))
        self._unfinished = ""

    def text(self) -> str:
        """All text so far; RuntimeError if it was not to be kept."""
        if self._cache is None:
            raise RuntimeError
        return "".join(self._cache)
