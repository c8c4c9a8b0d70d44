"""What the command lines of all programs have in common."""

from __future__ import annotations

import argparse
import errno
from pathlib import Path

# A name that there may be: the file is made, or missed with a better sentence, by whoever uses it.
_MAY_BE = {errno.ENOENT, errno.ENOTDIR, errno.EACCES}
_SHOWN = 100


def file_path(text: str) -> Path:
    """Type of an argument that names a file or a folder, which need not be there.

    Raises argparse.ArgumentTypeError for what no file can be called.
    """
    path = Path(text)
    try:
        path.stat()
    except OSError as error:
        if error.errno not in _MAY_BE:
            raise argparse.ArgumentTypeError(f"{text[:_SHOWN]}: {error.strerror}") from error
    except ValueError as error:  # a null byte
        raise argparse.ArgumentTypeError(f"{text[:_SHOWN]!r}: {error}") from error
    return path
