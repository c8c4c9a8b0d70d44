"""A failed pick on disk: what it was decided on, what happened, and with what.

case.json        what failed, and the versions of everything
decision.mcap    what perception, grasping and planning were given, and what they answered
ring.mcap        the last seconds of every topic, for people; a replay does not need it
parameters.yaml  of all nodes
config/          the cell's files as they were
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from lab_core.errors import ConfigurationError
from lab_description import Cell
from lab_description.schema import read_yaml
from lab_description.stored_pairs import matrix_file
from lab_node.bounded_file import read_bounded_text
from lab_recorder.mcap_file import Recorded, read_mcap, write_mcap

DECISION, RING = "decision.mcap", "ring.mcap"
FORMAT = 2
"""2: parts of a scene hold hypotheses."""
MAXIMUM_FACTS = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What case.json holds.

    image: stamp of the image that the grasp was planned on; picked: when the pick began, of the cell's clock;
    nanoseconds, -1 when it never came to it. outcome: name of the code.
    """

    cell: str
    attempt: int
    object_id: str
    outcome: str
    stage: str
    message: str
    image: int
    picked: int
    versions: Mapping[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class Case:
    """A case in memory. parameters: by node and name. messages: of decision.mcap, by topic, oldest first."""

    folder: Path
    facts: CaseFacts
    parameters: Mapping[str, Mapping[str, Any]]
    messages: Mapping[str, list[Recorded]]

    @property
    def cell_file(self) -> Path:
        return self.folder / "config" / "cells" / f"{self.facts.cell}.yaml"


def save_case(
    folder: Path,
    facts: CaseFacts,
    cell: Cell,
    parameters: Mapping[str, Mapping[str, Any]],
    decision: Iterable[Recorded],
    ring: Iterable[Recorded],
) -> None:
    """Write a case; the folder appears when it is complete.

    Raises OSError.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write_mcap(part / DECISION, decision)
    write_mcap(part / RING, ring)
    _copy_configuration(cell, part / "config")
    (part / "parameters.yaml").write_text(
        yaml.safe_dump({node: dict(values) for node, values in parameters.items()}, sort_keys=True),
        encoding="utf-8",
    )
    (part / "case.json").write_text(json.dumps(asdict(facts), indent=1), encoding="utf-8")
    part.replace(folder)


def load_case(folder: Path) -> Case:
    """Read a case.

    Raises ConfigurationError, which names the file and what is wrong with it.
    """
    path = folder / "case.json"
    _refuse_links(folder)
    if not path.exists():
        raise ConfigurationError(f"{path}: is not there; expected the folder of a case")
    try:
        content = json.loads(read_bounded_text(path, MAXIMUM_FACTS))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: not valid JSON: {error}") from error
    facts = _facts(path, content)
    _refuse_files_of_others(folder / "config" / "cells" / f"{facts.cell}.yaml")
    parameters = read_yaml(folder / "parameters.yaml")
    if not isinstance(parameters, dict) or not all(
        isinstance(values, dict) for values in parameters.values()
    ):
        raise ConfigurationError(f"{folder / 'parameters.yaml'}: expected parameters by node")
    messages: dict[str, list[Recorded]] = {}
    for message in read_mcap(folder / DECISION):
        messages.setdefault(message.topic, []).append(message)
    return Case(folder, facts, parameters, messages)


def _refuse_links(folder: Path) -> None:
    """A case brings its own files: a link could have any file of this machine read, and quoted."""
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise ConfigurationError(f"{path}: is a link; a case holds its own files")


def _refuse_files_of_others(file: Path) -> None:
    """Nor does a name lead to the file of somebody else."""
    waiting = [("", read_yaml(file))]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(name), item) for name, item in value.items()]
        elif isinstance(value, list):
            waiting += [(key, item) for item in value]
        elif key in ("model", "driver") and isinstance(value, str) and not _NAME.fullmatch(value):
            raise ConfigurationError(f"{file}: {key}: expected a name, found {value[:80]!r}")


def _facts(path: Path, content: Any) -> CaseFacts:
    kinds = {"attempt": int, "image": int, "picked": int, "format": int, "versions": dict}
    names = CaseFacts.__dataclass_fields__
    if not isinstance(content, dict) or set(content) != set(names):
        raise ConfigurationError(f"{path}: expected exactly {', '.join(names)}")
    for name, value in content.items():
        if type(value) is not kinds.get(name, str):
            raise ConfigurationError(
                f"{path}: {name}: expected {kinds.get(name, str).__name__}, found {value!r}"
            )
    if content["format"] != FORMAT:
        raise ConfigurationError(f"{path}: format {content['format']}, this version reads {FORMAT}")
    if not _NAME.fullmatch(content["cell"]):
        raise ConfigurationError(f"{path}: cell: expected a name, found {content['cell']!r}")
    return CaseFacts(**content)


def _copy_configuration(cell: Cell, target: Path) -> None:
    folders = {"cell": "cells", "robot": "robots", "gripper": "grippers", "camera": "cameras"}
    copies = [(file, folders[kind]) for kind, file in cell.files.items()]
    if matrix_file(cell).is_file():
        copies.append((matrix_file(cell), "collision_matrices"))
    for file, folder in copies:
        (target / folder).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / folder / file.name)
