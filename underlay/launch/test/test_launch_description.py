"""Arguments, includes, groups, and events."""

from __future__ import annotations

import os
import textwrap

import pytest
from launch.actions import (
    AppendEnvironmentVariable,
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
    Shutdown,
    TimerAction,
    UnregisterEventHandler,
    UnsetEnvironmentVariable,
    UnsetLaunchConfiguration,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.event_handlers import OnExecutionComplete, OnShutdown
from launch.events import Shutdown as ShutdownEvent
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    InvalidLaunchFileError,
    PythonLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    LocalSubstitution,
    ThisLaunchFileDir,
)

from launch import LaunchDescription, LaunchService


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
        from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir

        def generate_launch_description():
            return LaunchDescription([
                DeclareLaunchArgument("needed"),
                DeclareLaunchArgument("maybe", condition=IfCondition("false")),
                LogInfo(msg=["said: ", LaunchConfiguration("needed"), " in ", ThisLaunchFileDir()]),
            ])
        """)
    )
    return path


def test_an_included_file_gets_arguments_and_its_own_folder(run, launch_file):
    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(launch_file)), launch_arguments={"needed": "this"}.items()
    )
    result = run(include)
    assert (result.code, said(result)) == (0, [f"this in {launch_file.parent}"])


def test_an_include_without_a_needed_argument_fails(run, launch_file):
    result = run(IncludeLaunchDescription(str(launch_file)))
    assert result.code == 1
    assert "Included launch description missing required argument 'needed'" in result.output


def test_the_folder_of_a_file_is_unknown_outside(run, launch_file):
    result = run(say(ThisLaunchFileDir()))
    assert result.code == 1


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
    show = say(
        LaunchConfiguration("a", default="-"), LaunchConfiguration("b", default="-"), " ",
        EnvironmentVariable("OUTER", default_value="-"), " ", EnvironmentVariable("INNER", default_value="-"),
    )  # fmt: skip
    result = run(
        SetLaunchConfiguration("a", "1"),
        GroupAction(
            [
                SetLaunchConfiguration("a", "2"),
                SetEnvironmentVariable("INNER", "inner"),
                UnsetEnvironmentVariable("OUTER"),
                show,
            ],
            launch_configurations={"b": "3"},
        ),
        show,
        GroupAction([show], forwarding=False, launch_configurations={"b": LaunchConfiguration("a")}),
        GroupAction([SetLaunchConfiguration("a", "4")], scoped=False),
        show,
        UnsetLaunchConfiguration("a"),
        show,
    )
    assert said(result) == ["23 - inner", "1- outer -", "-1 outer -", "4- outer -", "-- outer -"]
    assert os.environ["OUTER"] == "outer"
    assert "INNER" not in os.environ


def test_environment_variables_that_are_lists(run, monkeypatch):
    monkeypatch.setenv("SOME_LIST", "b")
    seen = []
    run(
        GroupAction(
            [
                AppendEnvironmentVariable("SOME_LIST", "c"),
                AppendEnvironmentVariable("SOME_LIST", "a", prepend=True),
                OpaqueFunction(function=lambda context: seen.append(context.environment["SOME_LIST"])),
            ]
        )
    )
    assert seen == [f"a{os.pathsep}b{os.pathsep}c"]


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


def test_a_handler_that_was_unregistered_is_not_called(run):
    handler = OnShutdown(on_shutdown=[say("not wanted")])
    assert said(run(RegisterEventHandler(handler), UnregisterEventHandler(handler))) == []


def test_actions_that_wait_keep_their_locals_and_can_be_cancelled(run):
    def remember(context):
        context.extend_locals({"word": "kept"})
        return [TimerAction(period=0.01, actions=[say(LocalSubstitution("word"))])]

    cancelled = TimerAction(period=60.0, actions=[say("never")])
    result = run(
        OpaqueFunction(function=remember),
        cancelled,
        OpaqueFunction(function=lambda context: cancelled.cancel()),
    )
    assert (result.code, said(result)) == (0, ["kept"])


def test_a_timer_ends_with_the_launch(run):
    assert said(run(TimerAction(period=60.0, actions=[say("never")]), Shutdown())) == []


def test_completion_of_actions_is_an_event(run):
    timer = TimerAction(period=0.01, actions=[])
    result = run(
        RegisterEventHandler(OnExecutionComplete(target_action=timer, on_completion=[say("complete")])),
        timer,
    )
    assert said(result) == ["complete"]


def test_an_error_in_one_handler_does_not_keep_the_others_from_ending(run):
    def fail(event, context):
        raise ValueError("broken handler")

    result = run(
        ExecuteProcess(cmd=["sleep", "60"]),
        RegisterEventHandler(OnShutdown(on_shutdown=fail)),
        TimerAction(period=0.05, actions=[Shutdown()]),
    )
    assert result.code == 1
    assert "Caught exception in launch (see debug for traceback): broken handler" in result.output
    assert "process has died" in result.output


def test_a_service_can_run_again(capsys):
    service = LaunchService()
    for _ in range(2):
        service.include_launch_description(LaunchDescription([say("again")]))
        assert service.run() == 0
    assert capsys.readouterr().out.count("said: again") == 2
