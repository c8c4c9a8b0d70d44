"""Where a wrong answer comes from: the same question with more and more of what is seen taken from the truth.

The cause is the first step at which the answer turns wrong: of the true parts as the simulator knows them;
with places and sizes as measured; with colours as measured; with shapes as measured; and with the parts as
perception tells them apart.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from _word_scenes import WordScene
from _word_truth import NOUNS, TruePart, has_colour, has_noun
from lab_core.geometry import FloatArray, OrientedBox, make_transform, minimum_area_rectangle
from lab_core.scene import Part, Scene
from lab_language.grounding.attributes import value_scores
from lab_language.grounding.port import Candidate

WORDS, PLACES, COLOURS, SHAPES, SEGMENTS = CAUSES = (
    "words or rules",
    "places and sizes",
    "colours",
    "shapes",
    "telling parts apart",
)


class TrueWords:
    """Scores of words as the truth has them, for some kinds of words; where it is in doubt, as measured."""

    def __init__(self, scene: WordScene, kinds: Collection[str]) -> None:
        self._scene, self._kinds = scene, kinds

    def __call__(self, candidates: Sequence[Candidate], kind: str, value: str) -> FloatArray:
        scores = value_scores(candidates, kind, value)
        if kind not in self._kinds:
            return scores
        for index, candidate in enumerate(candidates):
            number = self._scene.of.get(candidate.part.id)
            part = None if number is None else self._scene.truth[number]
            known = None
            if part is not None and kind == "colour":
                known = has_colour(part, value)
            elif part is not None and value in NOUNS:
                known = has_noun(part, value)
            if known is not None:
                scores[index] = float(known)
        return scores


def true_view(scene: WordScene) -> WordScene:
    """The scene as if everything of it had been measured without error."""
    parts = [_part(f"object_{index + 1}", part) for index, part in enumerate(scene.truth)]
    seen = Scene(stamp=1, frame=scene.seen.frame, support=scene.seen.support, objects=tuple(parts))
    of = {part.id: index for index, part in enumerate(parts)}
    return WordScene(scene.image, seen, scene.truth, scene.covered, of)


def _part(name: str, true: TruePart) -> Part:
    centre, size, yaw = minimum_area_rectangle(true.outline.copy())
    cosine, sine = np.cos(yaw), np.sin(yaw)
    top = true.bottom + true.height
    turn = [[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]]
    box = OrientedBox(make_transform(turn, [*centre, 0.5 * top]), np.array([*size, top]))
    shares = np.linspace(0.0, 1.0, 8)[:, None, None]
    flat = (shares * true.outline + (1.0 - shares) * true.centre).reshape(-1, 2)
    levels = [np.column_stack([flat, np.full(len(flat), z)]) for z in (true.bottom + 1e-3, top, top)]
    points = np.vstack(levels).astype(np.float32)
    return Part(name, box, points, np.tile(np.float32([0.0, 0.0, 1.0]), (len(points), 1)))
