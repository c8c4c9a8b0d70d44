"""What may stand where a text is computed while launching."""

import collections.abc
from collections.abc import Iterable

from .substitution import Substitution

SomeSubstitutionsType = str | Substitution | Iterable[str | Substitution]

SomeSubstitutionsType_types_tuple = (str, Substitution, collections.abc.Iterable)
