"""What `ros2 launch` does, as functions."""

from launch.launch_description_sources import InvalidLaunchFileError, InvalidPythonLaunchFileError

from .api import (
    MultipleLaunchFilesError,
    get_share_file_path_from_package,
    launch_a_launch_file,
    print_arguments_of_launch_description,
    print_arguments_of_launch_file,
)

__all__ = [
    "InvalidLaunchFileError",
    "InvalidPythonLaunchFileError",
    "MultipleLaunchFilesError",
    "get_share_file_path_from_package",
    "launch_a_launch_file",
    "print_arguments_of_launch_description",
    "print_arguments_of_launch_file",
]
