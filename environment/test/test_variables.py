"""The environment of the processes that `lab` starts, and of a shell that sources `activate`."""

import os
import subprocess

import pytest
from environment import variables, wheels


@pytest.fixture
def saved(tmp_path):
    entries = {
        "PATH": [str(tmp_path / ".venv/bin")],
        "PYTHONPATH": ["/ours/a", "/ours/b"],
        "LD_LIBRARY_PATH": [],
    }
    settings = {"RMW_IMPLEMENTATION": "rmw_fastrtps_cpp", "X": "a?b=1&c=2", "LAB_WORKSPACE": str(tmp_path)}
    path = tmp_path / ".lab" / "environment.json"
    variables.save(path, tmp_path / ".venv", entries, settings)
    return path


def test_ours_come_first_and_the_callers_stay(saved):
    loaded = variables.load(saved, {"PATH": "/usr/bin", "PYTHONPATH": "/theirs:/ours/a", "HOME": "/h"})
    assert loaded["PATH"].split(":")[1:] == ["/usr/bin"]
    assert loaded["PYTHONPATH"] == "/ours/a:/ours/b:/theirs"
    assert loaded["HOME"] == "/h"
    assert "LD_LIBRARY_PATH" not in loaded


def test_a_setting_of_the_caller_wins(saved):
    loaded = variables.load(saved, {"PATH": "", "X": "mine"})
    assert loaded["X"] == "mine"
    assert loaded["RMW_IMPLEMENTATION"] == "rmw_fastrtps_cpp"


def test_another_workspace_is_left_behind(saved):
    caller = {
        "PATH": "/other/.venv/bin:/usr/bin",
        "PYTHONPATH": "/other/build/lab_node",
        "LAB_WORKSPACE": "/other",
    }
    loaded = variables.load(saved, caller)
    assert "/other" not in loaded["PATH"] + loaded["PYTHONPATH"] + loaded["LAB_WORKSPACE"]


def test_a_shell_gets_the_same(saved):
    caller = {"PATH": os.environ["PATH"], "X": "mine"}
    command = ["bash", "--noprofile", "--norc", "-c", '. "$0" && env -0', str(saved.parent / "activate")]
    shown = subprocess.run(command, env=caller, check=True, capture_output=True, text=True).stdout
    shell = dict(entry.split("=", 1) for entry in shown.split("\0") if "=" in entry)
    loaded = variables.load(saved, caller)
    assert {name: shell.get(name) for name in loaded} == loaded


def test_sourcing_colcons_script_is_what_is_stored(tmp_path):
    script = tmp_path / "setup.bash"
    script.write_text('export AMENT_PREFIX_PATH="/w/install/a:$AMENT_PREFIX_PATH"\nexport PYTHONPATH=/w/py\n')
    found = variables.workspace_variables(script, {"PATH": ["/v/bin"], "AMENT_PREFIX_PATH": ["/v"]})
    assert found["AMENT_PREFIX_PATH"] == ["/w/install/a", "/v"]
    assert found["PYTHONPATH"] == ["/w/py"]
    assert found["PATH"] == ["/v/bin"]


def test_an_interpreter_of_the_system_finds_what_was_installed_beside_a_distribution(tmp_path):
    """After our own packages: `ros2 launch` is no program of the virtual environment."""
    packages = tmp_path / ".venv/lib/python3.12/site-packages"
    packages.mkdir(parents=True)
    script = tmp_path / "setup.bash"
    script.write_text('export PYTHONPATH="/w/build/lab_node:$PYTHONPATH"\n')
    base = variables.build_variables(tmp_path / ".venv", [], [], wheels.site_packages(tmp_path / ".venv"))
    found = variables.workspace_variables(script, base)
    assert found["PYTHONPATH"] == ["/w/build/lab_node", str(packages)]


def test_an_activated_workspace_is_no_part_of_what_is_built(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/.venv/bin:/usr/bin")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}/install/lab_node")
    monkeypatch.setenv("CMAKE_PREFIX_PATH", f"/opt/theirs:{tmp_path}/.venv")
    clean = variables.clean_environment()
    assert clean["PATH"] == "/usr/bin"
    assert clean["CMAKE_PREFIX_PATH"] == "/opt/theirs"
    assert "AMENT_PREFIX_PATH" not in clean and "LAB_WORKSPACE" not in clean
