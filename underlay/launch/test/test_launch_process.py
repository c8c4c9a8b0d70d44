"""Processes: output, exit codes, environment, respawn, events."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import launch.logging
import pytest
from launch.actions import (
    EmitEvent,
    ExecuteProcess,
    GroupAction,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart, OnShutdown
from launch.events import matches_action
from launch.events.process import ShutdownProcess, SignalProcess, matches_name
from launch.substitutions import LaunchConfiguration, LocalSubstitution


def python(source: str, **arguments) -> ExecuteProcess:
    return ExecuteProcess(cmd=[sys.executable, "-c", source], **arguments)


def name(process: ExecuteProcess) -> str:
    return process.process_details["name"]


def test_every_line_has_the_name_of_its_process(run):
    process = python("print('one\\ntwo'); print('no end', end='')", name=["ta", "lker"], output="screen")
    result = run(process)
    assert name(process).startswith("talker-")
    lines = result.output.splitlines()
    assert [line for line in lines if line.startswith(f"[{name(process)}]")] == [
        f"[{name(process)}] one", f"[{name(process)}] two", f"[{name(process)}] no end",
    ]  # fmt: skip
    pid = process.process_details["pid"]
    assert f"[INFO] [{name(process)}]: process started with pid [{pid}]" in lines
    assert f"[INFO] [{name(process)}]: process has finished cleanly [pid {pid}]" in lines
    assert result.code == 0


def test_a_process_that_fails_is_told_with_its_command(run):
    process = ExecuteProcess(cmd=["sh", "-c", "exit 3"])
    result = run(process)
    assert (
        f"[ERROR] [{name(process)}]: process has died [pid {process.process_details['pid']}, exit code 3, "
        "cmd 'sh -c exit 3']." in result.output
    )
    assert result.code == 0, "the launch itself did not fail"
    assert process.return_code == 3


def test_a_process_that_cannot_be_started_is_an_error_in_the_log(run):
    result = run(ExecuteProcess(cmd=["/no/such/executable"]))
    assert "exception occurred while executing process" in result.output
    assert "/no/such/executable" in result.output


@pytest.mark.parametrize(
    ("output", "on_screen", "in_log"),
    [
        ("screen", {"out", "err"}, set()),
        ("log", {"err"}, {"out", "err"}),
        ("both", {"out", "err"}, {"out", "err"}),
        ({"stdout": "screen", "stderr": {"log"}}, {"out"}, {"err"}),
        ([LaunchConfiguration("where", default="screen")], {"out", "err"}, set()),
    ],
)
def test_where_the_output_goes(run, output, on_screen, in_log):
    result = run(ExecuteProcess(cmd=["sh", "-c", "echo out; echo err >&2"], name="p", output=output))
    log = Path(launch.logging.launch_config.get_log_file_path()).read_text()
    for text in ("out", "err"):
        assert (f"] {text}\n" in result.output) == (text in on_screen)
        assert (f"] {text}\n" in log) == (text in in_log)


def test_logs_of_single_processes(run):
    process = ExecuteProcess(cmd=["sh", "-c", "echo out; echo err >&2"], output="own_log")
    run(process)
    folder = Path(launch.logging.launch_config.log_dir)
    assert (folder / f"{name(process)}-stdout.log").read_text() == f"[{name(process)}] out\n"
    assert (folder / f"{name(process)}-stderr.log").read_text() == f"[{name(process)}] err\n"
    assert len((folder / f"{name(process)}.log").read_text().splitlines()) == 2
    assert (folder.parent / "latest").resolve() == folder


def test_an_unknown_output_ends_the_launch(run):
    result = run(ExecuteProcess(cmd=["true"], output="nowhere"))
    assert result.code == 1
    assert "nowhere is not a valid standard output config" in result.output


def test_the_environment_overrides_the_output(run, monkeypatch):
    monkeypatch.setenv("OVERRIDE_LAUNCH_PROCESS_OUTPUT", "screen")
    assert "] shown\n" in run(ExecuteProcess(cmd=["echo", "shown"], output="log")).output


def test_output_format_and_cache(run):
    cmd = ["sh", "-c", "echo out; echo err >&2"]
    process = ExecuteProcess(cmd=cmd, output="screen", output_format="<{line}>", cached_output=True)
    assert "<out>" in run(process).output
    assert (process.get_stdout(), process.get_stderr()) == ("out\n", "err\n")
    with pytest.raises(RuntimeError, match="cached output must be true"):
        ExecuteProcess(cmd=["true"]).get_stdout()


def test_folder_environment_shell_and_prefix(run, tmp_path, monkeypatch):
    monkeypatch.setenv("INHERITED", "yes")
    show = "import os; print(os.getcwd(), *(os.environ.get(name) for name in ('INHERITED', 'ADDED', 'SET')))"
    whole = python(show, cwd=str(tmp_path), env={"SET": "set"}, cached_output=True)
    added = python(
        show, additional_env={"ADDED": LaunchConfiguration("a", default="added")}, cached_output=True
    )
    scoped = python(show, cached_output=True)
    shell = ExecuteProcess(cmd=["echo", "$((1+1))", "|", "cat"], shell=True, cached_output=True)
    prefixed = ExecuteProcess(cmd=["world"], prefix="echo 'hello you'", cached_output=True)
    filtered = ExecuteProcess(cmd=["true"], cached_output=True)
    run(
        SetLaunchConfiguration("launch-prefix", "no_such_command"),
        SetLaunchConfiguration("launch-prefix-filter", "matches_nothing"),
        whole,
        added,
        GroupAction([SetEnvironmentVariable("SET", "in group"), scoped]),
        shell,
        prefixed,
        filtered,
    )
    assert whole.get_stdout() == f"{tmp_path} None None set\n"
    assert added.get_stdout() == f"{os.getcwd()} yes added None\n"
    assert scoped.get_stdout() == f"{os.getcwd()} yes None in group\n"
    assert shell.get_stdout() == "2\n"
    assert prefixed.get_stdout() == "hello you world\n"
    assert filtered.return_code == 0


def test_a_terminal_can_be_emulated(run):
    show = "import sys; print(sys.stdout.isatty(), sys.stderr.isatty())"
    with_terminal, without = (
        python(show, emulate_tty=True, cached_output=True),
        python(show, cached_output=True),
    )
    run(with_terminal, without)
    assert with_terminal.get_stdout() == "True True\r\n"
    assert without.get_stdout() == "False False\n"


def test_all_output_is_read_before_the_exit_is_told(run):
    """A pipe holds 64 kB: what is in it when the process ends must not be lost."""
    process = python("print('x' * 60000)", cached_output=True)
    seen = []
    handler = OnProcessExit(
        target_action=process, on_exit=lambda event, context: seen.append(len(process.get_stdout()))
    )
    run(RegisterEventHandler(handler), process)
    assert seen == [60001]


def test_output_that_is_no_text_does_not_stop_anything(run):
    process = python("import sys; sys.stdout.buffer.write(b'\\xff\\xc3\\xa4\\n')", output="screen")
    result = run(process)
    assert f"[{name(process)}] \ufffdä" in result.output
    assert process.return_code == 0


def test_respawn_until_the_retries_are_used_up(run, tmp_path):
    count = tmp_path / "count"
    process = python(
        f"import sys; open({str(count)!r}, 'a').write('x'); print('run'); sys.exit(1)",
        respawn=True, respawn_max_retries=2, respawn_delay=0.01, cached_output=True,
    )  # fmt: skip
    result = run(process)
    assert count.read_text() == "xxx"
    assert result.output.count("process has died") == 3
    assert process.get_stdout() == "run\n" * 3


def test_a_process_that_is_asked_to_end_is_not_respawned(run):
    process = ExecuteProcess(cmd=["sleep", "60"], respawn=True)
    result = run(
        process,
        RegisterEventHandler(
            OnProcessStart(
                target_action=process,
                on_start=[EmitEvent(event=ShutdownProcess(process_matcher=matches_action(process)))],
            )
        ),
    )
    assert result.output.count("process started") == 1
    assert f"sending signal 'SIGINT' to process[{name(process)}]" in result.output


def test_a_shutdown_before_the_process_runs_is_not_lost(run):
    process = ExecuteProcess(cmd=["sleep", "60"])
    assert run(process, EmitEvent(event=ShutdownProcess(process_matcher=matches_action(process)))).code == 0


def test_signals_reach_the_process_that_is_meant(run):
    target, other = ExecuteProcess(cmd=["sleep", "60"], name="target"), ExecuteProcess(cmd=["sleep", "0.1"])

    def send(event, context):
        return [
            EmitEvent(
                event=SignalProcess(
                    signal_number=signal.SIGTERM, process_matcher=matches_name(event.process_name)
                )
            )
        ]

    run(RegisterEventHandler(OnProcessStart(target_action=target, on_start=send)), target, other)
    assert (target.return_code, other.return_code) == (-15, 0)


def test_what_follows_an_exit(run):
    first = ExecuteProcess(cmd=["sh", "-c", "exit 4"], name="first", on_exit=[LogInfo(msg="by argument")])
    second = ExecuteProcess(
        cmd=["true"], on_exit=lambda event, context: LogInfo(msg=f"by callable {event.returncode}")
    )
    result = run(
        RegisterEventHandler(
            OnProcessExit(
                target_action=first,
                on_exit=[LogInfo(msg=["handler ", LocalSubstitution("event.process_name")]), second],
            )
        ),
        first,
    )
    for text in ("by argument", f"handler {name(first)}", "by callable 0"):
        assert f"[INFO] [launch.user]: {text}\n" in result.output


def test_a_required_process_ends_the_launch(run):
    required = ExecuteProcess(cmd=["true"], on_exit=Shutdown(reason="it ended"))
    other = ExecuteProcess(cmd=["sleep", "60"])
    result = run(required, other)
    assert f"process[{name(required)}] was required: shutting down launched system" in result.output
    assert other.return_code == -2


def test_output_is_an_event(run):
    process = ExecuteProcess(cmd=["sh", "-c", "echo ready; exec sleep 60"])
    ready = []

    def on_stdout(event):
        ready.append(event.text)
        return [Shutdown()]

    assert (
        run(RegisterEventHandler(OnProcessIO(target_action=process, on_stdout=on_stdout)), process).code == 0
    )
    assert ready == [b"ready\n"]


def test_handlers_may_choose_by_a_callable_or_once(run):
    processes = [ExecuteProcess(cmd=["true"], name=f"p{number}") for number in range(3)]
    chosen, once = [], []
    run(
        RegisterEventHandler(
            OnProcessExit(
                target_action=lambda action: action is not processes[0],
                on_exit=lambda event, context: chosen.append(event.action),
            )
        ),
        RegisterEventHandler(OnProcessExit(on_exit=lambda event, context: once.append(1), handle_once=True)),
        *processes,
    )
    assert set(chosen) == set(processes[1:])
    assert once == [1]
    with pytest.raises(TypeError, match="action_matcher"):
        OnProcessExit(target_action="p", on_exit=[])


def test_an_action_is_executed_once(run):
    process = ExecuteProcess(cmd=["true"])
    result = run(process, OpaqueFunction(function=lambda context: [process]))
    assert result.code == 1
    assert "executed more than once" in result.output


def test_nothing_is_started_once_the_launch_is_ending(run):
    first, late = ExecuteProcess(cmd=["true"]), ExecuteProcess(cmd=["true"])
    result = run(RegisterEventHandler(OnShutdown(on_shutdown=[late])), first)
    assert result.code == 0
    assert (first.return_code, late.return_code) == (0, None)
