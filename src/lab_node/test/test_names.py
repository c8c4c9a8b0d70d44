"""Names in a namespace, and whose a name is."""

import pytest

from lab_core.errors import ConfigurationError
from lab_node.names import COMMON, enclave, namespace_from, resolve, ros_arguments, within


@pytest.mark.parametrize(
    ("text", "namespace"),
    [("", ""), ("/", ""), ("left", "/left"), ("/left", "/left"), ("hall_2/left", "/hall_2/left")],
)
def test_a_namespace_is_read(text, namespace):
    assert namespace_from(text) == namespace


@pytest.mark.parametrize(
    "text", ["9/x", "left/", "//left", "left//x", "a b", "l\u00e9", "~", "{x}", "left\n", "x" * 101, "-r"]
)
def test_what_is_no_namespace_is_named(text):
    with pytest.raises(ConfigurationError, match="is no name: expected letters"):
        namespace_from(text)


def test_names_are_resolved():
    assert resolve("scene/objects") == "/scene/objects"
    assert resolve("scene/objects", "/left") == "/left/scene/objects"
    assert resolve("/robot/state", "/left") == "/robot/state"
    assert [resolve(name) for name in COMMON] == [*COMMON]
    assert [resolve(name, "/left") for name in COMMON] == [f"/left{name}" for name in COMMON]


def test_a_name_is_of_the_nearest_cell_around_it():
    cells = ("", "/left", "/left/small")
    for name, owner, called in (
        ("/scene/objects", "", "/scene/objects"),
        ("/leftover", "", "/leftover"),
        ("/left/scene/objects", "/left", "/scene/objects"),
        ("/left/small/grasps", "/left/small", "/grasps"),
    ):
        for each in cells:
            others = set(cells) - {each}
            assert within(name, each, others) == (called if each == owner else None), (name, each)


def test_who_looks_at_a_cell_joins_its_names():
    assert ros_arguments("doctor", "") == ["--ros-args", "--enclave", "/lab/doctor"]
    words = ros_arguments("doctor", "/left")
    assert words[:3] == ["--ros-args", "--enclave", enclave("doctor", "/left")] and "__ns:=/left" in words
    assert enclave("doctor", "/left") == "/lab/left/doctor"
    assert "/tf:=/left/tf" in words and "/clock:=/left/clock" in words
