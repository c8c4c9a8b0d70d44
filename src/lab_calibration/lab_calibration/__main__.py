"""`lab calibrate board|camera|hand_eye|landmark|check`: see --help of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lab_calibration.commands import board, camera, check, hand_eye, landmark
from lab_core.errors import LabError

COMMANDS = {
    "board": board.main,
    "camera": camera.main,
    "hand_eye": hand_eye.main,
    "landmark": landmark.main,
    "check": check.main,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, 1 where a calibration is refused, 2 on wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in COMMANDS:
        known = ", ".join(COMMANDS)
        named = (
            f"there is no command `{words[0]}`" if words and words[0] not in ("-h", "--help") else "name one"
        )
        print(f"lab calibrate: {named}; there are: {known} (each has --help)", file=sys.stderr)
        return 0 if words and words[0] in ("-h", "--help") else 2
    try:
        return COMMANDS[words[0]](words[1:])
    except (LabError, OSError) as error:
        print(f"lab calibrate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nlab calibrate: interrupted, the cell's files are as they were", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
