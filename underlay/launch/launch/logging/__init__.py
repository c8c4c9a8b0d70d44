"""Logging of a launch: its own messages, and the output of the processes that it started."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from . import handlers
from .config import LaunchConfig, launch_config

__all__ = [
    "LaunchConfig",
    "get_logger",
    "get_output_loggers",
    "handlers",
    "launch_config",
    "log_launch_config",
    "reset",
]

_OUTPUT_ALIASES: dict[str, dict[str, set[str]]] = {
    "screen": {"both": {"screen"}},
    "log": {"both": {"log"}, "stderr": {"screen"}},
    "both": {"both": {"log", "screen"}},
    "own_log": {"both": {"own_log"}, "stdout": {"own_log"}, "stderr": {"own_log"}},
    "full": {"both": {"screen", "log", "own_log"}, "stdout": {"own_log"}, "stderr": {"own_log"}},
}


def log_launch_config(*, logger: logging.Logger = logging.root) -> None:
    """Tell the user where the log files are."""
    if launch_config.file_handlers:
        logger.info(f"All log files can be found below {launch_config.log_dir}")
    logger.info(f"Default logging verbosity is set to {logging.getLevelName(launch_config.level)}")


def get_logger(name: str | None = None) -> logging.Logger:
    """A logger that writes to the screen and to the log file of the launch."""
    logger = logging.getLogger(name)
    for handler in (
        launch_config.get_screen_handler(),
        launch_config.get_log_file_handler(launch_config.log_file_name),
    ):
        _add_once(logger, handler)
    return logger


def get_output_loggers(
    process_name: str, output_config: str | Mapping[str, Any]
) -> tuple[logging.Logger, logging.Logger]:
    """Loggers for standard output and standard error of a process.

    output_config: 'screen', 'log' (both into the launch's log file, standard error to the screen too),
    'both', 'own_log', 'full', or a mapping of 'stdout', 'stderr', 'both' to 'screen', 'log', 'own_log' or
    several of them. Raises ValueError for anything else.
    """
    output = _normalize_output_configuration(output_config)
    loggers = []
    for source in ("stdout", "stderr"):
        logger = logging.getLogger(f"{process_name}-{source}")
        destinations = output["both"] | output[source]
        if "screen" in destinations:
            screen = launch_config.get_screen_handler()
            screen.setFormatterFor(logger, logging.Formatter("{msg}", style="{"))
            _add_once(logger, screen)
        if "log" in destinations:
            log_file = launch_config.get_log_file_handler()
            if isinstance(log_file, handlers.FileHandler | handlers.WatchedFileHandler):
                log_file.setFormatterFor(logger, logging.Formatter("{created:.7f} {msg}", style="{"))
            _add_once(logger, log_file)
        if "own_log" in output[source]:
            _add_own_log(logger, f"{process_name}-{source}.log")
        if "own_log" in output["both"]:
            _add_own_log(logger, f"{process_name}.log")
        loggers.append(logger)
    return loggers[0], loggers[1]


def _add_own_log(logger: logging.Logger, file_name: str) -> None:
    handler = launch_config.get_log_file_handler(file_name)
    handler.setFormatter(logging.Formatter("{msg}", style="{"))
    _add_once(logger, handler)


def _add_once(logger: logging.Logger, handler: logging.Handler) -> None:
    if handler not in logger.handlers:
        logger.addHandler(handler)


def _normalize_output_configuration(config: str | Mapping[str, Any]) -> dict[str, set[str]]:
    normalized: dict[str, set[str]] = {"both": set(), "stdout": set(), "stderr": set()}
    if isinstance(config, str):
        if config not in _OUTPUT_ALIASES:
            raise ValueError(f'{config} is not a valid standard output config i.e. "screen", "log" or "both"')
        config = _OUTPUT_ALIASES[config]
    if not isinstance(config, Mapping):
        raise ValueError(f"{config} is not a valid output configuration")
    for source, destinations in config.items():
        if source not in normalized:
            raise ValueError(f'{source} is not a valid output source i.e. "stdout", "stderr" or "both"')
        if isinstance(destinations, str):
            destinations = {destinations}
        for destination in destinations:
            if destination not in ("screen", "log", "own_log"):
                raise ValueError(
                    f'{destination} is not a valid output destination i.e. "screen", "log" or "own_log"'
                )
        normalized[source] = set(destinations)
    return normalized


class LaunchLogger(logging.getLoggerClass()):  # type: ignore[misc]
    """A logger that hands nothing to its parent: every logger writes to its own handlers, once."""

    all_loggers: ClassVar[list[logging.Logger]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.propagate = False
        LaunchLogger.all_loggers.append(self)


def reset() -> None:
    """Forget handlers, levels and the folder; needed between two independent launches of one process."""
    for logger in LaunchLogger.all_loggers:
        logger.setLevel(logging.NOTSET)
        del logger.handlers[:]
    launch_config.reset()
    logging.setLoggerClass(LaunchLogger)


reset()
