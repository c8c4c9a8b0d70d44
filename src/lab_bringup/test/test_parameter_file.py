"""Files of ROS parameters: what rcl would pass over in silence is refused in a sentence."""

import pytest

from lab_bringup.parameter_file import matches, refuse_unusable
from lab_core.errors import ConfigurationError

NODES = ["/left/motion", "/left/grasping"]


@pytest.mark.parametrize(
    "text",
    [
        "/left/motion: {ros__parameters: {speed: 0.5}}",
        "/**/motion: {ros__parameters: {speed: 0.5}}",
        "/**: {ros__parameters: {speed: 0.5}}",
        "left: {motion: {ros__parameters: {speed: 0.5}}}",
        "/*/motion: {ros__parameters: {}}",
    ],
)
def test_nodes_are_named_as_rcl_reads_them(tmp_path, text):
    file = tmp_path / "parameters.yaml"
    file.write_text(text)
    refuse_unusable(file, NODES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("motion: {ros__parameters: {speed: 0.5}}", "'/motion': did you mean '/left/motion'"),
        ("/left/moton: {ros__parameters: {speed: 0.5}}", "'/left/moton': did you mean '/left/motion'"),
        ("/right/x: {ros__parameters: {speed: 0.5}}", "'/right/x': there are /left/motion, /left/grasping"),
        ("/left/motion: {ros__parameters: 3}", "/left/motion: expected ros__parameters"),
        ("/left/motion: 3", "/left/motion: expected ros__parameters"),
        ("[1]", "expected nodes"),
        ("{", "parameters.yaml"),
    ],
)
def test_what_is_for_nobody_is_named(tmp_path, text, words):
    file = tmp_path / "parameters.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        refuse_unusable(file, NODES)
    assert words in str(caught.value)


def test_two_stars_stand_for_any_number_of_parts():
    assert matches("/**/motion", "/motion") and matches("/**/motion", "/a/b/motion")
    assert not matches("/*/motion", "/motion") and not matches("/**/motion", "/a/emotion")
