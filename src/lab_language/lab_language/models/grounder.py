"""The grounder that asks a dual encoder how well words fit the image of a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.parameters import parameter
from lab_core.plugins import PluginUnavailable
from lab_language.grounding.port import Candidate, Image, Phrase
from lab_language.models.description import Score
from lab_language.models.dual_encoder import DualEncoder

UNSEEN = 0.5
"""Of a part of which there is no image: the model says nothing of it."""


@dataclass(frozen=True)
class DualEncoderParameters:
    """What a user of the plug-in gives."""

    folder: str = parameter(
        "", "Folder with model.json and the ONNX files of a CLIP or SigLIP; see docs/orders.md."
    )
    threads: int = parameter(1, "Cores that the model may use.", minimum=1, maximum=64)


class DualEncoderGrounder:
    """Scores by a model such as CLIP; measured attributes keep their veto."""

    Parameters = DualEncoderParameters
    sees_images = True

    def __init__(self, parameters: DualEncoderParameters) -> None:
        """Raises PluginUnavailable where no folder is named, InvalidModel."""
        if not parameters.folder:
            raise PluginUnavailable(
                "dual_encoder.folder is empty: name a folder with a model.json, or take another grounder"
            )
        self._model = DualEncoder(Path(parameters.folder).expanduser(), parameters.threads)

    def score(self, candidates: Sequence[Candidate], phrase: Phrase) -> FloatArray:
        """See the port."""
        scores = np.full(len(candidates), UNSEEN)
        seen = [i for i, candidate in enumerate(candidates) if candidate.sight is not None]
        if seen:
            crops = [sight.crop for candidate in candidates if (sight := candidate.sight) is not None]
            scores[seen] = likelihoods(self._model, crops, phrase.text)
        return scores


def likelihoods(model: DualEncoder, crops: Sequence[Image], phrase: str) -> FloatArray:
    """(N,) how likely each image shows what a phrase says; see Score."""
    score: Score = model.description.score
    texts = model.texts([score.prompt.replace("{}", phrase), *score.neutral])
    likeness = model.images(crops) @ texts.T
    gain = likeness[:, 0] - (likeness[:, 1:].max(axis=1) if score.neutral else 0.0)
    result: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(score.scale * gain + score.offset, -60.0, 60.0)))
    return result
