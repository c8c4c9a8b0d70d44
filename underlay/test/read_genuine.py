"""Reads names, parameters and defaults of the genuine packages into genuine.json, where they can be imported.

`python underlay/test/read_genuine.py` in a shell that has sourced ROS 2 writes the file anew.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UNDERLAY = Path(__file__).parents[1]
FACTS = Path(__file__).with_name("genuine.json")
# Packages of the underlay that are Python modules, and the folder that the module is in.
PACKAGES = {
    "launch": "launch/launch",
    "launch_ros": "launch_ros/launch_ros",
    "launch_testing": "launch_testing/launch_testing",
    "ros2launch": "ros2launch/ros2launch",
    "tf2_py": "tf2_py/tf2_py",
    "tf2_ros": "tf2_ros_py/tf2_ros",
}
OURS = ("src", "launch", "test", "benchmarks", "environment")
KIND = inspect.Parameter
NAMED = (KIND.POSITIONAL_OR_KEYWORD, KIND.KEYWORD_ONLY)
MARKS = {
    KIND.POSITIONAL_ONLY: "/",
    KIND.POSITIONAL_OR_KEYWORD: "",
    KIND.VAR_POSITIONAL: "*args ",
    KIND.KEYWORD_ONLY: "*",
    KIND.VAR_KEYWORD: "**",
}


def stand_in_names() -> dict[str, list[str]]:
    """What the packages of the underlay list as their names, and what this workspace imports."""
    found: dict[str, set[str]] = {}
    for package, folder in PACKAGES.items():
        for file in (UNDERLAY / folder).rglob("__init__.py"):
            module = ".".join((package, *file.parent.relative_to(UNDERLAY / folder).parts))
            found[module] = set(listed(file))
    for _, module, name in imports():
        found.setdefault(module, set()).update({name} - {""})
    del found["launch_testing.pytest"]  # a plug-in, which nobody imports
    return {module: sorted(names) for module, names in sorted(found.items())}


def listed(file: Path) -> list[str]:
    """The names in a module's `__all__`."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def imports() -> Iterator[tuple[Path, str, str]]:
    """File, module and name of what this workspace imports of the packages that have stand-ins."""
    for file in (file for folder in OURS for file in (UNDERLAY.parent / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                found = [(node.module or "", alias.name) for alias in node.names]
            else:
                found = [(alias.name, "") for alias in node.names] if isinstance(node, ast.Import) else []
            yield from ((file, *each) for each in found if each[0].partition(".")[0] in PACKAGES)


def described(thing: Any) -> Any:
    """A class by its parameters and public members, a function by its parameters, else the word `value`."""
    if not inspect.isclass(thing):
        return parameters(thing) if callable(thing) else "value"
    members = {}
    for name in dir(thing):
        if not name.startswith("_"):
            member = inspect.getattr_static(thing, name)
            function = getattr(member, "__func__", member)
            members[name] = parameters(function) if inspect.isroutine(function) else "value"
    return {"": parameters(thing), **members}


def parameters(thing: Any) -> list[str] | None:
    """Each as `name`, `name=default`, `*name` where it has a keyword alone, or `**name`.

    None where Python cannot read it, because it is not written in Python. What a class passes on to its bases
    by **kwargs is included.
    """
    try:
        own = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return None
    bases = thing.__mro__[1:-1] if inspect.isclass(thing) else ()
    for base in bases:
        if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD and "__init__" in vars(base):
            known = {each.name for each in own}
            inherited = [
                each for each in inspect.signature(base).parameters.values() if each.name not in known
            ]
            passed = [each.replace(kind=each.KEYWORD_ONLY) for each in inherited if each.kind in NAMED]
            own = [
                *own[:-1],
                *passed,
                *(each for each in inherited if each.kind is each.VAR_KEYWORD),
                own[-1],
            ]
    return list(dict.fromkeys(map(text_of, own)))


def text_of(parameter: inspect.Parameter) -> str:
    """One parameter; of a default that says nothing as text only that it is there."""
    mark = MARKS[parameter.kind]
    if parameter.default is parameter.empty:
        return f"{mark}{parameter.name}"
    plain = isinstance(parameter.default, str | int | float | bool | tuple | list | dict | type(None))
    default = tuple(parameter.default) if isinstance(parameter.default, list) else parameter.default
    return f"{mark}{parameter.name}={repr(default) if plain else '...'}"


def facts(names: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
    """Of the modules and names that there are; a module that there is not is left out."""
    found = {}
    for module, wanted in names.items():
        try:
            imported = importlib.import_module(module)
        except ModuleNotFoundError:
            continue
        found[module] = {
            name: described(getattr(imported, name)) for name in wanted if hasattr(imported, name)
        }
    return found


def main() -> None:
    """Write the file. Raises SystemExit where a stand-in would be read."""
    for package in PACKAGES:
        place = Path(str(importlib.import_module(package).__file__)).resolve()
        if UNDERLAY in place.parents:
            raise SystemExit(f"{package} is the stand-in here: source a distribution of ROS 2 that has it")
    lines = [
        f"{json.dumps(module)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(what)}" for name, what in sorted(content.items()))
        + "\n}"
        for module, content in sorted(facts(stand_in_names()).items())
    ]
    FACTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
