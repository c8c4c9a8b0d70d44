"""No program that `lab` starts runs code of the folder that the user stands in."""

import ast
import os
import subprocess
import sys

import pytest
from environment.commands import COMMANDS
from environment.steps import Places

ROOT = Places().root
WORDS = {
    "demo": ["--help"],
    "watch": ["--help"],
    "order": ["--help"],
    "console": ["--help"],
    "people": ["--help"],
    "new": ["--help"],
    "calibrate": ["--help"],
    "topic": ["--help"],
    "call": ["--help"],
    "action": ["--help"],
    "doctor": ["--help"],
    "replay": ["--help"],
    "collision_matrix": ["--help"],
    "bench": ["grasp_planning", "--help"],
    "launch": ["cell.launch.py", "--show-args"],
    "test": ["--version"],
}
# Names that programs of ours import, of the standard library and of packages.
SHADOWED = (
    "html",
    "json",
    "argparse",
    "dataclasses",
    "typing",
    "numpy",
    "rich",
    "yaml",
    "launch",
    "lab_node",
)


def test_every_command_is_tried():
    assert set(WORDS) == set(COMMANDS) - {"setup"}


@pytest.mark.parametrize("command", WORDS)
def test_a_module_in_the_current_folder_is_not_run(tmp_path, command):
    for name in SHADOWED:
        (tmp_path / f"{name}.py").write_text(
            "from pathlib import Path\nPath('ran').touch()\nraise SystemExit(9)\n"
        )
    program = COMMANDS[command](Places(), WORDS[command])
    program[0] = sys.executable
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        list(map(str, program)), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert not (tmp_path / "ran").exists()
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_is_started_with_a_safe_path_everywhere():
    """Of each command line with `-m` or `-c` in our sources, tests left out."""
    unsafe = []
    for file in (*ROOT.glob("environment/*.py"), *ROOT.glob("src/*/*/**/*.py"), *ROOT.glob("launch/*.py")):
        if "test" in file.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List) and _runs_code(node) and not _is_safe(node):
                unsafe.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert unsafe == []


def _runs_code(command: ast.List) -> bool:
    words = [ast.unparse(element) for element in command.elts]
    interpreter = bool(words) and ("python" in words[0] or words[0] == "sys.executable")
    return interpreter and bool({"'-m'", "'-c'"} & set(words))


def _is_safe(command: ast.List) -> bool:
    second = ast.unparse(command.elts[1]) if len(command.elts) > 1 else ""
    return second in ("'-P'", "'-I'", "SAFE")
