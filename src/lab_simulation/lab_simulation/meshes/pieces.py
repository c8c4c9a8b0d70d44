"""What a mesh file becomes: the pieces of a part, and what is to be said about them; as bytes, too."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab_simulation.scenes.parts import Piece
from lab_simulation.scenes.solids import Solid

FORMAT = 1


@dataclass(frozen=True, slots=True)
class MeshPieces:
    """Of one file. seen: for the eye; None where the felt ones are seen. felt: convex, for contact.

    remark: what is coarser than it could be, and why; empty when nothing is. refused: why the file is no
    part, then there are no pieces.
    """

    seen: Solid | None = None
    felt: tuple[Solid, ...] = ()
    remark: str = ""
    refused: str = ""

    def pieces(self) -> tuple[Piece, ...]:
        """Pieces of a part, in the frame of the file."""
        if self.seen is None:
            return tuple(Piece("mesh", mesh=solid) for solid in self.felt)
        felt = [Piece("mesh", mesh=solid, visible=False) for solid in self.felt]
        return (Piece("mesh", mesh=self.seen, solid=False), *felt)

    def to_bytes(self) -> bytes:
        """For another process, and for the disk."""
        solids = ([] if self.seen is None else [self.seen]) + list(self.felt)
        about = {
            "format": FORMAT, "seen": self.seen is not None, "felt": len(self.felt),
            "remark": self.remark, "refused": self.refused,
        }  # fmt: skip
        arrays: dict[str, Any] = {"about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}
        for index, solid in enumerate(solids):
            arrays |= {f"vertices_{index}": solid.vertices, f"faces_{index}": solid.faces}
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> MeshPieces:
        """Raises ValueError when it is not what `to_bytes` made."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                about = json.loads(arrays["about"].tobytes())
                if about["format"] != FORMAT:
                    raise ValueError(f"format {about['format']}, expected {FORMAT}")
                count = int(about["seen"]) + int(about["felt"])
                solids = [Solid(arrays[f"vertices_{i}"], arrays[f"faces_{i}"]) for i in range(count)]
        except (KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"no pieces of a mesh: {error}") from error
        seen = solids.pop(0) if about["seen"] else None
        return cls(seen, tuple(solids), str(about["remark"]), str(about["refused"]))
