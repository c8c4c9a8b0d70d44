"""Arguments, includes, groups, and events."""

from __future__ import annotations

import os
import textwrap

import pytest
from launch import LaunchDescription, LaunchService
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.event_handlers import OnProcessStart, OnShutdown
from launch.events import Shutdown as ShutdownEvent
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    InvalidLaunchFileError,
    PythonLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)
from launch.substitutions import LaunchConfiguration, LocalSubstitution


def say(*parts) -> LogInfo:
    return LogInfo(msg=["said: ", *parts])


def said(run_) -> list[str]:
    return [line.partition("said: ")[2] for line in run_.output.splitlines() if "said: " in line]


def test_an_argument_takes_its_default_or_what_is_given(run):
    argument = DeclareLaunchArgument("sim", default_value=["mu", LaunchConfiguration("rest", default="joco")])
    assert said(run(argument, say(LaunchConfiguration("sim")))) == ["mujoco"]
    assert said(run(argument, say(LaunchConfiguration("sim")), arguments={"sim": "gazebo"})) == ["gazebo"]


def test_an_argument_without_a_value_ends_the_launch(run):
    result = run(DeclareLaunchArgument("scene", description="What lies on the table"), say("not reached"))
    assert result.code == 1
    assert (
        'Required launch argument "scene" (description: "What lies on the table") was not provided'
        in result.output
    )
    assert said(result) == []


def test_an_argument_that_is_none_of_the_choices_ends_the_launch(run):
    result = run(DeclareLaunchArgument("sim", choices=["mujoco", "gazebo"]), arguments={"sim": "none"})
    assert result.code == 1
    assert (
        "Argument \"sim\" provided value \"none\" is not valid. Valid options are: ['mujoco', 'gazebo']"
        in result.output
    )


def test_declarations_that_cannot_be_right_are_refused():
    with pytest.raises(RuntimeError, match='default_value "c" is not in provided choices'):
        DeclareLaunchArgument("a", default_value="c", choices=["a", "b"])
    with pytest.raises(RuntimeError, match="choices arg is empty"):
        DeclareLaunchArgument("a", choices=[])


def test_descriptions_name_the_choices():
    assert DeclareLaunchArgument("a").description == "no description given"
    assert DeclareLaunchArgument("a", choices=["x"]).description == "One of: ['x']"
    assert (
        DeclareLaunchArgument("a", description="Why", choices=["x"]).description
        == "Why. Valid choices are: ['x']"
    )


@pytest.fixture
def launch_file(tmp_path):
    path = tmp_path / "inner.launch.py"
    path.write_text(
        textwrap.dedent("""
        from launch import LaunchDescription
        from launch.actions import DeclareLaunchArgument, LogInfo
        from launch.conditions import IfCondition
        from launch.substitutions import LaunchConfiguration

        def generate_launch_description():
            return LaunchDescription([
                DeclareLaunchArgument("needed"),
                DeclareLaunchArgument("maybe", condition=IfCondition("false")),
                LogInfo(msg=["said: ", LaunchConfiguration("needed")]),
            ])
        """)
    )
    return path


def test_an_included_file_gets_arguments(run, launch_file):
    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(launch_file)), launch_arguments={"needed": "this"}.items()
    )
    result = run(include)
    assert (result.code, said(result)) == (0, ["this"])


def test_an_include_without_a_needed_argument_fails(run, launch_file):
    result = run(IncludeLaunchDescription(str(launch_file)))
    assert result.code == 1
    assert "Included launch description missing required argument 'needed'" in result.output


def test_arguments_are_found_without_launching(launch_file):
    description = LaunchDescription(
        [
            DeclareLaunchArgument("outer", default_value="x"),
            GroupAction(
                [DeclareLaunchArgument("grouped"), DeclareLaunchArgument("outer")],
                condition=IfCondition("true"),
            ),
            IncludeLaunchDescription(AnyLaunchDescriptionSource(str(launch_file))),
            RegisterEventHandler(OnShutdown(on_shutdown=[DeclareLaunchArgument("hidden")])),
        ]
    )
    arguments = {
        argument.name: argument._conditionally_included for argument in description.get_launch_arguments()
    }
    assert arguments == {"outer": False, "grouped": True, "needed": False, "maybe": True}


def test_files_that_are_no_launch_files_say_why(tmp_path):
    for source, reason in (
        ("1 +", "SyntaxError"),
        ("", "generate_launch_description"),
        ("import nothing_here", "nothing_here"),
    ):
        path = tmp_path / "bad.launch.py"
        path.write_text(source)
        with pytest.raises(InvalidLaunchFileError, match=reason):
            get_launch_description_from_any_launch_file(str(path))
    with pytest.raises(InvalidLaunchFileError, match="no_such"):
        get_launch_description_from_any_launch_file(str(tmp_path / "no_such.launch.py"))


def test_a_group_keeps_configurations_and_environment_to_itself(run, monkeypatch):
    monkeypatch.setenv("OUTER", "outer")
    monkeypatch.delenv("INNER", raising=False)

    def show_all(context):
        known, variables = context.launch_configurations, context.environment
        values = [known.get("a", "-"), known.get("b", "-"), variables["OUTER"], variables.get("INNER", "-")]
        return [say(" ".join(values))]

    show = OpaqueFunction(function=show_all)
    result = run(
        SetLaunchConfiguration("a", "1"),
        GroupAction(
            [
                SetLaunchConfiguration("a", "2"),
                SetEnvironmentVariable("INNER", "inner"),
                SetEnvironmentVariable("OUTER", "changed"),
                show,
            ],
            launch_configurations={"b": "3"},
        ),
        show,
        GroupAction([show], forwarding=False, launch_configurations={"b": LaunchConfiguration("a")}),
        GroupAction([SetLaunchConfiguration("a", "4")], scoped=False),
        show,
    )
    assert said(result) == ["2 3 changed inner", "1 - outer -", "- 1 outer -", "4 - outer -"]
    assert os.environ["OUTER"] == "outer"
    assert "INNER" not in os.environ


def test_conditions_decide(run):
    result = run(
        LogInfo(msg="said: yes", condition=IfCondition("true")),
        LogInfo(msg="said: no", condition=UnlessCondition("true")),
    )
    assert said(result) == ["yes"]


def test_an_invalid_condition_ends_the_launch(run):
    result = run(LogInfo(msg="said: never", condition=IfCondition("perhaps")))
    assert result.code == 1
    assert "'perhaps'" in result.output


def test_a_function_may_yield_entities(run):
    def function(context, first, *, second):
        return [say(first, context.launch_configurations["a"], second)]

    assert said(
        run(
            SetLaunchConfiguration("a", "-"),
            OpaqueFunction(function=function, args=["x"], kwargs={"second": "y"}),
        )
    ) == ["x-y"]


def test_the_end_is_announced_with_its_reason(run):
    result = run(
        RegisterEventHandler(OnShutdown(on_shutdown=[say(LocalSubstitution("event.reason"))])),
        EmitEvent(event=ShutdownEvent(reason="enough")),
        ExecuteProcess(cmd=["sleep", "60"]),
    )
    assert (result.code, said(result)) == (0, ["enough"])


def test_an_error_in_a_handler_ends_the_launch_and_keeps_later_handlers_from_the_event(run):
    def fail(event, context):
        raise ValueError("broken handler")

    process, late = ExecuteProcess(cmd=["sleep", "60"]), []
    result = run(
        RegisterEventHandler(OnProcessStart(on_start=lambda event, context: late.append(event))),
        RegisterEventHandler(OnProcessStart(on_start=fail)),  # the newest handler is asked first
        process,
    )
    assert result.code == 1
    assert "Caught exception in launch (see debug for traceback): broken handler" in result.output
    assert (process.return_code, late) == (-2, [])


def test_a_service_can_run_again(capsys):
    service = LaunchService()
    for _ in range(2):
        service.include_launch_description(LaunchDescription([say("again")]))
        assert service.run() == 0
    assert capsys.readouterr().out.count("said: again") == 2
