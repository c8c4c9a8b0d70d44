"""What the doctor looks at is really read: variables, files, sockets, shared memory, processes."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import pytest
from sound import sound_snapshot

from lab_description import config_directory
from lab_description.graph import stack_nodes
from lab_doctor.cli import arguments, choose_domain, main
from lab_doctor.collect import collect_configuration, collect_environment, collect_machine
from lab_doctor.examine import examine
from lab_doctor.snapshot import CellProcess, Snapshot

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "environment" / "requirements.lock"


def found(snapshot, *areas):
    return [finding.check for area in areas for finding in examine(snapshot)[area]]


@pytest.fixture
def config(tmp_path):
    """A copy of the configuration, to be spoilt."""
    return Path(shutil.copytree(config_directory(), tmp_path / "config", symlinks=False))


def spoil(path, old, new):
    text = path.read_text()
    assert old in text
    path.unlink()  # installed files are links to the sources
    path.write_text(text.replace(old, new))


def configured(config):
    machine = sound_snapshot().machine
    configuration = collect_configuration(str(config / "cells/ur5e_table.yaml"), config)
    snapshot = Snapshot(machine, sound_snapshot().environment, configuration)
    return examine(snapshot)["configuration"]


def test_the_configuration_of_the_stack_is_sound(config):
    assert configured(config) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "words"),
    [
        ("cells/ur5e_table.yaml", "table_height:", "tabel_height:", "cell", "tabel_height"),
        ("cells/ur5e_table.yaml", "maximum: 0.70", "maximum: 0.95", "camera-view", "corners"),
        ("cells/ur5e_table.yaml", "xyz: [0.05, 0.50, 0.0]", "xyz: [0.05, 0.52, 0.0]", "collision-matrix", ""),
        ("cameras/d435.yaml", "fx: 616.8", "fx: wide", "cell", "fx"),
        ("robots/ur5e.yaml", "configurations:", "configurations: [", "cell", "ur5e.yaml"),
        ("nodes.yaml", "ros__parameters: {}", "ros__parameters: {speeed: 0.5}", "parameters", "speeed"),
        ("nodes.yaml", "/**:", "grapsing:", "parameters", "grapsing"),
        (
            "nodes.yaml",
            "/**:\n  ros__parameters: {}",
            "motion:\n  ros__parameters: {speed: 3.0}",
            "parameters",
            "0.01 to 1.0",
        ),
        ("tasks/standard.yaml", "looks_until_clear: 2", "looks_until_clear: 0", "parameters", "looks"),
        (
            "orders/kitting.yaml",
            "what: boxes",
            "what: gizmos",
            "parameters",
            "line 1: these words are not known",
        ),
        ("orders/kitting.yaml", "how_many: 2", "how_many: -2", "parameters", "at least 1"),
        ("tasks/standard.yaml", "UNAVAILABLE: wait", "UNAVAILABEL: wait", "parameters", "UNAVAILABEL"),
    ],
)
def test_a_spoilt_file_is_named_with_its_key(config, file, old, new, check, words):
    spoil(config / file, old, new)
    findings = configured(config)
    assert check in [finding.check for finding in findings]
    assert any(words in finding.what for finding in findings)


def test_the_parameters_of_every_node_are_where_the_graph_says():
    classes = {}
    for node, entry in stack_nodes().items():
        if entry.parameter_class is not None:
            module, _, name = entry.parameter_class.partition(":")
            classes[node] = {field.name for field in fields(getattr(import_module(module), name))}
    assert len(classes) == 11
    assert [name for name, declared in classes.items() if "cell" not in declared] == ["lifecycle_manager"]


def test_an_extension_that_is_not_there_is_found(config):
    spoil(config / "cells/ur5e_table.yaml", "table_height:", "extensions: [nowhere]\ntable_height:")
    (finding,) = configured(config)
    assert "extension 'nowhere' is not installed" in finding.what


def test_a_calibration_day_is_read(config):
    spoil(config / "cells/ur5e_table.yaml", "{model: d435,", "{model: d435, calibrated: 2026-03-01,")
    configuration = collect_configuration(str(config / "cells/ur5e_table.yaml"), config)
    assert str(configuration.cell.camera.calibrated) == "2026-03-01"


def test_this_machine_is_read():
    machine = collect_machine(LOCK, Path("runs/not/there/yet"))
    assert machine.disk_free > 0 and machine.shared_memory > 0 and machine.memory_available > 0
    assert "rmw_fastrtps_cpp" in machine.middlewares
    assert machine.packages_missing == ()
    assert machine.pinned["numpy"] and machine.installed["numpy"]


def test_the_profile_of_the_stack_is_sound_and_others_are_not(tmp_path):
    ours = ROOT / "environment" / "fastdds.xml"
    profile = collect_environment({"FASTRTPS_DEFAULT_PROFILES_FILE": str(ours)}, 0).profile
    assert (profile.error, profile.segment_size) == ("", 16 << 20)
    assert collect_environment({}, 0).profile is None
    broken = tmp_path / "profile.xml"
    broken.write_text("<dds><profiles>")
    profile = collect_environment({"FASTDDS_DEFAULT_PROFILES_FILE": str(broken)}, 0).profile
    assert "not well-formed" in profile.error
    profile = collect_environment({"FASTRTPS_DEFAULT_PROFILES_FILE": str(tmp_path / "none.xml")}, 0).profile
    assert "cannot be read" in profile.error


def test_a_keystore_that_others_can_read_is_found(tmp_path):
    variables = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_KEYSTORE": str(tmp_path)}
    assert "has no public" in collect_environment(variables, 0).keystore
    for name in ("public", "private", "enclaves"):
        (tmp_path / name).mkdir()
    (tmp_path / "enclaves" / "governance.p7s").touch()
    (tmp_path / "private").chmod(0o755)
    assert "can be read by other users" in collect_environment(variables, 0).keystore
    (tmp_path / "private").chmod(0o700)
    assert collect_environment(variables, 0).keystore == ""


def test_an_open_socket_of_a_node_is_found(tmp_path):
    """A process with the name of a node, in another session, which listens to everybody."""
    executable = tmp_path / "lib" / "lab_motion" / "motion_node"
    executable.parent.mkdir(parents=True)
    executable.write_text(
        "import socket\ns = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen()\n"
        "print(s.getsockname()[1], flush=True)\ninput()\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(executable)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ROS_DOMAIN_ID": "71"},
    )
    try:
        port = int(process.stdout.readline())
        machine = collect_machine(LOCK, Path())
        mine = [item for item in machine.processes if item.pid == process.pid]
        assert mine == [CellProcess(process.pid, "motion_node", 71, orphan=False)]
        assert [("tcp", "0.0.0.0", port)] == [
            (item.protocol, item.address, item.port)
            for item in machine.listeners
            if str(process.pid) in item.process
        ]
        assert "open-port" in found(replace(sound_snapshot(), machine=machine), "machine")
    finally:
        process.communicate("\n", timeout=30)


def test_shared_memory_without_an_owner_is_found():
    name = "fastrtps_lab_doctor_test"
    segment, lock = Path("/dev/shm") / name, Path("/dev/shm") / f"{name}_el"
    try:
        segment.touch()
        lock.touch()
        assert name in collect_machine(LOCK, Path()).stale_segments
    finally:
        segment.unlink()
        lock.unlink()


def test_the_only_running_domain_is_looked_into():
    running = (CellProcess(1, "motion_node", 37, False), CellProcess(2, "task_node", 37, False))
    machine = sound_snapshot().machine
    assert choose_domain(None, None, machine) == 0
    with_cell = type(machine)(**{**vars(machine), "processes": running})
    assert choose_domain(None, None, with_cell) == 37
    assert choose_domain(None, "5", with_cell) == 5
    assert choose_domain(9, "5", with_cell) == 9
    for odd in ("abc", "-1", "102", "9" * 5000, "\u00b2"):
        assert choose_domain(None, odd, with_cell) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<segment_size>abc</segment_size>", "segment_size of 'abc', expected bytes"),
        (f"<segment_size>{'9' * 5000}</segment_size>", "segment_size of '9999"),
        ("<segment_size/>", "segment_size of ''"),
        ("<", "not well-formed XML"),
    ],
)
def test_a_profile_with_odd_values_is_told(tmp_path, content, words):
    profile = tmp_path / "profile.xml"
    profile.write_text(f"<p><transport_descriptor><type>SHM</type>{content}</transport_descriptor></p>")
    environment = collect_environment({"FASTRTPS_DEFAULT_PROFILES_FILE": str(profile)}, 0)
    assert words in environment.profile.error
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert (
        "is not a file" in collect_environment({"FASTRTPS_DEFAULT_PROFILES_FILE": str(pipe)}, 0).profile.error
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--domain", "102"],
        ["--seconds", "0"],
        ["--json", "/no/dir/x"],
        ["--json", "/tmp"],
        ["--json", "9" * 5000],
        ["--model", "9" * 5000],
        ["a", "b"],
    ],
)
def test_wrong_usage_is_exit_code_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        arguments(words)
    assert ended.value.code == 2


def test_the_command_says_it_to_people_and_machines(config, tmp_path, monkeypatch, capsys):
    """Before a run, with a cell that cannot be read."""
    spoil(config / "cells/ur5e_table.yaml", "table_height:", "tabel_height:")
    report = tmp_path / "report.json"
    monkeypatch.setenv("ROS_DOMAIN_ID", "71")
    assert main([str(config / "cells/ur5e_table.yaml"), "--json", str(report)]) == 1
    content = json.loads(report.read_text())
    assert content["running"] is False and content["domain"] == 71
    assert "cell" in [finding["check"] for finding in content["findings"]]
    assert "tabel_height" in capsys.readouterr().out


def test_the_report_is_written_also_when_nobody_reads_what_is_shown(config, tmp_path, monkeypatch):
    def left(*_):
        raise BrokenPipeError

    monkeypatch.setattr("lab_doctor.cli.show", left)
    monkeypatch.setenv("ROS_DOMAIN_ID", "71")
    report = tmp_path / "report.json"
    with pytest.raises(BrokenPipeError):
        main([str(config / "cells/ur5e_table.yaml"), "--json", str(report)])
    assert json.loads(report.read_text())["domain"] == 71
