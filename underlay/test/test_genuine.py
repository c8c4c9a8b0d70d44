"""The stand-ins accept what the genuine packages accept, and no more; genuine.json says what that is."""

import importlib
import inspect
import json
from pathlib import Path

import pytest
from read_genuine import FACTS, PACKAGES, UNDERLAY, described, imports, stand_in_names

GENUINE = json.loads(FACTS.read_text(encoding="utf-8"))
NAMES = stand_in_names()


def positional(parameters):
    return [each for each in parameters if not each.startswith(("*", "/"))]


def differences(ours, theirs):
    """What the stand-in's parameters take that the genuine ones do not take, in words."""
    if ours is None or theirs is None:
        return
    known = {each.lstrip("*").partition("=")[0]: each for each in theirs if not each.startswith("**")}
    for each in ours:
        name, _, default = each.lstrip("*").partition("=")
        if each.startswith(("**", "*args")):
            continue
        if name not in known:
            yield f"{name} is unknown"
        elif (expected := known[name].partition("=")[2]) != default and "..." not in (expected, default):
            yield f"{name} has the default {expected or 'none'}, not {default or 'none'}"
        elif known[name].startswith("*") and not each.startswith("*"):
            yield f"{name} has to be a keyword"
    expected = [each.partition("=")[0] for each in positional(theirs)]
    given = [each.partition("=")[0] for each in positional(ours)]
    if given != expected[: len(given)]:
        yield f"in place they are {expected}, not {given}"


def compared(module, name):
    genuine = GENUINE[module][name]
    ours = described(getattr(importlib.import_module(module), name))
    if isinstance(ours, dict) != isinstance(genuine, dict):
        yield f"{name} is no class" if isinstance(ours, dict) else f"{name} is a class"
    elif isinstance(ours, dict):
        yield from differences(ours.pop(""), genuine.pop("", None))
        for member, parameters in ours.items():
            if member not in genuine:
                yield f"{name}.{member} is unknown"
            elif isinstance(parameters, list) and isinstance(genuine[member], list):
                yield from (f"{member}: {found}" for found in differences(parameters, genuine[member]))
    elif isinstance(ours, list) and isinstance(genuine, list):
        yield from differences(ours, genuine)


@pytest.fixture(autouse=True)
def _stand_ins_only():
    for package in PACKAGES:
        if UNDERLAY not in Path(inspect.getfile(importlib.import_module(package))).resolve().parents:
            pytest.skip(f"{package} is the genuine one here")


@pytest.mark.parametrize("module", NAMES)
def test_names_and_signatures_are_the_genuine_ones(module):
    assert [name for name in NAMES[module] if name not in GENUINE[module]] == []
    found = [f"{name}: {difference}" for name in NAMES[module] for difference in compared(module, name)]
    assert found == []


def test_what_this_workspace_imports_is_in_the_genuine_packages():
    unknown = {
        f"{file.relative_to(UNDERLAY.parent)}: {module} {name}"
        for file, module, name in imports()
        if module not in GENUINE or (name and name not in GENUINE[module])
    }
    assert unknown == set()
