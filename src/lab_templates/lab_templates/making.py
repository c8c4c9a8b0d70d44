"""Makes a package of somebody's own: checks its name and place, and fills in the templates."""

from __future__ import annotations

import keyword
import os
import re
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from ament_index_python.packages import get_packages_with_prefixes
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab_core.errors import ConfigurationError
from lab_description.graph import stack_nodes
from lab_templates.kinds import KINDS, Kind

TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".jinja"
"""Of templates that are no files of their kind yet. What stands in braces in a name is filled in too."""
# REP 144, and what Python takes for a module
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def make_package(kind_name: str, name: str, folder: Path) -> list[Path]:
    """Write the package into folder/name; returns the files that were written.

    Raises ConfigurationError, one sentence, and writes nothing: there is no such kind, the name cannot be
    used, the folder is not there or lies in this workspace, or the package exists.
    """
    kind = _kind(kind_name)
    refuse_name(name, kind)
    refuse_folder(folder)
    package = folder / name
    if package.exists():
        raise ConfigurationError(f"{package} exists already: take another name or another folder")
    words = {"name": name, "kind": kind, "kind_name": kind_name, "class_name": class_name(name, kind)}
    loader = FileSystemLoader([TEMPLATES / "every", TEMPLATES / kind_name])
    jinja = Environment(
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )
    texts = {
        package / jinja.from_string(file.removesuffix(SUFFIX)).render(words): jinja.get_template(file).render(
            words
        )
        for file in jinja.list_templates(filter_func=lambda file: "__pycache__" not in file)
    }
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: cannot be written: {error.strerror}") from error
    return list(texts)


def class_name(name: str, kind: Kind) -> str:
    """Of the class that the package defines: blobs, a detector, has BlobsDetector."""
    words = "".join(word.capitalize() for word in name.split("_"))
    return words.removesuffix(kind.noun) + kind.noun


def refuse_name(name: str, kind: Kind) -> None:
    """Raises ConfigurationError at a name that no package can have, or that something here has already."""
    if not _NAME.fullmatch(name) or len(name) < 2:
        raise ConfigurationError(
            f"'{name[:100]}' cannot name a package: it takes two or more lower-case letters, digits and"
            " single underscores, and begins with a letter"
        )
    if keyword.iskeyword(name) or find_spec(name) is not None:
        raise ConfigurationError(f"'{name}' is a word or a module of Python already: take another name")
    if name in get_packages_with_prefixes():
        raise ConfigurationError(f"a package '{name}' is installed already: take another name")
    if kind.is_node and name in stack_nodes():
        raise ConfigurationError(f"the cell has a node '{name}' already: take another name")
    if not kind.is_node and (name == "auto" or name in entry_points(group=kind.group).names):
        raise ConfigurationError(f"{kind.words} '{name}' is registered already: take another name")


def refuse_folder(folder: Path) -> None:
    """Raises ConfigurationError at a folder that is not there, or that lies in this workspace."""
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}: make it first")
    workspace = os.environ.get("LAB_WORKSPACE", "")
    if workspace and folder.resolve().is_relative_to(Path(workspace).resolve()):
        raise ConfigurationError(
            f"{folder.resolve()} lies in this workspace, and a package of yours does not: name a folder"
            f" outside of {workspace}"
        )


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ConfigurationError(f"there is no kind '{name[:100]}': expected one of {', '.join(KINDS)}")
    return KINDS[name]
