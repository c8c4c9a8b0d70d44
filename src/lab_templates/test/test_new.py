"""What `lab new` writes, what it refuses, and what it says next."""

import ast
import re
import subprocess
import sys

import pytest

from lab_templates.__main__ import main
from lab_templates.kinds import KINDS
from lab_templates.making import class_name


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_has_all_that_its_kind_needs(tmp_path, kind, capsys):
    assert main([kind, "my_thing", str(tmp_path)]) == 0
    package = tmp_path / "my_thing"
    said = capsys.readouterr().out
    assert str(package) in said and f"{KINDS[kind].argument}:=my_thing" in said
    texts = {path: path.read_text() for path in package.rglob("*") if path.is_file()}
    assert not any(re.search(r"\{[{%]|[%}]\}$", text, re.M) for text in texts.values()), (
        "left to be filled in"
    )
    assert {"package.xml", "setup.py", "setup.cfg", "README.md"} <= {path.name for path in package.iterdir()}
    defined = ast.parse(texts[package / "my_thing" / f"{KINDS[kind].module}.py"])
    classes = [item.name for item in defined.body if isinstance(item, ast.ClassDef)]
    assert class_name("my_thing", KINDS[kind]) in classes
    assert KINDS[kind].is_node == (package / "graph.yaml").is_file()
    assert list((package / "test").glob("test_*.py"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_clean(tmp_path, kind):
    main([kind, "my_thing", str(tmp_path)])
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "110"]
    check = [
        *ruff,
        "check",
        *options,
        "--select",
        "E,F,I,N,UP,B,SIM,RUF",
        "--ignore",
        "RUF001,RUF002,RUF003,B008",
    ]
    for command in (check, [*ruff, "format", "--diff", *options]):
        said = subprocess.run([*command, "."], cwd=tmp_path / "my_thing", capture_output=True, text=True)
        assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gripper", "mine"], "there is no kind 'gripper': expected one of node, detector"),
        (["detector", "9lives"], "'9lives' cannot name a package"),
        (["detector", "Blobs"], "'Blobs' cannot name a package"),
        (["detector", "a__b"], "'a__b' cannot name a package"),
        (["detector", "../blobs"], "'../blobs' cannot name a package"),
        (["detector", "import"], "'import' is a word or a module of Python already"),
        (["detector", "numpy"], "'numpy' is a word or a module of Python already"),
        (["detector", "geometric"], "a detector 'geometric' is registered already"),
        (["detector", "auto"], "a detector 'auto' is registered already"),
        (["node", "motion"], "the cell has a node 'motion' already"),
        (["node", "lab_interfaces"], "'lab_interfaces' is"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_sentence(tmp_path, capsys, words, said):
    assert main([*words, str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"lab new: {said}") and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "blobs").mkdir()
    assert main(["detector", "blobs", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("blobs exists already: take another name or another folder\n")


def test_it_lies_outside_of_the_workspace(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path))
    (tmp_path / "src").mkdir()
    assert main(["detector", "blobs", str(tmp_path / "src")]) == 2
    assert "lies in this workspace" in capsys.readouterr().err
    assert main(["detector", "blobs", str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_it_is_built_beside_the_folder_src(tmp_path, capsys):
    (tmp_path / "src").mkdir()
    assert main(["detector", "blobs", str(tmp_path / "src")]) == 0
    assert f"cd {tmp_path} && python3 -m colcon build --paths src/blobs\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "expected"), [("blobs", "BlobsDetector"), ("red_detector", "RedDetector"), ("x2", "X2Detector")]
)
def test_a_class_is_named_after_the_package(name, expected):
    assert class_name(name, KINDS["detector"]) == expected
