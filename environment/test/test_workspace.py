"""What is built again after which change."""

from pathlib import Path

import pytest
from environment.console import SetupError
from environment.workspace import built_packages, clear, digests, find_packages, remove_stale

MANIFEST = """<package format="3"><name>{name}</name>{depends}
<export><build_type>{build_type}</build_type></export></package>"""


def add_package(folder: Path, name: str, build_type: str, *depends: str) -> Path:
    package = folder / name
    (package / name).mkdir(parents=True)
    named = "".join(f"<depend>{other}</depend>" for other in depends)
    (package / "package.xml").write_text(MANIFEST.format(name=name, depends=named, build_type=build_type))
    (package / "setup.py").write_text("setup()")
    (package / name / "core.py").write_text("x = 1")
    return package


@pytest.fixture
def root(tmp_path):
    add_package(tmp_path / "src", "parts_msgs", "ament_cmake", "std_msgs")
    add_package(tmp_path / "src", "more_msgs", "ament_cmake", "parts_msgs")
    add_package(tmp_path / "src", "lab_bringup", "ament_python", "more_msgs")
    (tmp_path / "launch").mkdir()
    return tmp_path


def changed_by(root: Path, change) -> set[str]:
    """Names of the packages that have another digest after the change."""
    before = digests(find_packages(root / "src"), root, "env")
    change()
    after = digests(find_packages(root / "src"), root, "env")
    return {name for name in after if before.get(name) != after[name]}


def test_packages_are_found_with_type_and_dependencies(root):
    packages = find_packages(root / "src")
    assert set(packages) == {"parts_msgs", "more_msgs", "lab_bringup"}
    assert packages["more_msgs"].dependencies == {"parts_msgs"}
    assert packages["lab_bringup"].build_type == "ament_python"


def test_editing_a_module_of_a_linked_package_builds_nothing(root):
    module = root / "src/lab_bringup/lab_bringup/core.py"
    assert changed_by(root, lambda: module.write_text("x = 2")) == set()


def test_adding_a_module_to_a_linked_package_builds_nothing(root):
    module = root / "src/lab_bringup/lab_bringup/other.py"
    assert changed_by(root, lambda: module.write_text("y = 2")) == set()


@pytest.mark.parametrize("name", ["setup.py", "package.xml"])
def test_editing_how_a_package_is_installed_builds_it(root, name):
    path = root / "src/lab_bringup" / name
    assert changed_by(root, lambda: path.write_text(path.read_text() + "\n")) == {"lab_bringup"}


def test_a_new_data_file_builds_its_package(root):
    assert changed_by(root, lambda: (root / "src/lab_bringup/lab.xacro").touch()) == {"lab_bringup"}


def test_a_new_launch_file_builds_the_package_that_installs_it(root):
    assert changed_by(root, lambda: (root / "launch/cell.launch.py").touch()) == {"lab_bringup"}


def test_editing_a_launch_file_builds_nothing(root):
    (root / "launch/cell.launch.py").touch()
    assert changed_by(root, lambda: (root / "launch/cell.launch.py").write_text("x")) == set()


def test_a_change_of_messages_builds_what_is_compiled_against_them(root):
    message = root / "src/parts_msgs/msg.msg"
    assert changed_by(root, lambda: message.write_text("int8 x")) == {"parts_msgs", "more_msgs"}


def test_editing_a_test_builds_nothing(root):
    (root / "src/parts_msgs/test").mkdir()
    assert changed_by(root, lambda: (root / "src/parts_msgs/test/test_x.py").touch()) == set()


def test_another_environment_builds_everything(root):
    packages = find_packages(root / "src")
    one, other = digests(packages, root, "one"), digests(packages, root, "other")
    assert not set(one.values()) & set(other.values())


def test_packages_that_depend_on_each_other_have_digests(root):
    add_package(root / "src", "a_msgs", "ament_cmake", "b_msgs")
    add_package(root / "src", "b_msgs", "ament_cmake", "a_msgs")
    assert {"a_msgs", "b_msgs"} <= digests(find_packages(root / "src"), root, "env").keys()


@pytest.mark.parametrize("text", ["<package>", "<package><name/></package>"])
def test_a_manifest_without_sense_is_named(root, text):
    (root / "src/more_msgs/package.xml").write_text(text)
    with pytest.raises(SetupError, match=r"more_msgs/package\.xml"):
        find_packages(root / "src")


def test_only_successful_builds_count(root):
    for name, code in (("good", "0\n"), ("bad", "1\n")):
        (root / "build" / name).mkdir(parents=True)
        (root / "build" / name / "colcon_build.rc").write_text(code)
    assert built_packages(["good", "bad", "never"], root) == {"good"}


def test_what_left_the_workspace_leaves_the_installation(root):
    for name in ("parts_msgs", "gone_msgs"):
        (root / "install" / name / "share").mkdir(parents=True)
        (root / "build" / name).mkdir(parents=True)
    assert remove_stale(["parts_msgs"], root) == ["gone_msgs"]
    assert (root / "install/parts_msgs").exists()
    assert not (root / "install/gone_msgs").exists()
    assert not (root / "build/gone_msgs").exists()


def test_clearing_leaves_the_sources(root):
    for folder in ("build", "install"):
        (root / folder / "x").mkdir(parents=True)
    clear(root)
    assert sorted(path.name for path in root.iterdir()) == ["launch", "src"]
