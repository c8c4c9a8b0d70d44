"""Reads the pieces of the graph, and refuses what does not fit together before any node is started."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab_core.errors import ConfigurationError
from lab_description.cell import Cell
from lab_description.graph.entries import ActionEntry, NodeEntry, ServiceEntry, TopicEntry
from lab_description.graph.graph import Action, Graph, Node, Service, Topic
from lab_description.graph.names import NODE, is_name, is_pattern, names_of_cell
from lab_description.graph.order import ALL, in_order
from lab_description.graph.pieces import Piece, extension_piece, refuse_unknown_types, stack_piece
from lab_node.names import resolve

# What a node says and hears, and the table that describes it.
TABLES = {
    "publish": "topics",
    "subscribe": "topics",
    "serve": "services",
    "call": "services",
    "act": "actions",
    "ask": "actions",
    "cancel": "actions",
}
# Who has a question answered or a message heard, by who answers or says it.
SAYS = {"subscribe": "publish", "call": "serve", "ask": "act", "cancel": "act"}

Entry = TopicEntry | ServiceEntry | ActionEntry


def load_graph(cell: Cell, extensions: Sequence[str] = (), namespace: str = "") -> Graph:
    """The graph of a cell. extensions: packages beside those that the cell's YAML names. namespace: as
    lab_node.names has it, in front of every name that is the cell's.

    Raises ConfigurationError: one sentence that names file, thing and fix.
    """
    packages = tuple(dict.fromkeys((*cell.extensions, *extensions)))
    return merged([stack_piece(), *(extension_piece(package) for package in packages)], cell, namespace)


def stack_nodes() -> Mapping[str, NodeEntry]:
    """The stack's own nodes, whatever the cell and its extensions. Raises ConfigurationError."""
    return stack_piece().content.nodes


def merged(pieces: Sequence[Piece], cell: Cell, namespace: str = "") -> Graph:
    """One graph of all pieces. Raises ConfigurationError."""
    tables: dict[str, dict[str, Entry]] = {
        kind: _described(pieces, kind) for kind in dict.fromkeys(TABLES.values())
    }
    refuse_unknown_types(
        (entry.type, f"{piece.file}: {kind}.{name}")
        for piece in pieces
        for kind in tables
        for name, entry in getattr(piece.content, kind).items()
    )
    of_cell = names_of_cell(cell)
    named: dict[str, dict[str, tuple[str, ...]]] = {
        kind: {key: _names(key, of_cell, pieces, kind, namespace) for key in table}
        for kind, table in tables.items()
    }
    found = _nodes(pieces)
    entries = found.left
    for name, (entry, file) in entries.items():
        _refuse_unknown_names(name, entry, file, named)
    _refuse_gaps(found)
    ordered = _ordered(entries)
    nodes = {name: _node(name, *entries[name], named, namespace) for name in ordered}

    def who(relation: str, name: str) -> tuple[str, ...]:
        return tuple(node.name for node in nodes.values() if name in getattr(node, relation))

    def all_of(kind: str, make: Callable[..., Any], **relations: str) -> dict[str, Any]:
        return {
            name: make(
                **_fields(entry),
                name=name,
                **{key: who(relation, name) for key, relation in relations.items()},
            )
            for word, entry in tables[kind].items()
            for name in named[kind][word]
        }

    return Graph(
        nodes,
        all_of("topics", Topic, publishers="publish", subscribers="subscribe"),
        all_of("services", Service, servers="serve"),
        all_of("actions", Action, servers="act"),
        tuple(piece.package for piece in pieces if piece.package is not None),
        namespace,
    )


def _described(pieces: Sequence[Piece], kind: str) -> dict[str, Entry]:
    """The topics, services or actions of all pieces; two may describe one only alike."""
    found: dict[str, Entry] = {}
    owner: dict[str, Path] = {}
    for piece in pieces:
        for name, entry in getattr(piece.content, kind).items():
            if not is_name(name):
                raise ConfigurationError(
                    f"{piece.file}: {kind}.{name[:80]}: no name in a graph, expected words of letters,"
                    " digits and _ with / between them"
                )
            if found.setdefault(name, entry) != entry:
                raise ConfigurationError(
                    f"{piece.file}: {kind}.{name}: {owner[name]} describes it otherwise: leave it out here,"
                    " and name it where your node says or hears it"
                )
            owner.setdefault(name, piece.file)
    return found


def _names(
    key: str, of_cell: Mapping[str, tuple[str, ...]], pieces: Sequence[Piece], kind: str, namespace: str
) -> tuple[str, ...]:
    if not key.startswith("{"):
        return (resolve(key, namespace),)
    word = key[1:-1]
    if word not in of_cell:
        file = next(piece.file for piece in pieces if key in getattr(piece.content, kind))
        raise ConfigurationError(
            f"{file}: {kind}.{key}: a cell has no '{word}', expected one of {', '.join(of_cell)}"
        )
    return tuple(resolve(name, namespace) for name in of_cell[word])


@dataclass(frozen=True)
class _Nodes:
    """The nodes that are left, and those that gave their place away: who took it, and what they said."""

    left: dict[str, tuple[NodeEntry, Path]] = field(default_factory=dict)
    replaced: dict[str, tuple[str, NodeEntry]] = field(default_factory=dict)


def _nodes(pieces: Sequence[Piece]) -> _Nodes:
    nodes = _Nodes()
    for piece in pieces:
        for name, entry in piece.content.nodes.items():
            if not NODE.fullmatch(name):
                raise ConfigurationError(
                    f"{piece.file}: nodes.{name[:80]}: not the name of a node: letters, digits and _,"
                    " a letter first"
                )
            if entry.executable is not None and entry.package is None:
                if piece.package is None:
                    raise ConfigurationError(f"{piece.file}: nodes.{name}.package: missing")
                entry = dataclasses.replace(entry, package=piece.package)
            if entry.replaces is not None:
                _replace(nodes, name, entry.replaces, piece.file)
            if name in nodes.left:
                raise ConfigurationError(
                    f"{piece.file}: nodes.{name}: {nodes.left[name][1]} has a node of that name: give yours"
                    f" another one, or write 'replaces: {name}' if it takes its place"
                )
            nodes.left[name] = (entry, piece.file)
    for name, (entry, file) in nodes.left.items():
        nodes.left[name] = (_with_replaced(name, entry, file, nodes), file)
    return nodes


def _replace(nodes: _Nodes, name: str, old: str, file: Path) -> None:
    if old in nodes.replaced:
        raise ConfigurationError(
            f"{file}: nodes.{name}.replaces: '{nodes.replaced[old][0]}' replaces '{old}' already: leave one"
            " of the two extensions out"
        )
    if old not in nodes.left:
        raise ConfigurationError(f"{file}: nodes.{name}.replaces: {_unknown('node', old, nodes.left)}")
    nodes.replaced[old] = (name, nodes.left.pop(old)[0])


def _with_replaced(name: str, entry: NodeEntry, file: Path, nodes: _Nodes) -> NodeEntry:
    """The entry, after the nodes that stand where those that it names stood."""
    if entry.after is None:
        return entry
    after = tuple(
        each if each in nodes.left or each not in nodes.replaced else nodes.replaced[each][0]
        for each in entry.after
    )
    for each in after:
        if each != ALL and each not in nodes.left:
            raise ConfigurationError(f"{file}: nodes.{name}.after: {_unknown('node', each, nodes.left)}")
    return dataclasses.replace(entry, after=after)


def _unknown(kind: str, name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}"
    return f"there is no {kind} '{name[:80]}': {hint}"


def _refuse_unknown_names(
    node: str, entry: NodeEntry, file: Path, named: Mapping[str, Mapping[str, Any]]
) -> None:
    for relation, kind in TABLES.items():
        for name in getattr(entry, relation):
            if is_pattern(name) or name in named[kind]:
                continue
            raise ConfigurationError(
                f"{file}: nodes.{node}.{relation}: {_unknown(kind.removesuffix('s'), name, named[kind])} A"
                f" new one is described under {kind}"
            )


def _refuse_gaps(nodes: _Nodes) -> None:
    """Raises ConfigurationError where a node says less than the one that it replaces, and others need it."""
    for old, (name, said) in nodes.replaced.items():
        entry, file = nodes.left[name]
        for needs, says in SAYS.items():
            others = [each for other, (each, _) in nodes.left.items() if other != name]
            needed = {word for each in others for word in getattr(each, needs)}
            missing = sorted(({*getattr(said, says)} & needed) - {*getattr(entry, says)})
            if missing:
                raise ConfigurationError(
                    f"{file}: nodes.{name}.{says}: {', '.join(missing)} missing, which '{old}' gave and other"
                    " nodes need: add it to your node, or leave `replaces` out"
                )


def _ordered(entries: Mapping[str, tuple[NodeEntry, Path]]) -> list[str]:
    after: dict[str, tuple[str, ...]] = {}
    for name, (entry, _) in entries.items():
        after[name] = tuple(_heard(name, entry, entries)) if entry.after is None else entry.after
    try:
        return in_order(after)
    except ValueError as error:
        files = ", ".join(dict.fromkeys(str(file) for _, file in entries.values()))
        raise ConfigurationError(
            f"the order of start has no end: {error}: take one of these out of `after` in {files}, or write"
            " `after: []` for a node that need not wait for what it hears"
        ) from None


def _heard(name: str, entry: NodeEntry, entries: Mapping[str, tuple[NodeEntry, Path]]) -> Iterator[str]:
    """Nodes that say what this one hears."""
    for hears, says in SAYS.items():
        wanted = set(getattr(entry, hears))
        for other, (each, _) in entries.items():
            if other != name and each.executable is not None and wanted & {*getattr(each, says)}:
                yield other


def _node(
    name: str, entry: NodeEntry, file: Path, named: Mapping[str, Mapping[str, Any]], namespace: str
) -> Node:
    said = {
        relation: tuple(
            each
            for word in getattr(entry, relation)
            for each in (named[kind][word] if word in named[kind] else (resolve(word, namespace),))
        )
        for relation, kind in TABLES.items()
    }
    return Node(**_fields(entry) | said, name=name, file=file, namespace=namespace)


def _fields(entry: Any) -> dict[str, Any]:
    return {each.name: getattr(entry, each.name) for each in dataclasses.fields(entry)}
