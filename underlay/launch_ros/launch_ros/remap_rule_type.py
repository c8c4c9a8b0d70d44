"""Remapping rules as users write them, and normalized."""

from collections.abc import Iterable, Sequence

from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution

SomeRemapRule = tuple[SomeSubstitutionsType, SomeSubstitutionsType]
SomeRemapRules = Iterable[SomeRemapRule]
RemapRule = tuple[Sequence[Substitution], Sequence[Substitution]]
RemapRules = list[RemapRule] | tuple[RemapRule, ...]
