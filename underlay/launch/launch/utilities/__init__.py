"""Helpers that actions, events and substitutions share."""

from .class_tools_impl import is_a, is_a_subclass
from .ensure_argument_type_impl import ensure_argument_type
from .entity_tree import normalize_to_list_of_entities, visit_all_entities_and_collect_futures
from .signal_management import AsyncSafeSignalManager
from .substitution_lists import normalize_to_list_of_substitutions, perform_substitutions

__all__ = [
    "AsyncSafeSignalManager",
    "ensure_argument_type",
    "is_a",
    "is_a_subclass",
    "normalize_to_list_of_entities",
    "normalize_to_list_of_substitutions",
    "perform_substitutions",
    "visit_all_entities_and_collect_futures",
]
