"""What compiling loads, and leaves as it was."""

import subprocess
import sys

SCRIPT = """
import sys
from lab_core.compiled import _njit
assert _njit().__module__.startswith("numba")
assert "coverage" not in sys.modules
import coverage  # whoever measures gets it
"""


def test_numba_is_loaded_without_the_package_that_measures_tests():
    subprocess.run([sys.executable, "-P", "-c", SCRIPT], check=True)
