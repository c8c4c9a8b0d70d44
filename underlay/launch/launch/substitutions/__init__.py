"""Substitutions: texts that are computed while launching."""

from .boolean_substitution import AndSubstitution
from .equals_substitution import EqualsSubstitution, NotEqualsSubstitution
from .launch_configuration import LaunchConfiguration
from .local_substitution import LocalSubstitution
from .path_join_substitution import PathJoinSubstitution
from .substitution_failure import SubstitutionFailure
from .text_substitution import TextSubstitution

__all__ = [
    "AndSubstitution",
    "EqualsSubstitution",
    "LaunchConfiguration",
    "LocalSubstitution",
    "NotEqualsSubstitution",
    "PathJoinSubstitution",
    "SubstitutionFailure",
    "TextSubstitution",
]
