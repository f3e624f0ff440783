"""The picture encoder of version 4: neck and semantic branch, mixed by a gate."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .fusion_bank import GRID, SIZE, neck_input
from .nets import PictureNet
from .semantic import Columns
from .trunks import LITE0_FEATURES, LITE0_TAP_CHANNELS, SemanticTrunk

HEADS = 2


class BranchGate(nn.Module):
    """Mixes the codes of both branches, patch by patch and head by head.

    It sees the maps of the neck's trunk and how sure the semantic branch is of its best column.
    """

    WIDTH = 40

    def __init__(self) -> None:
        super().__init__()
        width = self.WIDTH
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c in LITE0_TAP_CHANNELS)
        self.surest = nn.Conv2d(1, width, 1)
        self.decide = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv2d(width, HEADS, 1),
        )
        self.log_scale = nn.Parameter(torch.zeros(2, HEADS))  # of the neck, of the semantic branch

    def scales(self) -> Tensor:
        return self.log_scale.exp()

    def share(self, taps: list[Tensor], surest: Tensor) -> Tensor:
        """How far to listen to the neck, `[n, heads, h, w]` in 0..1."""
        fine, middle, coarse = (part(tap) for part, tap in zip(self.lateral, taps, strict=True))
        x = F.avg_pool2d(fine, 2) + middle + self.surest(surest)
        x = x + F.interpolate(coarse, scale_factor=2.0, mode="nearest")
        share: Tensor = self.decide(x).sigmoid()
        return share

    def forward(self, taps: list[Tensor], surest: Tensor, neck: Tensor, semantic: Tensor) -> Tensor:
        share = self.share(taps, surest)
        scales = self.scales()
        parts = zip(neck.chunk(HEADS, 1), semantic.chunk(HEADS, 1), strict=True)
        return torch.cat(
            [
                share[:, head : head + 1] * scales[0, head] * fine
                + (1 - share[:, head : head + 1]) * scales[1, head] * broad
                for head, (fine, broad) in enumerate(parts)
            ],
            1,
        )


class FusedPicture(nn.Module):
    """`frames uint8 [n, 448, 448, 3]` → `features [n, C, 28, 28]`.

    Each patch's posterior over the columns picks their codes; a gate mixes them with the neck's
    codes, of the picture at half its size. Matrix products over `[n, patches, channels]` and a
    softmax over the last axis run faster than the same as convolutions.
    """

    def __init__(self, neck: PictureNet, columns: Columns, codes: Tensor) -> None:
        super().__init__()
        self.size, self.grid = SIZE, GRID
        self.neck, self.names = neck, columns.names
        self.trunk = SemanticTrunk()
        self.classify = nn.Linear(LITE0_FEATURES, len(columns.names))
        self.classify.weight.data = columns.weight.clone()
        self.classify.bias.data = columns.bias.clone()
        self.codes = nn.Linear(len(columns.names), codes.shape[1], bias=False)
        self.codes.weight.data = codes.t().clone()
        self.gate = BranchGate()

    def kept(self) -> dict[str, Any]:
        """What a checkpoint keeps of it beside the neck."""
        mine = self.state_dict()
        names = [name for name in mine if not name.startswith("neck.")]
        return {"weights": {name: mine[name] for name in names}, "names": self.names}

    @staticmethod
    def restore(neck: PictureNet, kept: dict[str, Any]) -> FusedPicture:
        weights = kept["weights"]
        columns = Columns(weights["classify.weight"], weights["classify.bias"], kept["names"])
        made = FusedPicture(neck, columns, weights["codes.weight"].t())
        made.load_state_dict({**made.state_dict(), **weights})
        return made

    def forward(self, frames: Tensor) -> Tensor:
        x = frames.permute(0, 3, 1, 2).float()
        features = self.trunk((x - 127.0) / 128.0)
        flat = features.flatten(2).transpose(1, 2)
        posterior = self.classify(flat).softmax(2)
        channels = self.codes.out_features
        semantic = self.codes(posterior).transpose(1, 2).reshape(-1, channels, self.grid, self.grid)
        surest = posterior.amax(2).reshape(-1, 1, self.grid, self.grid)
        taps = self.neck.trunk(neck_input(x))
        mixed: Tensor = self.gate(taps, surest, self.neck.merge(taps), semantic)
        return mixed
