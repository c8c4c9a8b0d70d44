"""Substitutions and conditions."""

from __future__ import annotations

from typing import List  # noqa: UP035

import pytest
from launch import LaunchContext
from launch.conditions import (
    IfCondition,
    InvalidConditionExpressionError,
    UnlessCondition,
)
from launch.substitutions import (
    AndSubstitution,
    EqualsSubstitution,
    LaunchConfiguration,
    LocalSubstitution,
    NotEqualsSubstitution,
    PathJoinSubstitution,
    SubstitutionFailure,
    TextSubstitution,
)
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import normalize_typed_substitution, perform_typed_substitution


@pytest.fixture
def context() -> LaunchContext:
    context = LaunchContext()
    context.launch_configurations.update({"name": "cell", "on": "true", "number": "3"})
    return context


def test_texts_and_substitutions_are_joined(context):
    mixed = normalize_to_list_of_substitutions(["a_", LaunchConfiguration("name"), "_b"])
    assert perform_substitutions(context, mixed) == "a_cell_b"
    with pytest.raises(TypeError):
        normalize_to_list_of_substitutions([5])


def test_launch_configuration(context):
    assert LaunchConfiguration("name").perform(context) == "cell"
    assert LaunchConfiguration(["na", TextSubstitution(text="me")]).perform(context) == "cell"
    assert LaunchConfiguration("missing", default=5).perform(context) == "5"
    assert (
        LaunchConfiguration("missing", default=["x", LaunchConfiguration("name")]).perform(context) == "xcell"
    )
    with pytest.raises(SubstitutionFailure, match="launch configuration 'missing' does not exist"):
        LaunchConfiguration("missing").perform(context)


def test_path_join(context):
    joined = PathJoinSubstitution(["/root", LaunchConfiguration("name"), "config", "cell.yaml"])
    assert joined.perform(context) == "/root/cell/config/cell.yaml"


def test_locals(context):
    context.extend_locals({"thing": {"key": "value"}})
    assert LocalSubstitution("thing['key']").perform(context) == "value"


@pytest.mark.parametrize(
    ("substitution", "expected"),
    [
        (AndSubstitution(LaunchConfiguration("on"), "0"), "false"),
        (AndSubstitution("yes", "1"), "true"),
        (EqualsSubstitution(LaunchConfiguration("name"), "cell"), "true"),
        (EqualsSubstitution("TRUE", 1), "true"),
        (EqualsSubstitution("1.0", "1"), "true"),
        (EqualsSubstitution(None, ""), "true"),
        (EqualsSubstitution(True, "false"), "false"),
        (NotEqualsSubstitution(LaunchConfiguration("number"), 3.0), "false"),
    ],
)
def test_logic(context, substitution, expected):
    assert substitution.perform(context) == expected


def test_logic_refuses_what_is_no_boolean(context):
    with pytest.raises(SubstitutionFailure):
        AndSubstitution("true", "cell").perform(context)


def test_conditions(context):
    assert IfCondition(LaunchConfiguration("on")).evaluate(context)
    assert IfCondition(" True ").evaluate(context)
    assert not UnlessCondition("1").evaluate(context)
    assert UnlessCondition(EqualsSubstitution("a", "b")).evaluate(context)
    with pytest.raises(InvalidConditionExpressionError, match="'cell'"):
        IfCondition(LaunchConfiguration("name")).evaluate(context)


@pytest.mark.parametrize(
    ("text", "data_type", "expected"),
    [
        ("3", int, 3),
        ("3", float, 3.0),
        ("3", str, "3"),
        ("1", bool, True),
        ("off", bool, False),
        ("3", None, 3),
        ("[1, 2]", List[int], [1, 2]),  # noqa: UP006
        ("[1, 2]", list[int], [1, 2]),
        ("[a, b]", None, ["a", "b"]),
    ],
)
def test_typed_substitutions(context, text, data_type, expected):
    normalized = normalize_typed_substitution(TextSubstitution(text=text), data_type)
    assert perform_typed_substitution(context, normalized, data_type) == expected


@pytest.mark.parametrize(
    ("text", "data_type"), [("x", int), ("2", bool), ("[1, a]", list[int]), ("{a: 1}", None)]
)
def test_typed_substitutions_refuse_other_values(context, text, data_type):
    normalized = normalize_typed_substitution(TextSubstitution(text=text), data_type)
    with pytest.raises(ValueError, match=r"\S"):
        perform_typed_substitution(context, normalized, data_type)


@pytest.mark.parametrize(
    ("value", "data_type"), [(3, str), ("a", int), ([1, "a"], None), ([1], int), ([1], list[str])]
)
def test_values_of_the_wrong_type_are_refused_early(value, data_type):
    with pytest.raises(TypeError):
        normalize_typed_substitution(value, data_type)
