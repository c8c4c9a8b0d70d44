"""Where the configuration is, and which cells, robots, grippers and cameras it holds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from lab_core.errors import ConfigurationError

# longer ones are no file names
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def config_directory() -> Path:
    """The installed configuration (share/lab_bringup/config), else the one in the repository of this file.

    Raises ConfigurationError when there is neither.
    """
    try:
        from ament_index_python.packages import get_package_share_directory

        installed = Path(get_package_share_directory("lab_bringup")) / "config"
        if installed.is_dir():
            return installed
    except (ImportError, LookupError, OSError):  # no ROS environment: plain Python beside the sources
        pass
    for folder in Path(__file__).resolve().parents:
        if (folder / "config" / "cells").is_dir():
            return folder / "config"
    raise ConfigurationError(
        "no configuration found: build and source the workspace, so that lab_bringup is installed"
    )


def find(kind: str, name: str | Path, folders: Sequence[Path] = ()) -> Path:
    """The file of a name (or the path itself) of a kind such as "robots"; the first folder that has it wins.

    Raises ConfigurationError that lists the names that exist.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        path = Path(text).expanduser()
        try:
            if path.is_file():
                return path
        except OSError as error:
            raise ConfigurationError(f"{text[:100]}: {error.strerror}") from error
        raise ConfigurationError(f"{path}: no such file, expected the YAML of one of the {kind}")
    valid = _NAME.fullmatch(text) is not None
    for folder in folders:
        if valid and (folder / kind / f"{text}.yaml").is_file():
            return folder / kind / f"{text}.yaml"
    folders = [*folders, config_directory()]
    if valid and (folders[-1] / kind / f"{text}.yaml").is_file():
        return folders[-1] / kind / f"{text}.yaml"
    known = sorted({path.stem for folder in folders for path in (folder / kind).glob("*.yaml")})
    close = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise ConfigurationError(
        f"no {kind.removesuffix('s')} '{text[:100]}'; {hint}{kind} are {', '.join(known) or 'none'}"
    )
