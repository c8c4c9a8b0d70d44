"""How long each stage of a skill took, and telling the caller which one it is in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StageDuration:
    """duration: seconds of the cell's clock. compute: seconds of computing, 0 in stages that only wait."""

    stage: str
    duration: float
    compute: float


@dataclass(slots=True)
class Stages:
    """Stages in the order in which they ended.

    now: the cell's clock, seconds. announce: told the phase whenever it changes.
    """

    now: Callable[[], float]
    announce: Callable[[str], None]
    done: list[StageDuration] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str, computing: bool = False) -> Iterator[None]:
        """Measure what is done inside, also when it fails."""
        self.announce(name)
        begin, wall = self.now(), time.perf_counter()
        try:
            yield
        finally:
            compute = time.perf_counter() - wall if computing else 0.0
            self.done.append(StageDuration(name, self.now() - begin, compute))

    @contextmanager
    def consecutive(
        self, names: tuple[str, ...], planned: tuple[float, ...]
    ) -> Iterator[Callable[[float], None]]:
        """Measure stages that pass into one another without a stop.

        planned: seconds of each. Yields what is to be told the seconds since the first began.
        """
        begin = self.now()
        ends = [sum(planned[: i + 1]) for i in range(len(planned))]
        phase = 0
        self.announce(names[0])

        def tell(elapsed: float) -> None:
            nonlocal phase
            while phase < len(names) - 1 and elapsed >= ends[phase]:
                phase += 1
                self.announce(names[phase])

        try:
            yield tell
        finally:
            total = self.now() - begin
            for i in range(phase + 1):
                start = ends[i - 1] if i > 0 else 0.0
                stop = total if i == phase else ends[i]
                self.done.append(StageDuration(names[i], max(0.0, stop - start), 0.0))
