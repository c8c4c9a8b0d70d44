"""What is kept on the disk of the user because it takes long to make; it may be deleted at any time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_folder(name: str) -> Path:
    """The folder of one kind of thing, below the user's cache folder; it need not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lab" / name


def keep(path: Path, content: bytes) -> bool:
    """Write a file whole or not at all; False where nothing can be written: it is made again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(content)
        Path(part.name).replace(path)
    except OSError:
        return False
    return True
