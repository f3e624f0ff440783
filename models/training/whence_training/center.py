"""Takes what all audio codes have in common out of the neck's codes.

The mean of a head's audio codes is a direction that every recording has; the neck answers it wherever
something loud stands out, whatever is heard. Without it the peak is on the right thing more often, but
loud things no longer stand out of the background, so that more off-screen audio is found somewhere:
the share is a trade. The change is linear and goes into the last convolution; it costs nothing to run.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .fuse import Library
from .nets import PictureNet

KINDS = ("sound", "speech")


def common_parts(library: Library) -> Tensor:
    """Each head's mean audio code, every name weighing the same, of length 1: `[heads, c]`."""
    means = []
    for kind in KINDS:
        names = [library.codes[kind][rows].mean(0) for rows in library.rows[kind].values()]
        means.append(torch.from_numpy(np.mean(names, 0)))
    return nn.functional.normalize(torch.stack(means), dim=1)


@torch.no_grad()
def center_neck(neck: PictureNet, common: Tensor, shares: list[float]) -> None:
    """Takes a share of each head's common part (`[heads, c]`, of length 1) out of the neck's codes."""
    parts = [
        torch.eye(len(part)) - share * torch.outer(part, part)
        for part, share in zip(common, shares, strict=True)
    ]
    change = torch.block_diag(*parts)
    last, norm = neck.code[1], neck.code[2]
    if not isinstance(last, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
        raise TypeError("Cannot center a neck: its code must end in a convolution and a norm")
    assert last.bias is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    # The norm follows the convolution: (W x + b - mean) / scale.
    scale = (norm.running_var + norm.eps).sqrt()
    inside = scale[:, None] * change / scale[None, :]
    last.weight.copy_(torch.einsum("oi,ihwk->ohwk", inside, last.weight))
    last.bias.copy_(norm.running_mean + inside @ (last.bias - norm.running_mean))
