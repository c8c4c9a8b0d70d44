"""Log handlers that can format one logger's records differently from the others'."""

import logging
from logging.handlers import WatchedFileHandler as _WatchedFileHandler


class _FormatterPerLogger(logging.Handler):
    """Adds setFormatterFor(): the lines of a process carry no level, those of the launch do."""

    def setFormatterFor(self, logger: logging.Logger, formatter: logging.Formatter | None) -> None:
        """Use the formatter for records of this logger only; None goes back to the common one."""
        formatters = self.__dict__.setdefault("_formatters", {})
        if formatter is None:
            formatters.pop(logger.name, None)
        else:
            formatters[logger.name] = formatter

    def getFormatterFor(self, logger: logging.Logger) -> logging.Formatter | None:
        """The formatter of this logger, else the common one."""
        formatters: dict[str, logging.Formatter] = self.__dict__.get("_formatters", {})
        return formatters.get(logger.name, self.formatter)

    def unsetFormatterFor(self, logger: logging.Logger) -> None:
        """Go back to the common formatter for this logger."""
        self.setFormatterFor(logger, None)

    def format(self, record: logging.LogRecord) -> str:
        formatter = self.__dict__.get("_formatters", {}).get(record.name)
        return formatter.format(record) if formatter is not None else super().format(record)


class StreamHandler(_FormatterPerLogger, logging.StreamHandler):  # type: ignore[type-arg]
    """To a stream."""


class FileHandler(_FormatterPerLogger, logging.FileHandler):
    """To a file."""


class WatchedFileHandler(_FormatterPerLogger, _WatchedFileHandler):
    """To a file that may be rotated away by others."""


__all__ = ["FileHandler", "StreamHandler", "WatchedFileHandler"]
