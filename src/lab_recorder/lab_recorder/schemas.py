"""Definitions of message types as MCAP wants them ("ros2msg"): a type and all that it holds, as text."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

_SEPARATOR = "=" * 80
_FIELD = re.compile(r"^\s*([A-Za-z]\w*(?:/\w+)?)(?:<=\d+)?(?:\[[^\]]*\])?\s+[a-z]\w*\s*(?:#.*|[^=\s#].*)?$")
_BUILT_IN = re.compile(r"(bool|byte|char|float(32|64)|u?int(8|16|32|64)|w?string)$")


@cache
def schema_text(kind: str) -> str:
    """The definition of a type such as `sensor_msgs/msg/Image`, those of its fields appended.

    Raises LookupError when the package or the file of a type is not installed.
    """
    first = _definition(kind)
    parts, waiting, seen = [first], _types(kind, first), {kind}
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        text = _definition(name)
        package, _, message = name.split("/")
        parts.append(f"{_SEPARATOR}\nMSG: {package}/{message}\n{text}")
        waiting += _types(name, text)
    return "\n".join(parts)


def _definition(kind: str) -> str:
    package, _, name = kind.split("/")
    path = Path(get_package_share_directory(package)) / "msg" / f"{name}.msg"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LookupError(f"{path}: cannot be read: {error.strerror}") from error


def _types(kind: str, text: str) -> list[str]:
    """Types of the fields of a definition that are messages themselves."""
    package, found = kind.split("/")[0], []
    for line in text.splitlines():
        match = _FIELD.match(line)
        if match is None or _BUILT_IN.match(match[1]):
            continue
        name = match[1]
        found.append(name.replace("/", "/msg/") if "/" in name else f"{package}/msg/{name}")
    return found
