"""A machine with a full ROS 2: no stand-in is built or seen there, and every dependency has a rosdep key."""

import ast
import importlib.util
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from colcon_core.task.python.test import has_test_dependency
from environment.distribution import PACKAGE_MARKERS, choose_underlay, find_distribution
from environment.workspace import find_packages

ROOT = Path(__file__).parents[2]
KEYS = yaml.safe_load((Path(__file__).parent / "rosdep_keys.yaml").read_text())
# Modules whose key has another name.
MODULES = {
    "cv2": "python3-opencv",
    "hypothesis": "python3-hypothesis",
    "jinja2": "python3-jinja2",
    "mcap": "mcap-ros2-support",
    "numba": "python3-numba",
    "numpy": "python3-numpy",
    "pytest": "python3-pytest",
    "rich": "python3-rich",
    "scipy": "python3-scipy",
    "tf2_ros": "tf2_ros_py",
    "trimesh": "python3-trimesh-pip",
    "yaml": "python3-yaml",
    "zstandard": "mcap-ros2-support",
}
OURS = find_packages(ROOT / "src")
STAND_INS = find_packages(ROOT / "underlay")


@pytest.fixture
def full_ros(tmp_path):
    """A prefix that holds every package that the underlay imitates."""
    markers = tmp_path / "opt" / PACKAGE_MARKERS
    markers.mkdir(parents=True)
    for name in [*STAND_INS, "rclpy"]:
        (markers / name).touch()
    return tmp_path / "opt"


def test_nothing_of_the_underlay_is_chosen_where_ros_has_it_all(full_ros):
    variables = {"ROS_DISTRO": "jazzy", "AMENT_PREFIX_PATH": str(full_ros)}
    distribution = find_distribution(variables, ROOT, ROOT / ".venv")
    assert distribution.sourced
    assert choose_underlay(STAND_INS, distribution) == []


def test_the_tests_of_a_stand_in_that_is_not_built_are_left_out(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("conftest_of_the_underlay", ROOT / "underlay/conftest.py")
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    monkeypatch.setattr(conftest, "UNDERLAY", tmp_path / "underlay")
    (tmp_path / "install/vision_msgs").mkdir(parents=True)
    left_out = {
        name: bool(conftest.pytest_ignore_collect(tmp_path / "underlay" / name / "file.py"))
        for name in ("launch", "vision_msgs", "test")
    }
    assert left_out == {"launch": True, "vision_msgs": False, "test": False}


def test_only_what_ros_lacks_is_chosen(full_ros):
    (full_ros / PACKAGE_MARKERS / "vision_msgs").unlink()
    variables = {"ROS_DISTRO": "jazzy", "AMENT_PREFIX_PATH": str(full_ros)}
    distribution = find_distribution(variables, ROOT, ROOT / ".venv")
    assert choose_underlay(STAND_INS, distribution) == ["vision_msgs"]


def test_colcon_at_the_root_sees_our_packages_and_no_stand_in():
    """What `colcon build` builds for somebody who knows nothing of ./lab."""
    listed = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "colcon", "--log-base", "/dev/null", "list", "--names-only"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert listed.returncode == 0, listed.stderr
    assert set(listed.stdout.split()) == OURS.keys()


@pytest.mark.parametrize("name", sorted(name for name in OURS if OURS[name].build_type == "ament_python"))
def test_colcon_test_finds_the_tests(name):
    """It asks setup.py, not package.xml, and without an answer it runs nothing and says that all is well."""
    tree = ast.parse((OURS[name].path / "setup.py").read_text(encoding="utf-8"))
    keywords = {
        keyword.arg: keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setup"
        for keyword in node.keywords
    }
    extras = ast.literal_eval(keywords.get("extras_require", "{}"))
    assert has_test_dependency({"extras_require": extras}, "pytest")


@pytest.mark.parametrize("hidden", [["lab_simulation"], ["hypothesis"], ["lab_simulation", "hypothesis"]])
def test_what_all_tests_share_asks_for_no_package_of_others(hidden):
    """Where colcon tests a package, what it does not depend on may not be there."""
    script = (
        "import importlib.util, runpy, sys\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name in sys.argv[1:] else found(name)\n"
        "sys.modules.update(dict.fromkeys(sys.argv[1:]))\n"  # None: importing it fails
        "runpy.run_path('conftest.py')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *hidden], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr


def dependencies(package):
    manifest = ElementTree.parse(package.path / "package.xml").getroot()
    return {element.text for element in manifest if element.tag.endswith("depend")}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_dependency_has_a_key_in_both_distributions(name):
    foreign = dependencies(OURS[name]) - OURS.keys()
    unknown = foreign - KEYS.keys()
    assert not unknown, f"look {', '.join(sorted(unknown))} up in rosdistro and enter it in rosdep_keys.yaml"


def imported(path):
    """Top names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_a_package_imports_it_declares(name):
    package, known = OURS[name], KEYS.keys() | OURS.keys()
    used = {module for path in package.path.rglob("*.py") for module in imported(path)}
    keys = {MODULES.get(module, module) for module in used}
    assert (keys & known) - {name} <= dependencies(package)


def started(path):
    """Packages that a file starts nodes of, looks for files of, or refuses to start without."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tuples = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
        for target in node.targets
        if isinstance(target, ast.Name) and all(isinstance(each, ast.Constant) for each in node.value.elts)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg == "package" and isinstance(keyword.value, ast.Constant):
                yield keyword.value.value
        name = getattr(call.func, "id", "")
        if name == "FindPackageShare" and isinstance(call.args[0], ast.Constant):
            yield call.args[0].value
        if name == "refuse_missing":
            for part in ast.walk(call.args[0]):
                if isinstance(part, ast.Name):
                    yield from tuples.get(part.id, ())
                elif isinstance(part, ast.Constant):
                    yield part.value


def test_what_launch_files_start_is_declared():
    files = [*(ROOT / "launch").glob("*.py"), *(ROOT / "src/lab_bringup/lab_bringup").glob("*.py")]
    needed = {package for path in files for package in started(path)}
    nodes = yaml.safe_load((ROOT / "config/graph.yaml").read_text())["nodes"].values()
    needed |= {node["package"] for node in nodes if "package" in node}
    assert {"ros_gz_sim", "topic_tools", "lab_tasks", "rviz2", "moveit_py"} <= needed, "nothing was found"
    assert needed - {"lab_bringup"} <= dependencies(OURS["lab_bringup"])


def test_no_key_is_kept_that_nobody_needs():
    assert KEYS.keys() <= set().union(*(dependencies(package) for package in OURS.values()))


def test_every_key_was_looked_up():
    for key, found in KEYS.items():
        assert found.keys() == {"jazzy", "lyrical"}, key
        assert set(found.values()) <= {"core", "read", "system"}, key


def test_the_workflow_installs_what_the_simulation_needs_by_the_document():
    """A name that only one of the two has is forgotten in the other, or misspelt."""
    workflow = (ROOT / ".github" / "workflows" / "tests.yaml").read_text()
    jobs = yaml.safe_load(workflow)["jobs"]
    assert all(".ci/run" in job["steps"][-1]["run"] for job in jobs.values())
    installed = set(re.findall(r"ros-jazzy-[\w-]+", workflow))
    document = (ROOT / "docs" / "real_cell.md").read_text()
    described = set(re.findall(r"ros-jazzy-[\w-]+", document))
    assert installed - described == {"ros-jazzy-launch-testing-ros"}, "for the tests alone"
    assert not {name for name in described - installed if "gz" in name or "controller" in name}
