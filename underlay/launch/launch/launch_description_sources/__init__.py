"""Sources of launch descriptions."""

from ..invalid_launch_file_error import InvalidLaunchFileError
from .any_launch_file_utilities import get_launch_description_from_any_launch_file
from .launch_file_sources import AnyLaunchDescriptionSource, PythonLaunchDescriptionSource
from .python_launch_file_utilities import (
    InvalidPythonLaunchFileError,
    get_launch_description_from_python_launch_file,
    load_python_launch_file_as_module,
)

__all__ = [
    "AnyLaunchDescriptionSource",
    "InvalidLaunchFileError",
    "InvalidPythonLaunchFileError",
    "PythonLaunchDescriptionSource",
    "get_launch_description_from_any_launch_file",
    "get_launch_description_from_python_launch_file",
    "load_python_launch_file_as_module",
]
