"""What an arm carries: fingers or a suction cup, with a frame `tcp` where it takes hold."""

from __future__ import annotations

from dataclasses import dataclass

from lab_description.tree import Tree


@dataclass(frozen=True)
class EndEffector(Tree):
    """What grippers of all types have in common.

    base_link: mounted on the arm. tcp_link: frame fixed to it, +z out of it, along which it approaches.
    """

    name: str
    tcp_link: str

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_links("tcp_link")

    def require_links(self, *keys: str) -> None:
        """Raises ValueError when a field of these names is not the name of a link."""
        for key in keys:
            if getattr(self, key) not in self.links:
                raise ValueError(f"{key}: no link '{getattr(self, key)}'; links are {', '.join(self.links)}")
