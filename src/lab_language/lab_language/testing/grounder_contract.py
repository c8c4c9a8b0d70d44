"""What every grounder has to do, as a check that anybody can run over an implementation of their own:

from lab_language.grounding.port import GROUNDERS
from lab_language.testing.grounder_contract import check_grounder

def test_my_grounder():
    check_grounder(GROUNDERS.make("mine").plugin)

`accurate_on_blocks`, an attribute of the class, says that it tells plain blocks by their colours; the
contract holds it to that.
"""

from __future__ import annotations

import numpy as np

from lab_core.plugins import promises
from lab_language.grounding.port import Candidate, Grounder, Phrase, Sight
from lab_language.query import Attribute
from lab_language.testing.synthetic import PAINTS, part

COLOURS = ("red", "green", "blue")


class ContractBroken(AssertionError):
    """A grounder does not do what the port asks of it."""


def check_grounder(grounder: Grounder) -> None:
    """Raises ContractBroken, which says the first thing that a grounder does otherwise than it must."""
    if not callable(getattr(grounder, "score", None)):
        raise ContractBroken(f"{type(grounder).__name__} has no method score(candidates, phrase)")
    several = [_block(colour, 0.1 * index) for index, colour in enumerate(COLOURS)]
    for count in (0, 1, 3):
        for colour in COLOURS:
            _scores(grounder, several[:count], colour)
    without_image = [Candidate(candidate.part) for candidate in several]
    _scores(grounder, without_image, "red")
    if not promises(grounder, "accurate_on_blocks"):
        return
    for index, colour in enumerate(COLOURS):
        scores = _scores(grounder, several, colour)
        if int(np.argmax(scores)) != index or scores[index] < 0.5 or np.sort(scores)[-2] > 0.5:
            raise ContractBroken(f"'{colour} box' of blocks in {', '.join(COLOURS)}: the scores are {scores}")


def _block(colour: str, x: float) -> Candidate:
    image = np.full((64, 64, 3), 200, np.uint8)
    image[12:52, 12:52] = np.round(255 * np.array(PAINTS[colour])).astype(np.uint8)
    outline = np.array([[12.0, 12.0], [52.0, 12.0], [52.0, 52.0], [12.0, 52.0]])
    return Candidate(part(colour, "box", colour, (0.4 + x, 0.0)), Sight(image, outline))


def _scores(grounder: Grounder, candidates: list[Candidate], colour: str) -> np.ndarray:
    phrase = Phrase(f"{colour} box", (Attribute("colour", (colour,)), Attribute("noun", ("box",))))
    before = [_content(candidate) for candidate in candidates]
    scores = np.asarray(grounder.score(candidates, phrase))
    where = f"'{phrase.text}' of {len(candidates)} parts"
    if scores.shape != (len(candidates),):
        raise ContractBroken(f"{where}: the scores have the shape {scores.shape}, expected one a part")
    if len(scores) and not (np.isfinite(scores).all() and scores.min() >= 0.0 and scores.max() <= 1.0):
        raise ContractBroken(f"{where}: the scores are {scores}, expected 0 to 1 each")
    if before != [_content(candidate) for candidate in candidates]:
        raise ContractBroken(f"{where}: a part or an image was changed; others use them too")
    return scores


def _content(candidate: Candidate) -> bytes:
    part, sight = candidate.part, candidate.sight
    arrays: list[np.ndarray] = [part.points, part.normals, part.color]
    if sight is not None:
        arrays += [sight.image, sight.outline]
    return b"".join(array.tobytes() for array in arrays)
