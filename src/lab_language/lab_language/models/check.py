"""Whether a model does here what its reference implementation did."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab_language.models.description import InvalidModel
from lab_language.models.dual_encoder import DualEncoder

TOLERANCE = 1e-4
"""Of each number of an embedding of unit length."""
_ARRAYS = ("images", "image_embeddings", "texts", "text_embeddings")


def check_model(folder: Path) -> str:
    """One sentence of what was compared.

    The file of reference outputs holds `images` (N, h, w, 3) uint8 RGB and `texts` (M,), and what the
    reference implementation makes of them, (N, D) and (M, D) of unit length.

    Raises InvalidModel, which says what differs.
    """
    model = DualEncoder(folder)
    path = folder / model.description.reference.file
    try:
        with np.load(path, allow_pickle=False) as stored:
            images, seen, texts, read = (stored[name] for name in _ARRAYS)
    except (OSError, ValueError, KeyError) as error:
        raise InvalidModel(f"{path} has not the arrays {', '.join(_ARRAYS)}: write it again") from error
    for what, found, expected in (
        ("images", model.images(list(images)), seen),
        ("texts", model.texts([str(text) for text in texts]), read),
    ):
        if found.shape != expected.shape:
            raise InvalidModel(
                f"{folder}: embeddings of {what} have the shape {found.shape},"
                f" those of the reference {expected.shape}"
            )
        apart = float(np.abs(found - expected).max(initial=0.0))
        if not apart <= TOLERANCE:
            raise InvalidModel(
                f"{folder}: embeddings of {what} are {apart:.1e} apart from those of the reference, at most"
                f" {TOLERANCE:.0e} is allowed: the settings in model.json are not those of the model"
            )
    return f"{len(images)} images and {len(texts)} texts as the reference has them"
