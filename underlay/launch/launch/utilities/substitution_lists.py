"""Texts and substitutions, in any form that a user may write, as one list and as one text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def normalize_to_list_of_substitutions(subs: SomeSubstitutionsType) -> list[Substitution]:
    """A list of substitutions; text and paths become TextSubstitution. TypeError for anything else."""
    from pathlib import Path

    from ..substitutions.text_substitution import TextSubstitution

    def normalize(item: object) -> Substitution:
        if isinstance(item, str):
            return TextSubstitution(text=item)
        if isinstance(item, Path):
            return TextSubstitution(text=str(item))
        if isinstance(item, Substitution):
            return item
        raise TypeError(
            f"Failed to normalize given item of type '{type(item)}', when only 'str' or "
            "'launch.Substitution' "
            "were expected."
        )

    if isinstance(subs, str | Path | Substitution):
        return [normalize(subs)]
    if isinstance(subs, Iterable):
        return [normalize(item) for item in subs]
    raise TypeError(
        f"Failed to normalize substitutions of type '{type(subs)}', when only 'str', "
        "'launch.Substitution' or "
        "an iterable of those were expected."
    )


def perform_substitutions(context: LaunchContext, subs: Iterable[Substitution]) -> str:
    """The texts of all substitutions, joined."""
    return "".join(context.perform_substitution(sub) for sub in subs)
