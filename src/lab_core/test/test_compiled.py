"""What compiling loads, and leaves as it was."""

import subprocess
import sys

SCRIPT = """
import sys
from lab_core.compiled import _njit
assert _njit().__module__.startswith("numba")
assert not {"coverage", "scipy.linalg"} & set(sys.modules)
import coverage, scipy.linalg  # who wants them gets them
"""


def test_numba_is_loaded_without_what_no_loop_uses():
    subprocess.run([sys.executable, "-P", "-c", SCRIPT], check=True)
