"""The planned motion before it is done: a second, blue arm that goes the way again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
import viser

from lab_core.geometry import FloatArray, quaternion_from_matrix
from lab_operator.state import Proposal
from lab_operator.twin.robot import TCP, RobotModel

# Seconds for which the ghost stands at the end of its way before it begins anew; positions of the drawn way.
_PAUSE, _DRAWN = 1.0, 60
_BLUE = (35, 105, 220)


class Ghost:
    """Hidden while nothing waits for an approval."""

    def __init__(self, server: viser.ViserServer, robot: RobotModel) -> None:
        self._server, self._robot = server, robot
        self._moving = [visual for visual in robot.visuals if visual.moves]
        self._handles: list[Any] = []
        self._way: Any = None
        self._shown: str = ""
        self._begin = 0.0

    def show(self, proposal: Proposal | None, now: float) -> None:
        """Follow the trajectory of a proposal that waits. now: seconds of a clock that never stands."""
        if proposal is None or not proposal.waits or len(proposal.times) == 0:
            self._hide()
            return
        if proposal.digest != self._shown:
            self._hide()
            self._shown, self._begin = proposal.digest, now
            self._appear(proposal)
        elapsed = (now - self._begin) % (float(proposal.times[-1]) + _PAUSE)
        links = self._links(proposal, min(elapsed, float(proposal.times[-1])))
        for visual, handle in zip(self._moving, self._handles, strict=True):
            place = links[visual.link]
            x, y, z, w = quaternion_from_matrix(place[:3, :3])
            handle.wxyz, handle.position = (w, x, y, z), place[:3, 3]

    def _links(self, proposal: Proposal, time: float) -> dict[str, FloatArray]:
        positions = [np.interp(time, proposal.times, column) for column in proposal.positions.T]
        return self._robot.links_at(dict(zip(proposal.names, positions, strict=True)))

    def _appear(self, proposal: Proposal) -> None:
        scene = self._server.scene
        self._handles = [
            scene.add_mesh_simple(
                f"/ghost/{visual.name}",
                visual.vertices,
                visual.faces,
                color=_BLUE,
                opacity=0.35,
                cast_shadow=False,
                receive_shadow=False,
            )
            for visual in self._moving
        ]
        times = np.linspace(0.0, float(proposal.times[-1]), _DRAWN)
        way = np.array([self._links(proposal, time)[TCP][:3, 3] for time in times], dtype=np.float32)
        self._way = scene.add_line_segments(
            "/ghost/way", points=np.stack([way[:-1], way[1:]], axis=1), colors=_BLUE, thickness=0.004
        )

    def _hide(self) -> None:
        if self._shown:
            for handle in (*self._handles, self._way):
                handle.remove()
            self._handles, self._shown = [], ""
