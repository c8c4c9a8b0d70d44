"""Large messages on the disk: what is kept stays, what is dropped makes room, and all of it is packed."""

import os

import numpy as np
import pytest

from lab_recorder.message_file import STEP, MessageFile


def noise(seed, size):
    """An image that does not get smaller."""
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8).tobytes()


def test_the_place_of_an_image_that_is_dropped_takes_the_next_of_its_size(tmp_path):
    file = MessageFile(tmp_path)
    images = [noise(seed, 2 * STEP + 9000) for seed in range(5)]
    first, second = file.keep(images[0]), file.keep(images[1])
    place = first.place
    assert place != second.place
    other = file.keep(images[2][:STEP])
    del first
    third, fourth = file.keep(images[3][:-5000]), file.keep(images[4])
    assert third.place == place != fourth.place
    assert second.read() == images[1]
    assert other.read() == images[2][:STEP]
    assert third.read() == images[3][:-5000]
    assert fourth.read() == images[4]


def test_an_image_that_somebody_still_writes_is_not_overwritten(tmp_path):
    file = MessageFile(tmp_path)
    image = file.keep(b"1" * 9000)
    written = [image]
    del image
    file.keep(b"2" * 9000)
    del file  # the recorder was cleaned up meanwhile
    assert written[0].read() == b"1" * 9000


def test_depth_takes_a_fraction_of_itself(tmp_path):
    depth = np.repeat(np.arange(480, dtype=np.uint16), 640).tobytes()
    kept = MessageFile(tmp_path).keep(depth)
    assert len(kept) < len(depth) // 4
    assert kept.read() == depth


def test_a_disk_that_is_full_is_told_and_the_place_is_used_when_there_is_room(tmp_path, monkeypatch):
    file = MessageFile(tmp_path)
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda number, data, place: len(data) // 2)
    with pytest.raises(OSError, match="No space left"):
        file.keep(b"1" * 9000)
    monkeypatch.setattr(os, "pwrite", write)
    kept = file.keep(b"2" * 9000)
    assert kept.place == 0
    assert kept.read() == b"2" * 9000


def test_nobody_finds_the_file(tmp_path):
    file = MessageFile(tmp_path)
    file.keep(b"1")
    assert not list(tmp_path.iterdir())
