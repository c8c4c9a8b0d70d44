"""A model that tells how alike an image and a text are, such as CLIP or SigLIP, as two ONNX files.

Sources: A. Radford et al., "Learning transferable visual models from natural language supervision", 2021; X.
Zhai et al., "Sigmoid loss for language image pre-training", 2023. Images are made ready as torchvision does:
Pillow's resampling, so that the embeddings are those of the reference implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_language.grounding.port import Image
from lab_language.models.description import ImageEncoder, InvalidModel, ModelDescription, read_description

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class DualEncoder:
    """Embeddings of images and texts, of unit length. The same input gives the same output."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """threads: cores that one image or text may use.

        Raises InvalidModel when anything of the model is missing, damaged or of another form.
        """
        self.folder = folder
        self.description: ModelDescription = read_description(folder)
        self._image = _session(folder / self.description.image.file, threads)
        self._text = _session(folder / self.description.text.file, threads)
        self._tokenizer = _tokenizer(folder, self.description)
        self._known: dict[str, FloatArray] = {}

    def images(self, crops: Sequence[Image]) -> FloatArray:
        """(N, D) of images (h, w, 3) RGB. Raises InvalidModel."""
        pixels = np.stack([preprocessed(crop, self.description.image) for crop in crops])
        name = self._image.get_inputs()[0].name
        return _embedded(self._image, {name: pixels}, self.description.image.output, len(crops))

    def texts(self, texts: Sequence[str]) -> FloatArray:
        """(N, D). Raises InvalidModel."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            given, output = self._tokens(new), self.description.text.output
            self._known.update(zip(new, _embedded(self._text, given, output, len(new)), strict=True))
        return np.stack([self._known[text] for text in texts])

    def _tokens(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.integer]]:
        """What the model reads, by the names of its inputs: (N, length), cut or filled up."""
        encoded = self._tokenizer.encode_batch(list(texts))
        return {
            node.name: np.array(
                [each.attention_mask if "mask" in node.name else each.ids for each in encoded],
                _INTEGERS.get(node.type, np.int64),
            )
            for node in self._text.get_inputs()
        }


_INTEGERS = {"tensor(int32)": np.int32, "tensor(int64)": np.int64}


def preprocessed(image: Image, encoder: ImageEncoder) -> npt.NDArray[np.float32]:
    """(3, height, width) of an image (h, w, 3) RGB."""
    from PIL import Image as Pillow

    height, width = encoder.size
    filters = {"bicubic": Pillow.Resampling.BICUBIC, "bilinear": Pillow.Resampling.BILINEAR}
    picture = Pillow.fromarray(image)
    if encoder.fit == "squash":
        picture = picture.resize((width, height), filters[encoder.resample])
    else:
        short, edge = min(picture.size), min(height, width)
        scaled = [edge if side == short else int(edge * side / short) for side in picture.size]
        picture = picture.resize((scaled[0], scaled[1]), filters[encoder.resample])
        left, top = (round((have - need) / 2.0) for have, need in zip(scaled, (width, height), strict=True))
        picture = picture.crop((left, top, left + width, top + height))
    pixels: npt.NDArray[np.float32] = np.asarray(picture, np.float32) / np.float32(255.0)
    mean, std = np.array(encoder.mean, np.float32), np.array(encoder.std, np.float32)
    ready: npt.NDArray[np.float32] = ((pixels - mean) / std).transpose(2, 0, 1)
    return np.ascontiguousarray(ready)


def _session(path: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InvalidModel(f"{path} is no model that onnxruntime reads: {_first_line(error)}") from error


def _tokenizer(folder: Path, description: ModelDescription) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise InvalidModel(
            "models of images and texts need the package tokenizers: pip install it"
        ) from error
    path = folder / description.tokenizer.file
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise InvalidModel(f"{path} is no tokenizer: {_first_line(error)}") from error
    length = description.text.length
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=description.text.padding)
    return tokenizer


def _embedded(session: InferenceSession, given: dict[str, Any], output: str, count: int) -> FloatArray:
    """(count, D) of unit length."""
    names = [node.name for node in session.get_outputs()]
    if output and output not in names:
        raise InvalidModel(f"the model has no output '{output}': it has {', '.join(names)}")
    wanted = [output] if output else names
    try:
        found = session.run(wanted, given)
    except Exception as error:
        raise InvalidModel(f"the model refuses its input: {_first_line(error)}") from error
    flat = [np.asarray(each, np.float64) for each in found if np.ndim(each) == 2 and len(each) == count]
    if not flat:
        shapes = ", ".join(f"{name} {np.shape(each)}" for name, each in zip(wanted, found, strict=True))
        raise InvalidModel(f"the model gives no embedding ({count}, D): it gives {shapes}")
    length = np.linalg.norm(flat[0], axis=1, keepdims=True)
    if not np.isfinite(flat[0]).all() or (length == 0.0).any():
        raise InvalidModel("the model gives embeddings that are no numbers, or 0: it is damaged")
    result: FloatArray = flat[0] / length
    return result


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
