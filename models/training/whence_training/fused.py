"""The picture encoder of version 4: the neck and the semantic branch, one sum of codes."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .fusion_bank import GRID, SIZE, neck_input
from .nets import PictureNet
from .semantic import Columns
from .trunks import LITE0_FEATURES, SemanticTrunk


class FusedPicture(nn.Module):
    """`frames uint8 [n, 448, 448, 3]` → `features [n, C, 28, 28]`.

    Each patch's posterior over the columns picks their codes; the neck's codes, of the picture at
    half its size, are added. Matrix products over `[n · patches, channels]` and a softmax over the
    last axis run faster than the same as convolutions.
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
        semantic = self.codes(self.classify(flat).softmax(2)).transpose(1, 2)
        fine: Tensor = self.neck.merge(self.neck.trunk(neck_input(x)))
        return fine + semantic.reshape(fine.shape)
