"""Models that a user brings: whether each does here what its reference implementation did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lab_core.errors import ConfigurationError
from lab_doctor.finding import Finding
from lab_language.models.check import check_model


def check_models(folders: Sequence[Path]) -> Iterator[Finding]:
    """Of folders with a model.json."""
    for folder in folders:
        try:
            check_model(folder)
        except ConfigurationError as error:
            yield Finding(
                "model", str(error), "copy the folder anew, or write it again with training/export_clip.py"
            )
