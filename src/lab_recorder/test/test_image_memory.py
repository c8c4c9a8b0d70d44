"""Memory of images: what is kept stays, what is dropped is used again, and all of it is packed."""

import numpy as np

from lab_recorder.image_memory import STEP, ImageMemory, unpacked


def noise(seed, size):
    """An image that does not get smaller."""
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8).tobytes()


def address(image):
    return np.frombuffer(image, np.uint8).ctypes.data


def test_memory_of_an_image_that_is_dropped_takes_the_next_of_its_size():
    memory = ImageMemory()
    images = [noise(seed, 2 * STEP + 9000) for seed in range(5)]
    first, second = memory.keep(images[0]), memory.keep(images[1])
    place = address(first)
    assert place != address(second)
    other = memory.keep(images[2][:STEP])
    del first
    third, fourth = memory.keep(images[3][:-5000]), memory.keep(images[4])
    assert address(third) == place != address(fourth)
    assert unpacked(second) == images[1]
    assert unpacked(other) == images[2][:STEP]
    assert unpacked(third) == images[3][:-5000]
    assert unpacked(fourth) == images[4]


def test_an_image_that_somebody_still_writes_is_not_overwritten():
    memory = ImageMemory()
    image = memory.keep(b"1" * 9000)
    written = [image]
    del image
    memory.keep(b"2" * 9000)
    assert unpacked(written[0]) == b"1" * 9000


def test_depth_takes_a_fraction_of_itself():
    depth = np.repeat(np.arange(480, dtype=np.uint16), 640).tobytes()
    kept = ImageMemory().keep(depth)
    assert len(kept) < len(depth) // 4
    assert unpacked(kept) == depth
