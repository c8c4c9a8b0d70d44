"""The lock file, and the corrections of what the wheels bring."""

import importlib.metadata
import re
import sys
import sysconfig
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from environment.console import SetupError
from environment.steps import Places
from environment.wheels import correct_cmake_files, read_lock

LOCK = Places().lock
# Tools of the build that no process of ours loads; ROS 2 itself generates its messages with EmPy.
BUILD_TOOLS_WITH_ANOTHER_LICENCE = {"empy"}
# Offered under several licences, the permissive ones among them.
CHOICE_OF_LICENCES = {"docutils"}
FORBIDDEN = re.compile(r"\bA?GPL|General Public|LGPL|non-?commercial|CC-BY-NC|proprietary", re.IGNORECASE)


def test_every_line_of_the_lock_is_a_version():
    pins = read_lock(LOCK)
    assert len(pins) > 150
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin) for pin in pins.values())


def test_a_line_without_a_version_is_named(tmp_path):
    (tmp_path / "lock").write_text("# numbers\nnumpy>=2\n")
    with pytest.raises(SetupError, match="not `numpy>=2`"):
        read_lock(tmp_path / "lock")


def licences(name: str) -> str:
    """Everything that a distribution says about its licence."""
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{name} comes from the system here")
    said = [metadata.get("License-Expression") or "", (metadata.get("License") or "").split("\n")[0]]
    said += [line for line in metadata.get_all("Classifier") or [] if line.startswith("License")]
    for manifest in importlib.metadata.files(name) or []:
        if manifest.name == "package.xml":
            tree = ElementTree.parse(manifest.locate()).getroot()
            said += [element.text or "" for element in tree.findall("license")]
    return " | ".join(filter(None, said))


@pytest.mark.parametrize(
    "name", sorted(read_lock(LOCK).keys() - BUILD_TOOLS_WITH_ANOTHER_LICENCE - CHOICE_OF_LICENCES)
)
def test_licence_is_permissive(name):
    assert not FORBIDDEN.search(licences(name))


@pytest.fixture
def venv(tmp_path):
    builder = "/opt/python/cp312-cp312"
    folders = f"{builder}/include/python3.12;{builder}/lib/python3.12/site-packages/numpy"
    files = {
        "std_msgs/cmake/export.cmake": f'"{folders}"',
        "rosidl_generator_cpp/cmake/register_cpp.cmake": (
            'find_package(x)\n  ament_register_extension(\n    "rosidl_generate_idl_interfaces"\n    "cpp"\n'
            '    "cpp.cmake")\nset(rest 1)\n'
        ),
        "rosidl_generator_c/cmake/register_c.cmake": (
            'ament_register_extension("rosidl_generate_idl_interfaces" "c" "c.cmake")\n'
        ),
    }
    for name, text in files.items():
        (tmp_path / "share" / name).parent.mkdir(parents=True)
        (tmp_path / "share" / name).write_text(text)
    return tmp_path


def test_the_builders_folders_become_ours(venv):
    correct_cmake_files(venv)
    text = (venv / "share/std_msgs/cmake/export.cmake").read_text()
    library = venv / "lib" / f"python3.{sys.version_info.minor}"
    assert text == f'"{sysconfig.get_path("include")};{library}/site-packages/numpy"'


def test_generators_that_python_does_not_need_are_not_registered(venv):
    correct_cmake_files(venv)
    text = (venv / "share/rosidl_generator_cpp/cmake/register_cpp.cmake").read_text()
    assert "ament_register_extension" not in text
    assert "find_package(x)" in text
    assert "set(rest 1)" in text


def test_generators_that_python_needs_stay(venv):
    correct_cmake_files(venv)
    assert (
        "ament_register_extension" in (venv / "share/rosidl_generator_c/cmake/register_c.cmake").read_text()
    )


def test_correcting_twice_changes_nothing(venv):
    assert correct_cmake_files(venv) == 2
    assert correct_cmake_files(venv) == 0


def test_test_files_of_the_workspace_have_different_names():
    """Tests and the modules beside them are imported by their bare names: two of a kind would be mixed up."""
    root = Places().root
    patterns = ("environment/test/*.py", "underlay/**/test/*.py", "src/*/test/*.py", "test/**/*.py")
    names = [path.name for pattern in patterns for path in root.glob(pattern)]
    twice = {name for name in names if names.count(name) > 1} - {"conftest.py", "__init__.py"}
    assert not twice


def test_the_interpreter_of_this_environment_is_a_supported_one():
    assert (3, 11) <= sys.version_info[:2] <= (3, 14)
    assert Path(sys.prefix).exists()
