"""Reading and writing the elements of a URDF."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np

from lab_core.geometry import FloatArray, make_transform, matrix_from_rpy

Element = ElementTree.Element


def link_of(joint: Element, role: str) -> str:
    """Name of the "parent" or "child" of a joint."""
    element = joint.find(role)
    return "" if element is None else str(element.get("link"))


def floats(element: Element | None, key: str, default: str) -> FloatArray:
    """Numbers of an attribute."""
    text = default if element is None else element.get(key, default)
    return np.array([float(word) for word in text.split()])


def words(values: FloatArray) -> str:
    """Numbers as an attribute, to the last digit."""
    return " ".join(f"{value:.17g}" for value in values)


def origin_of(element: Element) -> FloatArray:
    """(4, 4) of the origin of a joint or shape."""
    origin = element.find("origin")
    return make_transform(matrix_from_rpy(floats(origin, "rpy", "0 0 0")), floats(origin, "xyz", "0 0 0"))


def origin_words(transform: FloatArray) -> tuple[str, str]:
    """Attributes xyz and rpy of a (4, 4) transform."""
    r = transform[:3, :3]
    pitch = np.arctan2(-r[2, 0], np.hypot(r[0, 0], r[1, 0]))
    if np.hypot(r[0, 0], r[1, 0]) > 1e-9:
        roll, yaw = np.arctan2(r[2, 1], r[2, 2]), np.arctan2(r[1, 0], r[0, 0])
    else:
        roll, yaw = np.arctan2(-r[1, 2], r[1, 1]), 0.0
    return words(transform[:3, 3]), words(np.array([roll, pitch, yaw]))


def set_origin(element: Element, transform: FloatArray) -> None:
    """Replace the origin of a joint or shape by a (4, 4) transform."""
    for origin in element.findall("origin"):
        element.remove(origin)
    xyz, rpy = origin_words(transform)
    ElementTree.SubElement(element, "origin", xyz=xyz, rpy=rpy)
