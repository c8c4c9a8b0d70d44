"""Models of image and language that a user brings: what is no model is said, and files are checked."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_core.plugins import PluginUnavailable
from lab_language.models.check import check_model
from lab_language.models.description import ImageEncoder, InvalidModel, read_description
from lab_language.models.dual_encoder import preprocessed
from lab_language.models.grounder import DualEncoderGrounder, DualEncoderParameters
from lab_language.testing.grounder_contract import check_grounder


def folder_with(tmp_path, change=lambda description: None):
    """A folder that is whole but holds no model."""
    entries = {}
    for key, name in (
        ("image", "image.onnx"),
        ("text", "text.onnx"),
        ("tokenizer", "t.json"),
        ("reference", "r"),
    ):
        (tmp_path / name).write_bytes(key.encode())
        entries[key] = {"file": name, "sha256": hashlib.sha256(key.encode()).hexdigest()}
    change(entries)
    (tmp_path / "model.json").write_text(json.dumps(entries))
    return tmp_path


def test_a_description_is_read_with_its_defaults(tmp_path):
    description = read_description(folder_with(tmp_path))
    assert (description.image.size, description.image.fit, description.text.length) == (
        (224, 224),
        "crop",
        77,
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d["image"].update(file="gone.onnx"), "gone.onnx is missing: copy it beside model.json"),
        (lambda d: d["text"].update(sha256="0" * 64), "it is truncated or another model; copy it again"),
        (lambda d: d["image"].update(file="../image.onnx"), "is not a file of its own folder"),
        (lambda d: d.update(score={"prompt": "a photo"}), "score.prompt has no {} where the phrase stands"),
        (lambda d: d["image"].update(size=[0, 224]), "size"),
        (lambda d: d["image"].update(fit="stretch"), "fit"),
        (lambda d: d["image"].update(std=[0.0, 1.0, 1.0]), "std"),
        (lambda d: d["text"].update(length=1), "length"),
        (lambda d: d.pop("tokenizer"), "tokenizer: missing"),
    ],
)
def test_a_folder_that_is_no_model_is_refused(tmp_path, change, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        read_description(folder_with(tmp_path, change))


def test_a_file_that_is_no_onnx_is_refused(tmp_path):
    with pytest.raises(InvalidModel, match=r"image.onnx is no model that onnxruntime reads"):
        check_model(folder_with(tmp_path))


def test_without_a_folder_it_is_off(tmp_path):
    with pytest.raises(PluginUnavailable, match=r"dual_encoder.folder is empty"):
        DualEncoderGrounder(DualEncoderParameters())
    with pytest.raises(InvalidModel, match=r"has no model.json"):
        DualEncoderGrounder(DualEncoderParameters(folder=str(tmp_path)))


def test_images_are_made_ready_as_the_description_says():
    half = np.zeros((40, 80, 3), np.uint8)
    half[:, 40:] = 255
    encoder = ImageEncoder("", "", (20, 20), "crop", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    pixels = preprocessed(half, encoder)
    assert pixels.shape == (3, 20, 20) and pixels.dtype == np.float32
    assert np.allclose(pixels[:, :, :8], -1.0) and np.allclose(pixels[:, :, 12:], 1.0)
    squashed = preprocessed(half, ImageEncoder("", "", (10, 20), "squash", mean=(0.0,) * 3, std=(1.0,) * 3))
    assert squashed.shape == (3, 10, 20)
    assert np.allclose(squashed[:, :, :8], 0.0) and np.allclose(squashed[:, :, 12:], 1.0)


TINY = Path(__file__).parent / "tiny_clip"
"""A CLIP of open_clip with random weights and the first 400 merges of its tokenizer, and what open_clip makes
of three images and six texts: written by training/export_clip.py.
"""


def test_the_embeddings_are_those_of_the_reference():
    pytest.importorskip("tokenizers", reason="models of images and texts need it, nothing else does")
    assert check_model(TINY) == "3 images and 6 texts as the reference has them"


@pytest.mark.parametrize(
    ("key", "change", "complaint"),
    [
        ("image", {"mean": [0.5, 0.5, 0.5]}, "embeddings of images are .* apart"),
        ("image", {"resample": "bilinear"}, "embeddings of images are .* apart"),
        ("image", {"fit": "squash"}, "embeddings of images are .* apart"),
        ("image", {"size": [16, 16]}, "refuses its input"),
        ("text", {"length": 12}, "refuses its input"),
        ("text", {"output": "nothing"}, "has no output 'nothing': it has embedding"),
    ],
)
def test_a_model_with_wrong_settings_is_found(tmp_path, key, change, complaint):
    pytest.importorskip("tokenizers", reason="models of images and texts need it, nothing else does")
    folder = tmp_path / "model"
    shutil.copytree(TINY, folder)
    description = json.loads((folder / "model.json").read_text())
    description[key].update(change)
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InvalidModel, match=complaint):
        check_model(folder)


def test_the_grounder_keeps_the_contract():
    pytest.importorskip("tokenizers", reason="models of images and texts need it, nothing else does")
    check_grounder(DualEncoderGrounder(DualEncoderParameters(folder=str(TINY))))
