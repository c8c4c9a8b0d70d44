"""Writes a CLIP as a folder that `lab_language` reads; needs open_clip, torch and onnx, see README.md.

python training/export_clip.py --model ViT-B-32 --weights my_weights.pt --out models/clip

The folder holds both halves as ONNX, the tokenizer, and what open_clip itself makes of some images and texts:
by that `./lab doctor --model FOLDER` tells on any machine whether the model does there what it did here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from PIL import Image
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn

TEXTS = (
    "a photo of a red box",
    "a photo of a blue cylinder",
    "a photo of a hex nut",
    "A Photo of a 3/4\" washer, it's  shiny!",
    "",
    "a very long text " * 30,
)
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""What open_clip's tokenizer takes for one word."""


class _Images(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model.encode_image(pixels, normalize=True)


class _Texts(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.model.encode_text(tokens, normalize=True)


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="name of a model of open_clip, such as ViT-B-32")
    parser.add_argument("--weights", help="file with its weights; left out: random ones, for a test")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of random weights and of the images to compare")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model, _, prepare = open_clip.create_model_and_transforms(
        options.model, pretrained=options.weights, load_weights=options.weights is not None
    )
    tokenize = open_clip.get_tokenizer(options.model)
    if not isinstance(tokenize, open_clip.SimpleTokenizer):
        parser.error(f"{options.model} has another tokenizer than CLIP's: only CLIP's is converted here")
    write(model.eval(), prepare, tokenize, clip_tokenizer(tokenize), options.out, options.seed)


def write(model: nn.Module, prepare: Any, tokenize: Any, tokenizer: Tokenizer, out: Path, seed: int) -> None:
    """Writes the folder of a model. tokenize: texts → tokens (N, length), as open_clip does it."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pictures = [_picture(rng) for _ in range(3)]
    pixels = torch.stack([prepare(Image.fromarray(picture)) for picture in pictures])
    tokens = tokenize(list(TEXTS))
    with torch.no_grad():
        seen, read = (half.numpy() for half in (_Images(model)(pixels), _Texts(model)(tokens)))
    _export(_Images(model), pixels, "pixels", out / "image.onnx")
    _export(_Texts(model), tokens, "tokens", out / "text.onnx")
    _check_tokens(tokenizer, tokens)
    tokenizer.save(str(out / "tokenizer.json"))
    np.savez(
        out / "reference.npz",
        images=np.stack(pictures),
        image_embeddings=seen,
        texts=np.array(TEXTS),
        text_embeddings=read,
    )
    how = open_clip.get_model_preprocess_cfg(model)
    size = how["size"] if isinstance(how["size"], tuple | list) else (how["size"], how["size"])
    description = {
        "image": {
            **_hashed(out / "image.onnx"),
            "size": list(size),
            "fit": {"shortest": "crop", "squash": "squash"}[how.get("resize_mode", "shortest")],
            "resample": how.get("interpolation", "bicubic"),
            "mean": list(how["mean"]),
            "std": list(how["std"]),
        },
        "text": {**_hashed(out / "text.onnx"), "length": int(tokens.shape[1]), "padding": 0},
        "tokenizer": _hashed(out / "tokenizer.json"),
        "reference": _hashed(out / "reference.npz"),
        "score": {"scale": float(model.logit_scale.exp())},
    }
    (out / "model.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


def _check_tokens(tokenizer: Tokenizer, tokens: torch.Tensor) -> None:
    """The converted tokenizer must read the texts as open_clip does."""
    tokenizer.enable_truncation(tokens.shape[1])
    tokenizer.enable_padding(length=tokens.shape[1], pad_id=0)
    for text, expected in zip(TEXTS, tokens.tolist(), strict=True):
        if tokenizer.encode(text).ids != expected:
            raise ValueError(f"the converted tokenizer reads {text[:40]!r} in another way than open_clip")


def clip_tokenizer(tokenize: open_clip.SimpleTokenizer) -> Tokenizer:
    """The byte pair encoding of open_clip as the library `tokenizers` reads it."""
    ranks = {pair: rank for pair, rank in tokenize.bpe_ranks.items() if len(pair) == 2}
    merges = sorted(ranks, key=ranks.__getitem__)
    return byte_pairs(dict(tokenize.encoder), merges)


def byte_pairs(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """A tokenizer that cuts words as CLIP does."""
    start, end = "<start_of_text>", "<end_of_text>"
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(s, vocabulary[s]) for s in (start, end)]
    )
    return tokenizer


def _picture(rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) noise in patches, of another size than any model's."""
    small = rng.integers(0, 256, (6, 7, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((83, 61), Image.Resampling.BILINEAR))


def _export(module: nn.Module, example: torch.Tensor, name: str, path: Path) -> None:
    torch.onnx.export(
        module.eval(),
        (example,),
        str(path),
        opset_version=17,
        dynamo=False,
        input_names=[name],
        output_names=["embedding"],
        dynamic_axes={name: {0: "count"}, "embedding": {0: "count"}},
    )


def _hashed(path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


if __name__ == "__main__":
    main()
