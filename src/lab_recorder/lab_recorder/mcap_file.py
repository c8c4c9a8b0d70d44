"""MCAP files of serialized messages; Foxglove opens them. Source: mcap.dev/spec, ros2msg and cdr profiles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard
from mcap.reader import SeekingReader
from mcap.records import Chunk
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, Writer

from lab_core.errors import ConfigurationError
from lab_recorder.ring import Entry
from lab_recorder.schemas import schema_text

# A case holds one pair of images and a second of joint states; a recording of a run more than this is none.
MAXIMUM_SIZE = 1 << 30
MAXIMUM_RECORD = 64 << 20


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message in a file. kind: its type, such as `sensor_msgs/msg/Image`."""

    topic: str
    kind: str
    entry: Entry


def write_mcap(path: Path, messages: Iterable[Recorded]) -> None:
    """Write the messages, in the order of their times; the file appears when it is complete.

    Raises OSError.
    """
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        _write(file, sorted(messages, key=lambda message: (message.entry.time, message.entry.sent)))
    part.replace(path)


def read_mcap(path: Path) -> list[Recorded]:
    """The messages of a file in the order of their times.

    Raises ConfigurationError when the file is absent, too large, or not a sound MCAP of ROS 2 messages.
    """
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ConfigurationError(f"{path}: cannot be read: is not a file")
        size = path.stat().st_size
        if size > MAXIMUM_SIZE:
            raise ConfigurationError(f"{path}: {size >> 20} MiB, at most {MAXIMUM_SIZE >> 20} are read")
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror or error}") from error


def _write(file: IO[bytes], messages: list[Recorded]) -> None:
    writer = Writer(file, compression=CompressionType.ZSTD)
    writer.start(profile="ros2", library="lab_recorder")
    schemas: dict[str, int] = {}
    channels: dict[str, int] = {}
    for count, message in enumerate(messages):
        if message.kind not in schemas:
            text = schema_text(message.kind).encode("utf-8")
            schemas[message.kind] = writer.register_schema(message.kind, "ros2msg", text)
        if message.topic not in channels:
            channels[message.topic] = writer.register_channel(message.topic, "cdr", schemas[message.kind])
        entry = message.entry
        writer.add_message(channels[message.topic], entry.time, entry.message(), entry.sent, count)
    writer.finish()  # type: ignore[no-untyped-call]


def _read(path: Path, file: IO[bytes]) -> list[Recorded]:
    messages = []
    try:
        _refuse_bomb(path, file)
        file.seek(0)
        reader = SeekingReader(file, validate_crcs=True, record_size_limit=MAXIMUM_RECORD)
        for schema, channel, message in reader.iter_messages():
            if schema is None or channel.message_encoding != "cdr":
                raise ConfigurationError(
                    f"{path}: {channel.topic} is not a ROS 2 message (cdr with a schema)"
                )
            entry = Entry(message.log_time, message.publish_time, -1, message.data)
            messages.append(Recorded(channel.topic, schema.name, entry))
    except ConfigurationError:
        raise
    except Exception as error:  # what the decompressor and struct raise has no common root
        raise ConfigurationError(
            f"{path}: not a sound MCAP file ({type(error).__name__}: {error})"
        ) from error
    return messages


def _refuse_bomb(path: Path, file: IO[bytes]) -> None:
    """Sizes are looked at before anything is unpacked; a chunk may say less than its frame does."""
    total = 0
    for record in StreamReader(file, emit_chunks=True, record_size_limit=MAXIMUM_RECORD).records:
        if isinstance(record, Chunk):
            framed = zstandard.frame_content_size(record.data) if record.compression == "zstd" else 0
            if record.compression not in ("", "zstd") or framed < 0:
                raise ConfigurationError(f"{path}: a chunk does not say how large it is, or is not zstd")
            total += max(record.uncompressed_size, framed)
        if total > MAXIMUM_SIZE:
            raise ConfigurationError(f"{path}: unpacks to more than {MAXIMUM_SIZE >> 20} MiB")
