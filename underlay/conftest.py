"""Where a sourced distribution has the genuine package, the stand-in's tests are not for it."""

from pathlib import Path

UNDERLAY = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Hook of pytest: leave out the tests of a stand-in that this workspace has not built."""
    name = collection_path.relative_to(UNDERLAY).parts[0] if collection_path != UNDERLAY else "test"
    built = name == "test" or (UNDERLAY.parent / "install" / name).is_dir()
    return None if built else True
