"""The error of a launch file that cannot be loaded."""

from __future__ import annotations

from collections.abc import Sequence


class InvalidLaunchFileError(Exception):
    """No loader could make anything of a file; says what each of them had against it."""

    def __init__(self, extension: str = "", *, likely_errors: Sequence[Exception] | None = None) -> None:
        likely_errors = likely_errors or ()
        self._extension = extension
        self._likely_errors = likely_errors
        what = f"file of format [{extension}]" if extension else "file"
        if len(likely_errors) > 1:
            reasons = "".join(f"\n - {type(error).__name__}: {error}" for error in likely_errors)
            message = f"Caught multiple exceptions when trying to load {what}:{reasons}"
        elif likely_errors:
            error = likely_errors[0]
            message = f"Caught exception when trying to load {what}: {type(error).__name__}: {error}"
        else:
            message = f"The launch {what} may have a syntax error, or its format is unknown"
        super().__init__(message)
        if likely_errors:
            self.__cause__ = likely_errors[0]
