"""Runs a benchmark with its own folder on the search path, and not the folder that the user stands in.

Python's own way to run a file would do the first, and not the second for the processes that it starts.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    script = Path(sys.argv[1]).resolve()
    sys.argv = [str(script), *sys.argv[2:]]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")
