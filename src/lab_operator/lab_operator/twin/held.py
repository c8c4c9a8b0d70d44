"""How the part in the hand lies there, from what was seen before and where the hand was when it took it."""

from __future__ import annotations

from lab_core.geometry import FloatArray, OrientedBox, invert
from lab_core.scene import Scene


class HeldBox:
    """Remembers the lowest place of the hand since it was empty: there it took the part.

    Everything else that is known of a grasp is what was planned; this is what was done.
    """

    def __init__(self) -> None:
        self._seen: dict[str, OrientedBox] = {}
        self._lowest: FloatArray | None = None
        self._held = ""
        self._box: OrientedBox | None = None

    def box(self, held: str, scene: Scene | None, base_from_tcp: FloatArray) -> OrientedBox | None:
        """The held part's box in the base frame; None with an empty hand, or when nobody saw the part."""
        if not held:
            if self._held:
                self._lowest = None
            self._held, self._box = "", None
            if scene is not None and scene.objects:
                self._seen = {part.id: part.box for part in scene.objects}
            if self._lowest is None or base_from_tcp[2, 3] < self._lowest[2, 3] or self._far(base_from_tcp):
                self._lowest = base_from_tcp
            return None
        if held != self._held:
            self._held = held
            seen = self._seen.get(held)
            if seen is not None and self._lowest is not None:
                self._box = OrientedBox(invert(self._lowest) @ seen.frame_from_box, seen.size)
        if self._box is None:
            return None
        return OrientedBox(base_from_tcp @ self._box.frame_from_box, self._box.size)

    def _far(self, base_from_tcp: FloatArray) -> bool:
        """Whether the hand has gone so high above its lowest place that it took nothing there."""
        assert self._lowest is not None
        return bool(base_from_tcp[2, 3] - self._lowest[2, 3] > 0.3)
