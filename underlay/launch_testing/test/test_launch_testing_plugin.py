"""Launch tests in one pytest inside: what is collected, what is reported."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import pytest

HEADER = """
import sys, unittest
import pytest
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import LaunchConfiguration
import launch_testing
import launch_testing.markers
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes, assertInStderr, assertInStdout
from launch_testing.util import KeepAliveProc

SERVER = '''
import signal, sys
signal.signal(signal.SIGINT, lambda *_: (print("stopping", flush=True), sys.exit(0)))
print("ready", flush=True)
print("second line", flush=True)
print("complaint", file=sys.stderr, flush=True)
signal.pause()
'''

def server():
    return ExecuteProcess(cmd=[sys.executable, "-c", SERVER], name="server")
"""

PASSING = (
    HEADER
    + """
@pytest.mark.launch_test
def generate_test_description():
    process = server()
    return LaunchDescription([process, KeepAliveProc(), ReadyToTest()]), {"process": process}

class TestWhileRunning(unittest.TestCase):
    def test_output(self, proc_output, process):
        proc_output.assertWaitFor("second line", process=process, timeout=10, stream="stdout")
        proc_output.assertWaitFor("complaint", process="server", timeout=10, stream="stderr")
        assertInStdout(proc_output, "ready", process)
        assertInStderr(proc_output, "complaint", process)

    def test_context(self, launch_service, proc_info, proc_output):
        proc_output.assertWaitFor("complaint", process="server", timeout=10, stream="stderr")
        proc_info.assertWaitForStartup("server")
        self.assertFalse(launch_service.context.is_shutdown)

@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_exit_codes(self, proc_info, proc_output, process):
        assertExitCodes(proc_info)
        assertInStdout(proc_output, "stopping", process)
"""
)

MODULES = {
    "passing": PASSING,
    "fails_while_running": PASSING.replace(
        '"second line", process=process, timeout=10', '"never", timeout=0.2'
    ),
    "fails_afterwards": PASSING.replace("sys.exit(0)", "sys.exit(3)"),
    "error_in_a_case": PASSING.replace("proc_info.assertWaitForStartup", "undefined_name"),
    "without_ready_action": PASSING.replace(", ReadyToTest()]", "]"),
    "skipped": PASSING.replace(
        "@pytest.mark.launch_test", "@pytest.mark.launch_test\n@unittest.skip('no camera here')"
    ),
    "marks_of_unittest": PASSING
    + """
    @unittest.expectedFailure
    def test_expected(self, proc_info):
        raise AssertionError("known")

    @unittest.skip("later")
    def test_skipped(self, proc_info):
        raise AssertionError("not reached")
""",
    "import_error": PASSING.replace("import pytest", "import no_such_module"),
    "plain": "def test_plain(): pass",
    "unmarked": PASSING.replace("@pytest.mark.launch_test", "") + "\ndef test_plain(): pass",
    "processes_end_before": HEADER
    + """
@pytest.mark.launch_test
def generate_test_description():
    return LaunchDescription([ExecuteProcess(cmd=["sh", "-c", "echo gone; exit 7"], name="short"),
    ReadyToTest()])

class TestTooLong(unittest.TestCase):
    def test_waits(self, proc_info):
        proc_info.assertWaitForShutdown("short")
        proc_info.assertWaitForStartup("other", timeout=1)
""",
    "keep_alive": HEADER
    + """
@pytest.mark.launch_test
@launch_testing.markers.keep_alive
def generate_test_description():
    return LaunchDescription([ExecuteProcess(cmd=["true"]), ReadyToTest()])

class TestAfterTheProcess(unittest.TestCase):
    def test_exit(self, proc_info):
        proc_info.assertWaitForShutdown("true")
        self.assertEqual(proc_info["true"].returncode, 0)
""",
    "wrong_parameter": HEADER
    + """
@pytest.mark.launch_test
def generate_test_description(other):
    return LaunchDescription([ReadyToTest()])
""",
    "launch_arguments": HEADER
    + """
@pytest.mark.launch_test
def generate_test_description():
    return LaunchDescription([
        DeclareLaunchArgument("word"),
        ExecuteProcess(cmd=["echo", LaunchConfiguration("word")]), KeepAliveProc(), ReadyToTest()])

class TestWord(unittest.TestCase):
    def test_word(self, test_args, proc_output):
        self.assertEqual(test_args, {"word": "given"})
        proc_output.assertWaitFor("given", process="echo", stream="stdout")
""",
}


@dataclass(frozen=True)
class Case:
    """One line of pytest's report."""

    name: str
    outcome: str
    text: str


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """What pytest reports about the modules, by module."""
    folder = tmp_path_factory.mktemp("inside")
    for name, source in MODULES.items():
        (folder / f"test_{name}.py").write_text(source)
    arguments = [
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        "--junitxml=report.xml",
        "-o",
        "junit_logging=all",
    ]
    arguments += ["--launch-args", "word:=given"]
    installed = importlib.metadata.entry_points(group="pytest11", name="launch_testing")
    if not installed:
        arguments = ["-p", "launch_testing.pytest.hooks", *arguments]
    (folder / "pytest.ini").write_text("[pytest]\n")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert (folder / "report.xml").exists(), result.stdout + result.stderr
    cases = {}
    for element in ElementTree.parse(folder / "report.xml").iter("testcase"):
        outcomes = [child for child in element if child.tag in ("failure", "error", "skipped")]
        text = "\n".join(f"{child.get('message')}\n{child.text}" for child in element)
        case = Case(element.get("name", ""), outcomes[0].tag if outcomes else "passed", text)
        module = (element.get("classname") or case.name).split(".")[0]
        cases[Path(module).name.removeprefix("test_")] = case
    return cases


@pytest.mark.parametrize("module", ["passing", "keep_alive", "launch_arguments", "marks_of_unittest"])
def test_a_module_of_launch_tests_is_one_item_that_passes(report, module):
    assert report[module].outcome == "passed", report[module].text
    assert report[module].name == f"test_{module}"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("fails_while_running", ["FAIL: test_fails_while_running.TestWhileRunning.test_output", "timed out"]),
        ("fails_afterwards", [".TestAfterwards.test_exit_codes", "Proc server-", "exited with code 3"]),
        ("error_in_a_case", ["FAIL: test_error_in_a_case.TestWhileRunning.test_context", "undefined_name"]),
        ("without_ready_action", ["must return a LaunchDescription containing a ReadyToTest action"]),
        (
            "processes_end_before",
            ["Launch stopped before the active tests finished.", "exited with 7", "gone"],
        ),
        ("wrong_parameter", ["unexpected extra argument 'other'"]),
    ],
)
def test_a_failure_says_what_failed(report, module, expected):
    assert report[module].outcome == "failure"
    for text in expected:
        assert text in report[module].text


def test_what_did_not_fail_is_not_named(report):
    assert "FAIL: test_fails_while_running.TestAfterwards" not in report["fails_while_running"].text


def test_a_skipped_description_is_skipped(report):
    assert report["skipped"].outcome == "skipped"
    assert "no camera here" in report["skipped"].text


def test_other_modules_are_left_to_pytest(report):
    assert (report["plain"].name, report["plain"].outcome) == ("test_plain", "passed")
    assert report["unmarked"].name == "test_plain"


def test_an_import_error_is_one(report):
    assert report["import_error"].outcome == "error"
    assert "No module named 'no_such_module'" in report["import_error"].text
