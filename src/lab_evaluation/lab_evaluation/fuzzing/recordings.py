"""Hostile recordings, cases and transport profiles, and the targets that read them."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from mcap.writer import CompressionType, Writer
from rclpy.serialization import deserialize_message, serialize_message

from lab_description.schema import read_yaml
from lab_doctor.collect import collect_environment
from lab_evaluation.fuzzing.files import spoilt as spoilt_values
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_evaluation.fuzzing.mangling import Mangling, Spoiling, mangled, manglings, spoilings, spoilt
from lab_evaluation.fuzzing.target import Target
from lab_grasping.grasp_parameters import GraspParameters
from lab_motion.motion_parameters import MotionParameters
from lab_node.message_types import message_class
from lab_perception.perception_parameters import PerceptionParameters
from lab_recorder.case import DECISION, Case, load_case
from lab_recorder.mcap_file import Recorded, read_mcap
from lab_recorder.replay import replay
from lab_recorder.ros_decoding import KINDS, decoded
from lab_recorder.stages import Inputs

GROUP = "recordings"
SECRET = Path("/etc/shadow")
"""What the root of a machine alone may read: no sentence may hold a line of it."""
_TIMES = st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1])
_TOPICS = st.sampled_from([*KINDS, "", "/a", "a" * 300, "[/red]", "\x1b[2J", "../x"])
_DATA = st.sampled_from([b"", b"\0", b"\0\1\0\0", b"\0\1\0\0" + b"\xff" * 40, b"\0" * 1000])
_ENCODINGS = st.sampled_from(["cdr", "json", "", "ros1"])


def _entities() -> bytes:
    """Entities that would unpack to a gigabyte, and one that is a file."""
    names = ["b", *(f"c{number}" for number in range(30))]
    doubled = "".join(f'<!ENTITY {new} "&{old};&{old};">' for old, new in pairwise(names))
    known = f'<!ENTITY b "bbbbbbbb">{doubled}<!ENTITY f SYSTEM "file://{SECRET}">'
    return f"<!DOCTYPE a [{known}]><dds><address>&{names[-1]};&f;</address></dds>".encode()


def _changed(case: Case, given: tuple[str, int, list[Spoiling]]) -> Case:
    """The case with one of its messages spoilt, or taken away where nothing is said to be."""
    topic, index, changes = given
    entries = list(case.messages[topic])
    index %= len(entries)
    if not changes:
        del entries[index]
    else:
        item = entries[index]
        message = deserialize_message(bytes(item.entry.data), message_class(KINDS[topic]))
        data = serialize_message(spoilt(message, changes))
        entries[index] = dataclasses.replace(item, entry=dataclasses.replace(item.entry, data=data))
    return dataclasses.replace(case, messages={**case.messages, topic: entries})


def _messages(case: Case) -> st.SearchStrategy[tuple[str, int, list[Spoiling]]]:
    """A topic of the case, which of its messages, and what is changed in it."""
    choices = []
    for topic, items in case.messages.items():
        first = deserialize_message(bytes(items[0].entry.data), message_class(KINDS[topic]))
        nothing: list[Spoiling] = []
        changes = st.just(nothing) | spoilings(first)
        choices.append(st.tuples(st.just(topic), st.integers(0, len(items) - 1), changes))
    return st.one_of(choices)


def _write(path: Path, messages: list[tuple[str, str, str, bytes, int]]) -> None:
    """topic, type, encoding, data and time of each."""
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.ZSTD)
        writer.start(profile="ros2", library="")
        for topic, kind, encoding, data, time in messages:
            schema = writer.register_schema(kind, "ros2msg", b"")
            channel = writer.register_channel(topic, encoding, schema)
            writer.add_message(channel, time, data, time)
        writer.finish()  # type: ignore[no-untyped-call]


def _places(folder: Path) -> dict[str, Callable[[Path], object]]:
    """What may stand where a file of a case should."""
    return {
        "nothing": lambda path: None,
        "empty": lambda path: path.touch(),
        "folder": lambda path: path.mkdir(),
        "pipe": lambda path: os.mkfifo(path),
        "device": lambda path: path.symlink_to("/dev/zero"),
        "secret": lambda path: path.symlink_to(SECRET),
        "nowhere": lambda path: path.symlink_to(folder / "nowhere"),
        "itself": lambda path: path.symlink_to(path),
    }


def _says_no_secret(read: Callable[[], object]) -> None:
    try:
        read()
    except Exception as error:
        if "root:" in str(error):
            words = f"says what only root may read: {str(error)[:100]}"
            raise Wrong(words, Verdict.OTHER) from error
        raise


def targets(folder: Path, given: Path, profile: Path) -> list[Target]:
    """Group "recordings". folder: to write to. given: a recorded case. profile: of Fast DDS, a sound one."""
    shutil.copytree(given, place := folder / "recorded")
    case, whole, places = load_case(given), (given / DECISION).read_bytes(), _places(folder)
    file, sound = folder / "recording.mcap", profile.read_bytes()
    files = [
        DECISION,
        "case.json",
        "parameters.yaml",
        "config/cells/ur5e_table.yaml",
        "config/robots/ur5e.yaml",
    ]
    cell = Inputs.of(case).cell
    replay(case)  # compiles what it needs; no input takes that long
    kinds = st.sampled_from([*KINDS.values(), "os/system", "", "a/msg/../../b", "x" * 300])

    def bytes_of(changes: list[Mangling]) -> None:
        file.write_bytes(mangled(whole, changes))
        for item in read_mcap(file):
            if item.topic in KINDS:
                decoded(item, folder)

    def built(messages: list[tuple[str, str, str, bytes, int]]) -> None:
        _write(file, messages)
        read: list[Recorded] = read_mcap(file)
        if len(read) != len(messages):
            raise Wrong(f"{len(messages)} messages were written, {len(read)} are read")
        for item in read:
            if item.topic in KINDS:
                decoded(item, folder)

    def parameters(content: Any) -> None:
        inputs = Inputs(cell, dataclasses.replace(case, parameters=content))
        kinds: list[tuple[str, type[Any]]] = [
            ("perception", PerceptionParameters), ("grasping", GraspParameters), ("motion", MotionParameters),
        ]  # fmt: skip
        for node, kind in kinds:
            if isinstance(content.get(node, {}), dict):  # load_case refuses any other
                inputs.parameters(node, kind)

    def replaced(given_: tuple[str, str]) -> None:
        name, kind = given_
        path = place / name
        original = path.read_bytes()
        path.unlink()
        try:
            places[kind](path)
            _says_no_secret(lambda: Inputs.of(load_case(place)))
        finally:
            _remove(path)
            path.write_bytes(original)

    def transport(content: bytes) -> None:
        path = folder / "profile.xml"
        path.write_bytes(content)
        found = collect_environment({"FASTRTPS_DEFAULT_PROFILES_FILE": str(path)}, 0).profile
        if found is None or "root:" in repr(found):
            raise Wrong(f"a profile is named and this is known of it: {found}")
        if "\n" in found.error or len(found.error) > 500:
            raise Wrong(f"no sentence: {found.error[:200]!r}", Verdict.OTHER)

    message = st.tuples(_TOPICS, kinds, _ENCODINGS, _DATA, _TIMES)
    profiles = manglings().map(lambda how: mangled(sound, how)) | st.sampled_from(
        [_entities(), b"", b"\xff\xfe<"]
    )
    return [
        Target("bytes of a recording", GROUP, manglings(), bytes_of),
        Target("recording of others", GROUP, st.lists(message, max_size=4), built),
        Target(
            "messages of a case",
            GROUP,
            _messages(case),
            lambda how: replay(_changed(case, how)),
            seconds=3.0,
            share=0.005,
        ),
        Target(
            "parameters of a case", GROUP, spoilt_values(read_yaml(given / "parameters.yaml")), parameters
        ),
        Target(
            "files of a case",
            GROUP,
            st.tuples(st.sampled_from(files), st.sampled_from(sorted(places))),
            replaced,
        ),
        Target("transport profile", GROUP, profiles, transport),
    ]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
