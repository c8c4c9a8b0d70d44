"""What a Node action puts on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List  # noqa: UP035

import pytest
from launch import LaunchDescription, LaunchService
from launch.actions import DeclareLaunchArgument, GroupAction
from launch.substitutions import LaunchConfiguration, SubstitutionFailure, TextSubstitution
from launch_ros.actions import Node, PushROSNamespace, SetParameter, SetRemap
from launch_ros.parameter_descriptions import Parameter, ParameterFile, ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackagePrefix, FindPackageShare

SHOW = """
import json, sys, yaml
arguments = sys.argv[1:]
pairs = zip(arguments, arguments[1:])
files = [yaml.safe_load(open(after)) for flag, after in pairs if flag == "--params-file"]
print(json.dumps({"arguments": arguments, "files": files}))
"""


class Shown:
    """What the executable was given."""

    def __init__(self, node: Node) -> None:
        shown = json.loads(node.get_stdout())
        self.arguments: list[str] = shown["arguments"]
        self.files: list[dict[str, Any]] = shown["files"]

    def after(self, flag: str) -> list[str]:
        return [
            after for before, after in zip(self.arguments, self.arguments[1:], strict=False) if before == flag
        ]


@pytest.fixture
def show(package):
    """Launch nodes of an executable that prints its arguments; return what it printed."""
    package("show", SHOW)

    def show(*entities, nodes):
        service = LaunchService(noninteractive=True)
        service.include_launch_description(LaunchDescription([*entities] or list(nodes)))
        assert service.run() == 0
        return [Shown(node) for node in nodes]

    return show


def demo(**arguments: Any) -> Node:
    return Node(package="demo", executable="show", cached_output=True, **arguments)


def test_parameters_are_written_to_a_file_for_this_node(show):
    node = demo(
        name="camera",
        namespace="cell",
        parameters=[
            {
                "rate": 15,
                "gain": 1.5,
                "enabled": True,
                "frame": "camera_optical",
                "code": "007",
                "nested": {
                    "deep": {"value": 3},
                    "list": [1, 2.5],
                    "names": ["a", "1"],
                    "flags": [True, False],
                },
            }
        ],
    )
    (shown,) = show(nodes=[node])
    assert shown.files == [
        {
            "/cell/camera": {
                "ros__parameters": {
                    "rate": 15,
                    "gain": 1.5,
                    "enabled": True,
                    "frame": "camera_optical",
                    "code": "007",
                    "nested.deep.value": 3,
                    "nested.list": [1.0, 2.5],
                    "nested.names": ["a", "1"],
                    "nested.flags": [True, False],
                }
            }
        }
    ]
    assert node.node_name == "/cell/camera"
    assert not Path(shown.after("--params-file")[0]).exists(), "removed when the node has ended"


def test_parameters_of_a_node_without_a_name_are_for_all_nodes(show):
    (shown,) = show(nodes=[demo(parameters=[{"rate": 1}])])
    assert shown.files == [{"/**": {"ros__parameters": {"rate": 1}}}]


def test_substitutions_become_values_by_yaml_unless_a_type_is_given(show):
    node = demo(
        parameters=[
            {
                "number": LaunchConfiguration("value"),
                "text": ParameterValue(LaunchConfiguration("value"), value_type=str),
                "joined": [LaunchConfiguration("value"), "_camera"],
                ("name_", LaunchConfiguration("value")): 1,
                "floats": ParameterValue(["1.5", "2"], value_type=List[str]),  # noqa: UP006
                "none": ParameterValue(TextSubstitution(text="[1, 2]"), value_type=List[int]),  # noqa: UP006
            }
        ]
    )
    (shown,) = show(DeclareLaunchArgument("value", default_value="5"), node, nodes=[node])
    assert shown.files[0]["/**"]["ros__parameters"] == {
        "number": 5,
        "text": "5",
        "joined": "5_camera",
        "name_5": 1,
        "floats": ["1.5", "2"],
        "none": [1, 2],
    }


def test_files_dictionaries_and_single_parameters_keep_their_order(show, tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("/**: {ros__parameters: {order: 1}}")
    second.write_text("/**: {ros__parameters: {order: 3}}")
    node = demo(parameters=[first, {"order": 2}, ParameterFile(str(second)), Parameter("order", 4)])
    (shown,) = show(nodes=[node])
    assert [file["/**"]["ros__parameters"]["order"] for file in shown.files] == [1, 2, 3]
    assert shown.arguments[-2:] == ["-p", "order:=4\n...\n"]


def test_a_file_that_is_not_there_is_left_out_with_a_warning(show, capsys):
    (shown,) = show(nodes=[demo(parameters=["/no/such.yaml"])])
    assert shown.files == []
    assert "Parameter file path is not a file: /no/such.yaml" in capsys.readouterr().out


def test_arguments_and_remappings(show):
    node = demo(
        name="n",
        arguments=["--own", LaunchConfiguration("value", default="v")],
        ros_arguments=["--log-level", "debug"],
        remappings=[("in", "/camera/image"), (LaunchConfiguration("value", default="v"), "out")],
    )
    (shown,) = show(nodes=[node])
    assert shown.arguments == [
        "--own", "v", "--ros-args", "--log-level", "debug",
        "--ros-args", "-r", "__node:=n", "-r", "in:=/camera/image", "-r", "v:=out",
    ]  # fmt: skip
    assert node.expanded_remapping_rules == [("in", "/camera/image"), ("v", "out")]


def test_scopes_add_to_the_nodes_inside_only(show):
    inside, outside = (
        demo(name="n", namespace="deep", parameters=[{"own": 1}], remappings=[("c", "d")]),
        demo(),
    )
    group = GroupAction(
        [
            PushROSNamespace("outer"),
            PushROSNamespace("inner"),
            SetParameter("use_sim_time", True),
            SetParameter("rate", LaunchConfiguration("value", default="2.5")),
            SetRemap("a", "b"),
            inside,
        ]
    )
    of_inside, of_outside = show(group, outside, nodes=[inside, outside])
    assert of_inside.after("-p") == ["use_sim_time:=True", "rate:=2.5"]
    assert [list(file) for file in of_inside.files] == [["/outer/inner/deep/n"]]
    assert of_inside.after("-r") == ["__node:=n", "__ns:=/outer/inner/deep", "a:=b", "c:=d"]
    assert of_outside.arguments == ["--ros-args"]


def test_an_absolute_namespace_leaves_the_scope(show):
    node = demo(name="n", namespace="/away")
    (shown,) = show(PushROSNamespace("outer"), node, nodes=[node])
    assert "__ns:=/away" in shown.arguments


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (Node(package="no_such_package", executable="show"), "no_such_package"),
        (Node(package="demo", executable="no_such_executable"), "executable 'no_such_executable' not found"),
        (Node(package="demo", executable="show", name="not valid"), "Invalid node name"),
        (PushROSNamespace("not valid"), "The resulting namespace is invalid"),
    ],
)
def test_what_cannot_be_launched_ends_the_launch_with_the_reason(package, capsys, action, message):
    package("show", SHOW)
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([action]))
    assert service.run() == 1
    assert message in capsys.readouterr().out


def test_two_nodes_of_one_name_are_noticed(show, capsys):
    show(nodes=[demo(name="n", namespace="/"), demo(name="n", namespace="/")])
    assert "there are now at least 2 nodes with the name /n" in capsys.readouterr().out


def test_packages_are_found(package):
    from launch import LaunchContext

    package("show", SHOW)
    context = LaunchContext()
    prefix = FindPackagePrefix("demo").perform(context)
    assert FindPackageShare("demo").perform(context) == f"{prefix}/share/demo"
    assert ExecutableInPackage("show", "demo").perform(context) == f"{prefix}/lib/demo/show"
    with pytest.raises(SubstitutionFailure, match="not found"):
        ExecutableInPackage("hide", "demo").perform(context)


@pytest.mark.parametrize(
    "parameters",
    [["text", 5], [{"value": None}], [{"value": object()}], [{"value": [1, {}]}]],
)
def test_malformed_parameters_are_refused_at_once(parameters):
    with pytest.raises(TypeError):
        demo(parameters=parameters)


def test_a_list_of_mixed_values_is_refused(show, capsys):
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([demo(parameters=[{"mixed": ["a", 1]}])]))
    assert service.run() == 1
    assert 'Got inconsistent input for "mixed"' in capsys.readouterr().out
