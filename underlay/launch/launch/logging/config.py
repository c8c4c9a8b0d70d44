"""Where the log of a launch goes and what its lines look like."""

from __future__ import annotations

import datetime
import logging
import os
import socket
import sys
import warnings
from collections.abc import Callable
from typing import Literal

from . import handlers

FormatStyle = Literal["%", "{", "$"]

_SCREEN_ALIASES = {
    "default": "[{levelname}] [{name}]: {msg}",
    "default_with_timestamp": "{created:.7f} [{levelname}] [{name}]: {msg}",
}
_FILE_ALIASES = {"default": "{created:.7f} [{levelname}] [{name}]: {msg}"}


def logging_directory() -> str:
    """ROS_LOG_DIR if it is set, else ROS_HOME/log, else ~/.ros/log."""
    directory = os.environ.get("ROS_LOG_DIR")
    if not directory:
        home = os.environ.get("ROS_HOME") or os.path.join("~", ".ros")
        directory = os.path.join(home, "log")
    return os.path.normpath(os.path.expanduser(directory))


def _make_run_directory(base: str) -> str:
    """A new folder named after time, host and process."""
    while True:
        now = datetime.datetime.now().strftime("%Y-%m-%d-%H-%M-%S-%f")
        directory = os.path.join(base, f"{now}-{socket.gethostname()}-{os.getpid()}")
        try:
            os.makedirs(directory)
        except FileExistsError:
            continue
        return directory


def _point_latest_at(directory: str) -> None:
    """Renew the link `latest`; a warning if that is not possible, never an error."""
    link = os.path.join(os.path.dirname(directory), "latest")
    try:
        if os.path.islink(link):
            os.unlink(link)
        os.symlink(directory, link, target_is_directory=True)
    except OSError as error:
        warnings.warn(f"Cannot create a symlink to latest log directory: {error}", stacklevel=2)


class _ScreenStream:
    """Standard output of the moment: whoever replaces sys.stdout later still gets the lines."""

    def write(self, text: str) -> None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))

    def flush(self) -> None:
        sys.stdout.flush()


class LaunchConfig:
    """Logging of this process: level, folder, formats and the handlers that all loggers share."""

    def __init__(self) -> None:
        self.file_handlers: dict[str, logging.Handler] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the defaults; a new folder is made when it is first needed."""
        for handler in self.file_handlers.values():
            handler.close()
        self._log_dir: str | None = None
        self.log_file_name = "launch.log"
        self.file_handlers = {}
        self.screen_handler: handlers.StreamHandler | None = None
        self.screen_formatter: logging.Formatter | None = None
        self.file_formatter: logging.Formatter | None = None
        self.log_handler_factory: Callable[..., logging.Handler] = handlers.WatchedFileHandler
        logging.root.setLevel(logging.INFO)
        self.set_screen_format("default")
        self.set_log_format("default")

    @property
    def level(self) -> int:
        """Level of every logger that has none of its own."""
        return logging.root.getEffectiveLevel()

    @level.setter
    def level(self, new_level: int) -> None:
        logging.root.setLevel(new_level)

    @property
    def log_dir(self) -> str:
        """Folder of this run's log files; made when first asked for."""
        if self._log_dir is None:
            self._log_dir = _make_run_directory(logging_directory())
            _point_latest_at(self._log_dir)
        return self._log_dir

    @log_dir.setter
    def log_dir(self, new_log_dir: str | None) -> None:
        if new_log_dir is not None:
            if self.file_handlers:
                warnings.warn(
                    f"Loggers have been already configured to output to log files below {self._log_dir}. "
                    "Proceed at your own risk.",
                    stacklevel=2,
                )
            if not os.path.isdir(new_log_dir):
                raise ValueError(f"{new_log_dir} is not a directory")
        self._log_dir = new_log_dir

    def set_screen_format(
        self, screen_format: str | None, *, screen_style: FormatStyle | None = None
    ) -> None:
        """Format of lines on the screen: an alias or a logging format; OVERRIDE_LAUNCH_SCREEN_FORMAT wins."""
        self.screen_formatter = _formatter(
            screen_format, screen_style, _SCREEN_ALIASES, "OVERRIDE_LAUNCH_SCREEN_FORMAT", "screen"
        )
        if self.screen_handler is not None and self.screen_formatter is not None:
            self.screen_handler.setFormatter(self.screen_formatter)

    def set_log_format(self, log_format: str | None, *, log_style: FormatStyle | None = None) -> None:
        """Format of lines in the log files: an alias or a logging format; OVERRIDE_LAUNCH_LOG_FORMAT wins."""
        self.file_formatter = _formatter(
            log_format, log_style, _FILE_ALIASES, "OVERRIDE_LAUNCH_LOG_FORMAT", "log"
        )
        if self.file_formatter is not None:
            for handler in self.file_handlers.values():
                handler.setFormatter(self.file_formatter)

    def get_screen_handler(self) -> handlers.StreamHandler:
        """The one handler that writes to the screen."""
        if self.screen_handler is None:
            self.screen_handler = handlers.StreamHandler(_ScreenStream())
            self.screen_handler.setFormatter(self.screen_formatter)
        return self.screen_handler

    def get_log_file_path(self, file_name: str = "launch.log") -> str:
        """Path of a log file of this run."""
        return os.path.join(self.log_dir, file_name)

    def get_log_file_handler(self, file_name: str = "launch.log") -> logging.Handler:
        """The one handler that writes to this log file."""
        if file_name not in self.file_handlers:
            handler = self.log_handler_factory(self.get_log_file_path(file_name), encoding="utf-8")
            handler.setFormatter(self.file_formatter)
            self.file_handlers[file_name] = handler
        return self.file_handlers[file_name]


def _formatter(
    text: str | None, style: FormatStyle | None, aliases: dict[str, str], variable: str, what: str
) -> logging.Formatter | None:
    override = os.environ.get(variable)
    if override:
        # Escapes such as \x1b arrive as text from the shell.
        text, style = override.encode("latin1").decode("unicode_escape"), "{"
    if text is None:
        return None
    if text in aliases:
        if style is not None and not override:
            raise ValueError(f'Cannot set a custom format style for the "{text}" {what} format.')
        text = aliases[text]
    return logging.Formatter(text, style=style or "{")


launch_config = LaunchConfig()
