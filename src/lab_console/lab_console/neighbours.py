"""Which parts a sentence names."""

from __future__ import annotations

import re
from collections.abc import Iterable


def named_in(sentence: str, ids: Iterable[str], but: str) -> tuple[str, ...]:
    """Those ids that stand in a sentence as whole words, without one of them, in their order."""
    return tuple(
        name for name in ids if name != but and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence)
    )
