"""What all tests share: the same examples on every run, so that a failure is a failure for everybody.

`colcon test` runs each package's tests alone, with nothing but what that package depends on.
"""

import os
from importlib.util import find_spec

if find_spec("lab_simulation"):
    from lab_simulation.mujoco.rendering import choose_renderer

    # MuJoCo binds its OpenGL at the first import anywhere in the process.
    choose_renderer("auto")

if find_spec("hypothesis"):
    from hypothesis import HealthCheck, settings

    # No deadline: a run on a shared machine may pause anywhere; a test that hangs is caught by its waiting.
    settings.register_profile(
        "repeatable",
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
    settings.register_profile("search", max_examples=2000, deadline=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
