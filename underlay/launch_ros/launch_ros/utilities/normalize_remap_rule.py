"""Remapping rules in one form."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions

from ..remap_rule_type import RemapRule, SomeRemapRule, SomeRemapRules


def normalize_remap_rule(remap_rule: SomeRemapRule) -> RemapRule:
    """A pair of substitution lists from a pair of whatever; TypeError if it is no pair."""
    ensure_argument_type(remap_rule, (tuple, list), "remap_rule")
    if len(remap_rule) != 2:
        raise TypeError(f"remap_rule must be a tuple of length 2, got length {len(remap_rule)}")
    source, destination = remap_rule
    return tuple(normalize_to_list_of_substitutions(source)), tuple(
        normalize_to_list_of_substitutions(destination)
    )


def normalize_remap_rules(remap_rules: SomeRemapRules) -> Generator[RemapRule, None, None]:
    """The same for several."""
    if isinstance(remap_rules, str) or not isinstance(remap_rules, Sequence):
        raise TypeError(f"expected a list of remapping rules, got '{remap_rules}'")
    for rule in remap_rules:
        yield normalize_remap_rule(rule)
