"""All files of one cell in Gazebo: world, robot, controllers and the topics between Gazebo and ROS."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab_core.errors import LabError
from lab_description import Cell, load_cell
from lab_node.names import resolve
from lab_simulation.gazebo.robot import contacts_topic, controller_parameters, gazebo_urdf
from lab_simulation.gazebo.world import CAMERA, PARTS_TOPIC, STEP, gazebo_world
from lab_simulation.scenes.drawing import Area, Scene, make_scene
from lab_simulation.scenes.mesh_parts import mesh_source
from lab_simulation.scenes.scene_file import load_scene_file

# Topics of the camera that docs/architecture.md names, by what Gazebo adds to the sensor's topic.
CAMERA_TOPICS = {
    "image": ("/camera/color/image_raw", "sensor_msgs/msg/Image", "gz.msgs.Image"),
    "depth_image": ("/camera/aligned_depth/image_raw", "sensor_msgs/msg/Image", "gz.msgs.Image"),
    "camera_info": ("/camera/color/camera_info", "sensor_msgs/msg/CameraInfo", "gz.msgs.CameraInfo"),
}


CLOCK = "/gazebo/clock"
"""Gazebo's clock in ROS, told at each step of the physics; `/clock` is thinned out from it."""
CLOCK_RATE = 125
"""Of /clock, Hz of simulated time: each message of it wakes every node of the cell."""
PARTS = "gazebo/parts"
"""Pose of each part in ROS."""


@dataclass(frozen=True, slots=True)
class GazeboFiles:
    """Paths of what `write_gazebo_files` wrote."""

    world: Path
    robot: Path
    controllers: Path
    bridges: Path


def write_gazebo_files(cell: Cell, scene: Scene, folder: Path) -> GazeboFiles:
    """Everything that Gazebo needs for a cell and a scene, in a folder that is made if there is none."""
    meshes = folder / "meshes"
    meshes.mkdir(parents=True, exist_ok=True)
    files = GazeboFiles(
        folder / "world.sdf", folder / "robot.urdf", folder / "controllers.yaml", folder / "bridges.yaml"
    )
    files.world.write_text(gazebo_world(cell, scene, meshes), encoding="utf-8")
    files.robot.write_text(gazebo_urdf(cell, files.controllers.resolve()), encoding="utf-8")
    files.controllers.write_text(yaml.safe_dump(controller_parameters(cell)), encoding="utf-8")
    files.bridges.write_text(yaml.safe_dump(bridges(cell)), encoding="utf-8")
    return files


def bridges(cell: Cell) -> list[dict[str, str]]:
    """Entries for ros_gz_bridge: every topic of Gazebo that ROS gets to see."""
    found = [_bridge("/clock", CLOCK, "rosgraph_msgs/msg/Clock", "gz.msgs.Clock")]
    found.append(_bridge(PARTS_TOPIC, resolve(PARTS), "geometry_msgs/msg/TransformStamped", "gz.msgs.Pose"))
    for suffix, (topic, ros_type, gz_type) in CAMERA_TOPICS.items():
        found.append(_bridge(f"/{CAMERA}/{suffix}", topic, ros_type, gz_type))
    for side, name in cell.gripper.wrench_topics.items():
        topic = resolve(name)
        found.append(_bridge(topic, topic, "geometry_msgs/msg/WrenchStamped", "gz.msgs.Wrench"))
        contacts = contacts_topic(cell, side)
        found.append(_bridge(contacts, contacts, "ros_gz_interfaces/msg/Contacts", "gz.msgs.Contacts"))
    return found


def clock_drops() -> list[str]:
    """Arguments of the drop of topic_tools: of each so many messages it passes the last one on to /clock."""
    steps = round(1.0 / (CLOCK_RATE * STEP))
    return [CLOCK, str(steps - 1), str(steps), "/clock"]


def scene_of(cell: Cell, name: str, seed: int, parts: int, meshes: str) -> Scene:
    """The scene of a name and a seed, the same as in the embedded simulator.

    parts: 0 as the scene says. meshes: folder to take the parts from, or empty.

    Raises ConfigurationError or SceneError.
    """
    area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
    source = mesh_source(meshes) if meshes else None
    for sentence in () if source is None else (*source.left_out, *source.remarks):
        print(sentence, file=sys.stderr)
    return make_scene(load_scene_file(name), seed, area, parts or None, source)


def _bridge(gz_topic: str, ros_topic: str, ros_type: str, gz_type: str) -> dict[str, str]:
    return {
        "gz_topic_name": gz_topic,
        "ros_topic_name": ros_topic,
        "ros_type_name": ros_type,
        "gz_type_name": gz_type,
        "direction": "GZ_TO_ROS",
    }


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0, or 2 with one sentence on what is wrong."""
    parser = argparse.ArgumentParser(description="Write the files of a cell for Gazebo.")
    parser.add_argument("cell", help="name of a cell in config/cells, or path of its YAML")
    parser.add_argument("folder", type=Path, help="where the files go; made if there is none")
    parser.add_argument("--scene", default="scattered", help="what lies on the table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", type=int, default=0, help="number of parts; 0: as the scene says")
    parser.add_argument("--meshes", default="", help="folder of OBJ or STL files to take the parts from")
    options = parser.parse_args(arguments)
    try:
        cell = load_cell(options.cell)
        scene = scene_of(cell, options.scene, options.seed, options.parts, options.meshes)
        files = write_gazebo_files(cell, scene, options.folder)
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"gz sim -r {files.world}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
