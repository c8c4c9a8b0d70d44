"""Does a suction cup hold something? Judged from the vacuum that is measured behind its lip.

Both moments of contact.py count: after the pump was switched on, and after lifting. A cup that leaks cannot
hold its vacuum, one that holds it has something on its lip; before lifting that may be what the part stands
on.
"""

from __future__ import annotations

from dataclasses import dataclass

SEALED_SHARE = 0.6
"""Of the vacuum that the pump reaches: a cup with less of it leaks."""


@dataclass(frozen=True, slots=True)
class SealJudgement:
    """Whether the lip seals, the vacuum that says so, Pa, and a sentence for a person."""

    held: bool
    vacuum: float
    reason: str


def judge_seal(vacuum: float, reachable: float) -> SealJudgement:
    """Judge a vacuum, Pa below the air around it, by what the pump reaches with a lip that seals, Pa."""
    held = vacuum >= SEALED_SHARE * reachable
    needed = 1e-3 * SEALED_SHARE * reachable
    what = "the lip seals" if held else "the lip leaks"
    return SealJudgement(
        held, vacuum, f"{what}: {1e-3 * vacuum:.0f} kPa of vacuum, {needed:.0f} kPa are needed to hold"
    )
