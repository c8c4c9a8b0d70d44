"""One cell, validated, with its URDF and SRDF."""

from lab_description.camera import CalibrationError, Camera, CameraModel, Intrinsics, StereoNoise
from lab_description.cell import Cell, load_cell
from lab_description.configuration import config_directory
from lab_description.end_effector import EndEffector
from lab_description.furniture import Destination, FurnitureBox, Workspace
from lab_description.gripper import Gripper, HandBoxes
from lab_description.robot import Robot
from lab_description.srdf import build_srdf
from lab_description.suction_cup import SuctionCup
from lab_description.urdf import build_mujoco_urdf, build_urdf

__all__ = [
    "CalibrationError",
    "Camera",
    "CameraModel",
    "Cell",
    "Destination",
    "EndEffector",
    "FurnitureBox",
    "Gripper",
    "HandBoxes",
    "Intrinsics",
    "Robot",
    "StereoNoise",
    "SuctionCup",
    "Workspace",
    "build_mujoco_urdf",
    "build_srdf",
    "build_urdf",
    "config_directory",
    "load_cell",
]
