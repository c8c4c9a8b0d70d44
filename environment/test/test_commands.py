"""The command line: what is understood, and what is said about the rest."""

import os
import subprocess
import sys

import pytest
from environment.commands import COMMANDS
from environment.console import SetupError
from environment.machine import (
    check_platform,
    install_command,
    is_supported_system,
    missing_packages,
    python_is_supported,
)
from environment.steps import Places

LAB = Places().root / "lab"


def lab(*words, **variables):
    """Runs `lab` with an interpreter that knows nothing of the environment; for words that set nothing up."""
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        [sys.executable, "-S", str(LAB), *words], env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [],
            "name a command: demo, test, launch, order, console, people, watch, topic, call, action,"
            " doctor, replay, new, calibrate, collision_matrix, bench, setup",
        ),
        (["dance"], "there is no command `dance`"),
        (["setup", "--fast"], "`--fast`"),
        (["bench"], "bench needs the name of a benchmark"),
        (["bench", "no-such-thing"], "there is no benchmark `no-such-thing`"),
        (["launch"], "launch needs a launch file"),
        (["launch", "nowhere.launch.py"], "there is no launch file `nowhere.launch.py`"),
        (["launch", "cell.launch.py", "sim=mujoco"], "`sim=mujoco` is not one"),
        (["launch", "9" * 5000], "there is no launch file `999"),
        (["bench", "9" * 5000], "there is no benchmark `999"),
    ],
)
def test_wrong_usage_is_one_sentence_and_two(words, said):
    result = lab(*words)
    assert result.returncode == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_names_every_command(word):
    result = lab(word)
    assert result.returncode == 0
    assert all(f"lab {command}" in result.stdout for command in COMMANDS)


def test_an_unsupported_interpreter_is_named():
    pretend = (
        f"import sys, runpy; sys.version_info = (3, 9, 0); runpy.run_path({str(LAB)!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", pretend], env={"PATH": "/nowhere"}, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert result.stderr == "lab: Python 3.11 to 3.14 is needed, this is 3.9: install one of them.\n"


@pytest.mark.parametrize(
    ("system", "processor"), [("Linux", "aarch64"), ("Darwin", "x86_64"), ("Windows", "AMD64")]
)
def test_an_unsupported_platform_is_named(system, processor):
    with pytest.raises(SetupError, match=f"this is {system} on {processor}: use such a machine"):
        check_platform(system, processor)


def test_the_supported_platform_passes():
    check_platform("Linux", "x86_64")


@pytest.mark.parametrize(
    ("version", "supported"), [((3, 10), False), ((3, 11), True), ((3, 14), True), ((3, 15), False)]
)
def test_supported_interpreters(version, supported):
    assert python_is_supported(version) is supported


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ('ID=debian\nVERSION_ID="12"\n', True),
        ('ID=ubuntu\nVERSION_ID="26.04"\n', True),
        ('ID=ubuntu\nVERSION_ID="22.04"\n', False),
        ("ID=arch\n", False),
    ],
)
def test_supported_systems(tmp_path, text, supported):
    (tmp_path / "os-release").write_text(text)
    assert is_supported_system(tmp_path / "os-release") is supported


def test_missing_tools_are_found_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    missing = missing_packages()
    assert missing[:3] == ["g++", "cmake", "make"]
    assert "apt-get install --no-install-recommends -y g++ cmake make" in install_command(missing)
