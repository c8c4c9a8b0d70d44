"""What somebody says, as a typed query, and which parts of the scene it means. No ROS."""

from typing import TYPE_CHECKING

from lab_core.door import opened

if TYPE_CHECKING:
    from lab_language.grounding.evaluate import Grounding, ground
    from lab_language.query import Query
    from lab_language.words.lexicon import Lexicon, load_lexicon
    from lab_language.words.sentence import understand, understand_phrase

__all__ = ["Grounding", "Lexicon", "Query", "ground", "load_lexicon", "understand", "understand_phrase"]

__getattr__ = opened(
    __name__,
    {
        "Grounding": "grounding.evaluate",
        "Lexicon": "words.lexicon",
        "Query": "query",
        "ground": "grounding.evaluate",
        "load_lexicon": "words.lexicon",
        "understand": "words.sentence",
        "understand_phrase": "words.sentence",
    },
)
