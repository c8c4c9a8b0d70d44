import sys

from lab_recorder.replay_cli import main

if __name__ == "__main__":
    sys.exit(main())
