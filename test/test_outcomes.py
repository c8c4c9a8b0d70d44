"""Every outcome is explained to its reader, and has been seen to come out of a real node.

A code counts as seen when a test that runs nodes (its file imports rclpy, launch_testing or cell_run) asserts
that an outcome equals it: `== Outcome.CODE` in an assert, `assertEqual(..., Outcome.CODE)`, or a parameter.
"""

import ast
import re
from pathlib import Path

import pytest

from lab_core.outcomes import OutcomeCode

ROOT = Path(__file__).parents[1]
DOCUMENTED = {
    cells[0].strip("` "): cells[1:]
    for line in (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8").splitlines()
    if (cells := [cell.strip() for cell in line.strip("|").split("|")])[0].startswith("`")
}


def runs_nodes(tree):
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
    }
    return any(module.split(".")[0] in ("rclpy", "launch_testing", "cell_run") for module in modules)


def asserted(tree):
    """Names of the codes that the tests of a file hold an outcome against."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            places = [
                c for c in ast.walk(node.test) if isinstance(c, ast.Compare) and isinstance(c.ops[0], ast.Eq)
            ]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            (".assertEqual", "mark.parametrize")
        ):
            places = node.args
        else:
            continue
        for place in places:
            yield from re.findall(r"\bOutcome\.([A-Z_]+)\b", ast.unparse(place))


@pytest.fixture(scope="module")
def seen():
    # the node of lab_node's own tests is an example
    paths = [path for path in ROOT.glob("src/*/test/test_*.py") if "lab_node" not in path.parts]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in [*paths, *ROOT.glob("test/test_*.py")]]
    return {code for tree in trees if runs_nodes(tree) for code in asserted(tree)}


def test_the_core_knows_the_codes_of_the_message():
    message = (ROOT / "src/lab_interfaces/msg/Outcome.msg").read_text(encoding="utf-8")
    assert dict(re.findall(r"^int32 ([A-Z_]+)=(\d+)$", message, re.M)) == {
        code.name: str(code.value) for code in OutcomeCode
    }


@pytest.mark.parametrize("code", [code.name for code in OutcomeCode])
def test_an_outcome_says_what_happened_what_the_cell_does_and_what_you_do(code):
    assert code in DOCUMENTED, f"docs/outcomes.md has no row for {code}"
    assert len(DOCUMENTED[code]) == 3 and all(DOCUMENTED[code])


@pytest.mark.parametrize("code", [code.name for code in OutcomeCode])
def test_an_outcome_has_come_out_of_a_node(code, seen):
    assert code in seen, f"no test that runs nodes asserts that an outcome == Outcome.{code}"


def test_no_row_is_about_an_outcome_that_there_is_not():
    assert set(DOCUMENTED) <= set(OutcomeCode.__members__)
