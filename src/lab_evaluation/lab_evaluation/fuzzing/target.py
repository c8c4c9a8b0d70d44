"""One place where something enters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

# Wall seconds that one input may take on a busy machine, and how many times as long beside that as it takes.
HANG, _TIMES = 60.0, 30.0


@dataclass(frozen=True)
class Target:
    """One place where something enters.

    group: of the campaign, such as "files". take: called with each input; it may return, or raise a LabError
    or SystemExit with code 2 and a sentence; anything else is a finding. Wrong is raised by what judges.
    seconds: that an input takes. Where it is one or more, inputs are given one by one, and what fails is not
    made smaller. share: of all inputs, for what takes long; 0: as many as the others of its group.
    """

    name: str
    group: str
    inputs: SearchStrategy[Any]
    take: Callable[[Any], object]
    seconds: float = 0.0
    share: float = 0.0

    @property
    def slow(self) -> bool:
        return self.seconds >= 1.0

    @property
    def hang(self) -> float:
        """Wall seconds after which an input is taken for one that never ends."""
        return HANG + _TIMES * self.seconds
