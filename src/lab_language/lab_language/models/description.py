"""What a folder with a dual encoder says of itself: its model.json."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from lab_core.errors import ConfigurationError
from lab_description.schema import Count, Number, Positive, Quantity, parse, read_yaml

DESCRIPTION = "model.json"


class InvalidModel(ConfigurationError):
    """A model that cannot be used; the text names the file and the fix."""


@dataclass(frozen=True)
class HashedFile:
    """A file of the folder. sha256: of its bytes, hexadecimal."""

    file: str
    sha256: str


@dataclass(frozen=True)
class ImageEncoder(HashedFile):
    """The half that sees. size: (height, width) of its input, pixels. fit: how an image gets that size:
    `crop`: its shorter edge is fitted and the middle taken; `squash`: both edges are. resample: filter of
    Pillow. mean, std: of the channels R, G, B, in 0..1. output: name of the embedding; empty: the first of
    two axes.
    """

    size: tuple[Count, Count] = (224, 224)
    fit: Literal["crop", "squash"] = "crop"
    resample: Literal["bicubic", "bilinear"] = "bicubic"
    mean: tuple[Number, Number, Number] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[Positive, Positive, Positive] = (0.26862954, 0.26130258, 0.27577711)
    output: str = ""


@dataclass(frozen=True)
class TextEncoder(HashedFile):
    """The half that reads. length: tokens that it is given. padding: the token behind the end of a text.
    output: name of the embedding; empty: the first of two axes.
    """

    length: Annotated[int, Quantity("", 2, 4096)] = 77
    padding: Annotated[int, Quantity("", 0, 10_000_000)] = 0
    output: str = ""


@dataclass(frozen=True)
class Score:
    """From the likeness of image and text to a probability: 1 / (1 + exp(-(scale * gain + offset))), where
    gain is by how much the cosine is above that of the likest of the neutral texts.

    prompt: what is said to the model for a phrase, which stands for {}.
    """

    scale: Positive = 100.0
    offset: Number = 0.0
    prompt: str = "a photo of a {}"
    neutral: tuple[str, ...] = ("a photo of an object", "a photo of a table")


@dataclass(frozen=True)
class ModelDescription:
    """Content of model.json. tokenizer: a file of the library `tokenizers`. reference: arrays that the
    reference implementation gave, by which the model is checked.
    """

    image: ImageEncoder
    text: TextEncoder
    tokenizer: HashedFile
    reference: HashedFile
    score: Score = Score()


def read_description(folder: Path) -> ModelDescription:
    """The description of a folder, its files checked by their hashes.

    Raises InvalidModel, ConfigurationError of a malformed description.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise InvalidModel(
            f"{folder} has no {DESCRIPTION}: write one with training/export_clip.py, or name another folder"
        )
    description = parse(ModelDescription, read_yaml(path), path)
    for entry in (description.image, description.text, description.tokenizer, description.reference):
        _check(folder, entry)
    if "{}" not in description.score.prompt:
        raise InvalidModel(f"{path}: score.prompt has no {{}} where the phrase stands")
    return description


def _check(folder: Path, entry: HashedFile) -> None:
    path = folder / entry.file
    if path.parent != folder:
        raise InvalidModel(f"{folder / DESCRIPTION}: '{entry.file}' is not a file of its own folder")
    if not path.is_file():
        raise InvalidModel(f"{path} is missing: copy it beside {DESCRIPTION}")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != entry.sha256.lower():
        raise InvalidModel(
            f"{path} has the hash {digest[:12]}…, {DESCRIPTION} says {entry.sha256[:12]}…:"
            " it is truncated or another model; copy it again"
        )
