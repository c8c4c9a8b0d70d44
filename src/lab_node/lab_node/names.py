"""Names in the graph of ROS: all those of a cell are relative, and its namespace comes in front here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lab_core.errors import ConfigurationError

COMMON = ("/clock", "/diagnostics", "/rosout", "/tf", "/tf_static")
"""Names that ROS has for everybody; a cell in a namespace has its own of each."""
LONGEST = 100
"""Characters of a namespace: names of ROS end at 256, and the topics of an action add to the cell's."""
_NAMESPACE = re.compile(r"/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_ENCLAVES = "/lab"


def namespace_from(text: str) -> str:
    """A namespace as it stands in front of a name: "/left" of "left" or "/left", "" of "" or "/".

    Raises ConfigurationError.
    """
    if text in ("", "/"):
        return ""
    if not _NAMESPACE.fullmatch(text) or len(text) > LONGEST:
        raise ConfigurationError(
            f"namespace '{text[:LONGEST]}' is no name: expected letters, digits and _, no digit first, with /"
            f" between its parts, {LONGEST} characters at most, such as 'left' or 'hall_2/left'"
        )
    return f"/{text.lstrip('/')}"


def resolve(name: str, namespace: str = "") -> str:
    """The absolute name in the graph of a name that the cell uses; namespace: of namespace_from."""
    return f"{namespace}{name}" if name in COMMON else name if name.startswith("/") else f"{namespace}/{name}"


def within(name: str, namespace: str, others: Iterable[str] = ()) -> str | None:
    """What the cell of a namespace calls an absolute name; None when it is not this cell's.

    others: namespaces of other cells, which may lie within this one, or around it.
    """
    if not name.startswith(f"{namespace}/"):
        return None
    deeper = (each for each in others if len(each) > len(namespace))
    return None if any(name.startswith(f"{each}/") for each in deeper) else name[len(namespace) :]


def enclave(node: str, namespace: str = "") -> str:
    """Where the keys of a node are in a keystore; docs/security.md."""
    return f"{_ENCLAVES}{namespace}/{node}"


def remappings(namespace: str) -> list[tuple[str, str]]:
    """From and to, of the names that ROS has for everybody, in a namespace."""
    return [(name, resolve(name, namespace)) for name in COMMON] if namespace else []


def ros_arguments(node: str, namespace: str) -> list[str]:
    """Of a process that looks at a cell: the enclave of its node, and the cell's namespace."""
    rules = [f"{source}:={target}" for source, target in remappings(namespace)]
    rules += [f"__ns:={namespace}"] if namespace else []
    return ["--ros-args", "--enclave", enclave(node, namespace), *(w for rule in rules for w in ("-r", rule))]
