"""The interfaces of the underlay are the real ones on the wire: same type hash (REP 2011), same type."""

import json
from importlib import import_module
from pathlib import Path

import pytest
from ament_index_python.packages import get_package_share_directory
from rclpy.type_support import check_for_type_support

TABLE = dict(
    line.split("\t") for line in (Path(__file__).parent / "type_hashes.tsv").read_text().splitlines()
)
PARTS_OF_ACTIONS = ("_Goal", "_Result", "_Feedback")
WHOLE = sorted(name for name in TABLE if not name.endswith(PARTS_OF_ACTIONS) or "/action/" not in name)


def interface_of(type_name: str) -> str:
    """The interface whose definition holds a type: that of an action for the action's parts."""
    package, kind, name = type_name.split("/")
    if kind == "action":
        for part in PARTS_OF_ACTIONS:
            name = name.removesuffix(part)
    return f"{package}/{kind}/{name}"


@pytest.mark.parametrize("type_name", sorted(TABLE))
def test_hash_is_that_of_the_real_interface(type_name):
    package, kind, name = interface_of(type_name).split("/")
    description = Path(get_package_share_directory(package)) / kind / f"{name}.json"
    hashes = {
        entry["type_name"]: entry["hash_string"]
        for entry in json.loads(description.read_text())["type_hashes"]
    }
    assert hashes[type_name] == TABLE[type_name]


@pytest.mark.parametrize("type_name", WHOLE)
def test_python_can_use_the_interface(type_name):
    package, kind, name = type_name.split("/")
    check_for_type_support(getattr(import_module(f"{package}.{kind}"), name))
