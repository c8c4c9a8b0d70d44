"""Every second image of a run: the last ones at hand by stamp, all of them on disk for the video."""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

# images kept at hand: a pick ends within this many after the image that it was planned on (40 s at 7.5 Hz)
AT_HAND = 300
JPEG_QUALITY = 88


class Frames:
    """Takes colour images as JPEG: 2 ms, where a video encoder would take 20 ms beside the cell."""

    def __init__(self, spool: Path) -> None:
        """spool: file of the images that are kept for the video. Raises OSError."""
        self.trouble = ""
        """Why the video ends before the run does, in one sentence; empty while it does not."""
        self.count = 0
        """Images that came."""
        self.spooled = 0
        """Images that the video will have."""
        self._spool_path = spool
        self._spool = spool.open("wb")
        self._recent: OrderedDict[int, bytes] = OrderedDict()

    def put(self, stamp: int, rgb: Image) -> None:
        """Take the image (H, W, 3), red first, of a stamp in nanoseconds, or leave it to its neighbours."""
        self.count += 1
        if self.count % 2 == 0:
            return
        _, encoded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        jpeg = encoded.tobytes()
        self._recent[stamp] = jpeg
        if len(self._recent) > AT_HAND:
            self._recent.popitem(last=False)
        if self.trouble:
            return
        try:
            self._spool.write(struct.pack("<I", len(jpeg)) + jpeg)
            self._spool.flush()  # what the disk does not take is told now, not when it is closed
            self.spooled += 1
        except OSError as error:
            self.trouble = f"the video ends early: {self._spool_path}: {error.strerror}; free some disk space"

    def nearest(self, stamp: int) -> tuple[Image, float] | None:
        """The image at hand that is nearest to a stamp, and how many seconds later it is."""
        found = min(self._recent, key=lambda other: abs(other - stamp), default=None)
        return None if found is None else (_decode(self._recent[found]), 1e-9 * (found - stamp))

    def newest(self) -> Image | None:
        """The last image that was kept."""
        return _decode(next(reversed(self._recent.values()))) if self._recent else None

    def write_video(self, path: Path, rate: float, progress: Callable[[int], None]) -> None:
        """WebM (VP8, plays in every browser) of what was kept; removes the spool.

        rate: images per second of the cell's clock. progress: called with the number of images done.
        """
        with contextlib.suppress(OSError):  # the rest of an image that the disk did not take
            self._spool.close()
        writer: cv2.VideoWriter | None = None
        with self._spool_path.open("rb") as spool:
            for index in range(self.spooled):
                (size,) = struct.unpack("<I", spool.read(4))
                image = _decode(spool.read(size))[..., ::-1]
                if writer is None:
                    fourcc = cv2.VideoWriter.fourcc(*"VP80")
                    shape = (image.shape[1], image.shape[0])
                    with _without_stderr():
                        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, rate / 2, shape)
                writer.write(np.ascontiguousarray(image))
                progress(index + 1)
        if writer is not None:
            writer.release()
        self._spool_path.unlink()


@contextmanager
def _without_stderr() -> Iterator[None]:
    """OpenCV remarks there, past its own logging, that WebM needs no tag."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _decode(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert image is not None  # we have encoded it ourselves
    return image[..., ::-1].astype(np.uint8, copy=False)
