"""Memory of images: what is kept stays, what is dropped is used again."""

import numpy as np

from lab_recorder.image_memory import ImageMemory


def address(image):
    return np.frombuffer(image, np.uint8).ctypes.data


def test_memory_of_an_image_that_is_dropped_takes_the_next_of_its_size():
    memory = ImageMemory()
    first, second = memory.keep(b"1" * 9000), memory.keep(b"2" * 9000)
    place = address(first)
    assert place != address(second)
    other = memory.keep(b"3" * 5000)
    del first
    third, fourth = memory.keep(b"4" * 9000), memory.keep(b"5" * 9000)
    assert address(third) == place != address(fourth)
    assert [bytes(image[:1]) for image in (second, other, third, fourth)] == [b"2", b"3", b"4", b"5"]
    assert bytes(second) == b"2" * 9000 and len(other) == 5000


def test_an_image_that_somebody_still_writes_is_not_overwritten():
    memory = ImageMemory()
    image = memory.keep(b"1" * 9000)
    written = [image]
    del image
    memory.keep(b"2" * 9000)
    assert bytes(written[0]) == b"1" * 9000
