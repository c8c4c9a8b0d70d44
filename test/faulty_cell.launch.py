"""cell.launch.py, but the simulator publishes the topics of `faulty_topics` under /true."""

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import SetRemap
from launch_ros.substitutions import FindPackageShare

from faulty_topics import TOPICS


def generate_launch_description() -> LaunchDescription:
    """Arguments are those of cell.launch.py."""
    cell = PathJoinSubstitution([FindPackageShare("lab_bringup"), "launch", "cell.launch.py"])
    return LaunchDescription(
        [
            *(SetRemap(f"simulator:{topic}", f"/true{topic}") for topic in TOPICS),
            IncludeLaunchDescription(PythonLaunchDescriptionSource([cell])),
        ]
    )
