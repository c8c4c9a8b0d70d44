"""The files that describe the graph: the stack's own, and one of each extension."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from lab_core.errors import ConfigurationError
from lab_description.configuration import config_directory
from lab_description.graph.entries import GraphFile
from lab_description.schema import parse, read_yaml

FILE = "graph.yaml"


@dataclass(frozen=True)
class Piece:
    """A file and what it holds. package: the extension's, None for the stack's own."""

    file: Path
    content: GraphFile
    package: str | None = None


def read_piece(path: Path, package: str | None = None) -> Piece:
    """Of a file. Raises ConfigurationError."""
    return Piece(path, parse(GraphFile, read_yaml(path), path), package)


def stack_piece() -> Piece:
    """Of config/graph.yaml. Raises ConfigurationError."""
    return read_piece(config_directory() / FILE)


def extension_piece(package: str) -> Piece:
    """Of an installed package.

    Raises ConfigurationError that names the extension and what is missing.
    """
    share = _share(package)
    if share is None:
        raise ConfigurationError(
            f"extension '{package[:80]}' is not installed: build its package and source the workspace, or"
            " take it out of extensions"
        )
    path = share / FILE
    if not path.is_file():
        raise ConfigurationError(
            f"extension '{package}' has no {path}: let its setup.py install graph.yaml there, see"
            " docs/extend.md"
        )
    return read_piece(path, package)


def extension_names(text: str) -> tuple[str, ...]:
    """Package names of a list such as "one,other"; empty: none."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def refuse_unknown_types(kinds: Iterable[tuple[str, str]]) -> None:
    """Raises ConfigurationError at a type that is not installed. kinds: types, and where each is named."""
    shares: dict[str, Path | None] = {}  # the index is a walk over all prefixes
    for kind, where in kinds:
        package, folder, name = kind.split("/")
        share = shares[package] if package in shares else shares.setdefault(package, _share(package))
        if share is None:
            raise ConfigurationError(
                f"{where}: type {kind}: package '{package}' is not installed: build or source it, or correct"
                " the type"
            )
        if not (share / folder / f"{name}.{folder}").is_file():
            raise ConfigurationError(f"{where}: type {kind}: '{package}' has no such {folder}: correct it")


def _share(package: str) -> Path | None:
    """Of an installed package; None: it is not installed."""
    try:
        return Path(get_package_share_directory(package))
    except (PackageNotFoundError, LookupError, ValueError):
        return None
