"""The cell in three dimensions as it is now, drawn by viser into every browser that looks."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import viser

from lab_core.geometry import FloatArray, OrientedBox, quaternion_from_matrix, transform_points
from lab_core.scene import Scene
from lab_description import Cell
from lab_operator.state import CellState
from lab_operator.twin.ghost import Ghost
from lab_operator.twin.held import HeldBox
from lab_operator.twin.keyed import served_for
from lab_operator.twin.robot import TCP, RobotModel, Visual

# Seconds between two pictures of the arm, and of what the camera sees.
PERIOD, SCENE_PERIOD = 0.08, 0.4
# Points of the cloud that are shown.
MOST_POINTS = 4000
# What has moved by less is not sent again: metres, and elements of a rotation.
_STILL = 3e-4
# Drawn length of the fingers of a grasp, metres.
_FINGER = 0.05
_BACKGROUND = (233, 237, 241)
_GREEN, _GREY, _ORANGE = (0, 150, 95), (120, 130, 140), (235, 140, 20)


class Twin:
    """Owns a viser server on a port of this machine, and a thread that keeps its scene true."""

    def __init__(self, cell: Cell, state: Callable[[], CellState], trouble: Callable[[str], object]) -> None:
        """state: what is known now. trouble: is told why the model stays empty. Returns at once; the meshes
        come when they are read.
        """
        self._cell, self._state, self._trouble = cell, state, trouble
        self.key = secrets.token_urlsafe(32)
        with served_for(self.key):
            self.server = viser.ViserServer(host="127.0.0.1", port=0, verbose=False)
        self.server.gui.configure_theme(show_logo=False, show_share_button=False)
        self._placed: dict[str, FloatArray] = {}
        self._handles: dict[str, Any] = {}
        self._boxes: dict[str, tuple[Any, FloatArray]] = {}
        self._shown: dict[str, object] = {}
        self._held = HeldBox()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Of viser."""
        return int(self.server.get_port())

    def close(self) -> None:
        """End the thread and the server."""
        self._ended.set()
        self._thread.join(timeout=2.0)
        self.server.stop()

    def _run(self) -> None:
        try:
            self._set_the_stage()
            robot = RobotModel(self._cell)
            with self.server.atomic():
                for visual in robot.visuals:
                    self._handles[visual.name] = self._mesh(f"/cell/{visual.name}", visual)
            ghost = Ghost(self.server, robot)
            next_scene = 0.0
            while not self._ended.wait(PERIOD):
                if not self.server.get_clients():
                    continue
                state, now = self._state(), time.monotonic()
                with self.server.atomic():
                    self._show_robot(robot, state)
                    ghost.show(state.proposal, now)
                    if now > next_scene:
                        next_scene = now + SCENE_PERIOD
                        self._show_scene(state)
        except Exception as error:  # a model that cannot be drawn leaves the rest of the page alone
            if not self._ended.is_set():
                self._trouble(f"the model of the cell cannot be shown: {type(error).__name__}: {error}")

    def _set_the_stage(self) -> None:
        scene = self.server.scene
        scene.set_up_direction("+z")
        scene.set_background_image(np.full((2, 2, 3), _BACKGROUND, dtype=np.uint8), format="png")
        middle = 0.5 * (self._cell.workspace.lower + self._cell.workspace.upper)
        camera = self.server.initial_camera
        camera.look_at = tuple(middle * (0.6, 0.6, 1.0) + (0.0, 0.0, 0.15))
        # from where an operator stands: beside the table, so that neither arm nor camera hides the parts
        camera.position = tuple(middle + np.array([0.45, -1.05, 0.75]))
        mounted = self._cell.camera
        intrinsics = mounted.model.intrinsics
        place = mounted.base_from_camera
        scene.add_camera_frustum(
            "/camera",
            fov=2.0 * float(np.arctan2(0.5 * intrinsics.height, intrinsics.fy)),
            aspect=intrinsics.width / intrinsics.height,
            scale=0.08,
            thickness=0.003,
            color=_GREY,
            wxyz=_wxyz(place),
            position=place[:3, 3],
            cast_shadow=False,
            receive_shadow=False,
        )

    def _mesh(self, name: str, visual: Visual) -> Any:
        return self.server.scene.add_mesh_simple(
            name,
            visual.vertices,
            visual.faces,
            color=_colour(np.array(visual.colour)),
            flat_shading=len(visual.faces) < 100,
            side="double",
            cast_shadow=False,
            receive_shadow=False,
        )

    def _show_robot(self, robot: RobotModel, state: CellState) -> None:
        if state.joints is None:
            return
        links = robot.links_at(dict(zip(state.joints.names, state.joints.positions, strict=True)))
        for visual in robot.visuals:
            self._place(visual.name, self._handles[visual.name], links[visual.link])
        box = self._held.box(state.held, state.scene, links[TCP])
        if box is None:
            self._drop("held")
        else:
            self._show_box("held", box, _ORANGE, 0.9, "")

    def _place(self, name: str, handle: Any, base_from_thing: FloatArray) -> None:
        before = self._placed.get(name)
        if before is not None and np.abs(before - base_from_thing).max() < _STILL:
            return
        self._placed[name] = base_from_thing
        handle.wxyz, handle.position = _wxyz(base_from_thing), base_from_thing[:3, 3]

    def _show_scene(self, state: CellState) -> None:
        boxes: dict[str, OrientedBox] = {}
        if state.scene is not None:
            for part in state.scene.objects:
                if part.id != state.held:
                    boxes[f"part/{part.id}"] = part.box
                    self._show_box(f"part/{part.id}", part.box, _colour(part.color), 0.55, part.id)
        for name, base_from_box, size in state.placed:
            boxes[f"placed/{name}"] = box = OrientedBox(base_from_box, size)
            self._show_box(f"placed/{name}", box, _GREEN, 0.75, "")
        for name in [each for each in self._boxes if each != "held" and each not in boxes]:
            self._drop(name)
        if self._shown.get("scene") is not state.scene:
            self._shown["scene"] = state.scene
            self._show_cloud(state.scene)
        if self._shown.get("grasp") is not state.grasp:
            self._shown["grasp"] = state.grasp
            self._show_grasp(state.grasp)

    def _show_box(
        self, name: str, box: OrientedBox, colour: tuple[int, int, int], opacity: float, label: str
    ) -> None:
        known = self._boxes.get(name)
        if known is not None and np.abs(known[1] - box.size).max() > 1e-3:
            self._drop(name)
            known = None
        if known is None:
            handle = self.server.scene.add_box(
                f"/{name}",
                color=colour,
                dimensions=box.size,
                opacity=opacity,
                cast_shadow=False,
                receive_shadow=False,
            )
            if label:
                self.server.scene.add_label(
                    f"/{name}/name",
                    label,
                    position=(0.0, 0.0, 0.5 * float(box.size[2])),
                    anchor="bottom-center",
                    font_screen_scale=0.6,
                )
            known = self._boxes[name] = (handle, box.size)
        self._place(name, known[0], box.frame_from_box)

    def _drop(self, name: str) -> None:
        if name in self._boxes:
            self._boxes.pop(name)[0].remove()
            self._placed.pop(name, None)

    def _show_cloud(self, scene: Scene | None) -> None:
        points = [part.points for part in scene.objects if len(part.points)] if scene is not None else []
        colours = (
            [np.tile(part.color, (len(part.points), 1)) for part in scene.objects if len(part.points)]
            if scene
            else []
        )
        if not points:
            self._remove("cloud")
            return
        every = -(-sum(map(len, points)) // MOST_POINTS)
        self._handles["cloud"] = self.server.scene.add_point_cloud(
            "/cloud",
            points=np.concatenate(points)[::every].astype(np.float32),
            colors=(255 * 0.6 * np.concatenate(colours)[::every]).astype(np.uint8),
            point_size=0.0025,
        )

    def _show_grasp(self, base_from_tcp: FloatArray | None) -> None:
        if base_from_tcp is None:
            self._remove("grasp")
            return
        half = 0.5 * 0.06
        ends = np.array(
            [
                [[0, -half, 0], [0, -half, -_FINGER]],
                [[0, -half, -_FINGER], [0, half, -_FINGER]],
                [[0, half, -_FINGER], [0, half, 0]],
                [[0, 0, -_FINGER], [0, 0, -2 * _FINGER]],
            ]
        )
        self._handles["grasp"] = self.server.scene.add_line_segments(
            "/grasp",
            points=transform_points(base_from_tcp, ends.reshape(-1, 3)).reshape(-1, 2, 3).astype(np.float32),
            colors=_GREEN,
            thickness=0.004,
        )

    def _remove(self, name: str) -> None:
        if name in self._handles:
            self._handles.pop(name).remove()


def _wxyz(transform: FloatArray) -> FloatArray:
    """Quaternion of a transform (4, 4) as viser wants it, the real part first."""
    x, y, z, w = quaternion_from_matrix(transform[:3, :3])
    return np.array([w, x, y, z])


def _colour(rgb: FloatArray) -> tuple[int, int, int]:
    red, green, blue = (int(255 * min(max(float(part), 0.0), 1.0)) for part in rgb)
    return red, green, blue
