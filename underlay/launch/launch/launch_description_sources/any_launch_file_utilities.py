"""Launch files in any language that is known here, which is Python."""

from __future__ import annotations

import os

from ..invalid_launch_file_error import InvalidLaunchFileError
from ..launch_description import LaunchDescription
from .python_launch_file_utilities import get_launch_description_from_python_launch_file


def get_launch_description_from_any_launch_file(launch_file_path: str) -> LaunchDescription:
    """The description in a launch file. InvalidLaunchFileError if it cannot be loaded, with the reason."""
    extension = os.path.splitext(launch_file_path)[1][1:]
    try:
        return get_launch_description_from_python_launch_file(launch_file_path)
    except Exception as error:
        raise InvalidLaunchFileError(extension, likely_errors=[error]) from error
