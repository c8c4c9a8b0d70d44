"""What a package shows at its door is there."""

from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["lab_core", "lab_perception", "lab_grasping", "lab_motion"])
def test_every_name_at_the_door_is_there(package):
    module = import_module(package)
    assert [name for name in module.__all__ if getattr(module, name).__name__ != name] == []
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nobody'"):
        module.nobody  # noqa: B018
