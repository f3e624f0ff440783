"""The semantic branch: what ImageNet's classifier sees in each patch, as an audio code.

A patch's posterior over *columns* (ImageNet's 1,000 classes and names that it lacks) picks the code
of what the column is called, so that similarity stays one dot product of picture and audio codes.
Nothing here is trained by gradient on pictures but the classifier's added columns: the codes come
from spoken names and sounds in closed form, and so can be fitted again to any audio encoder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .imagenet_names import read_names
from .trunks import LITE0_FEATURES, SemanticTrunk

KEPT = 24
"""Posteriors of a patch that a bank keeps: the rest adds up to next to nothing."""
Floats = NDArray[np.floating]


@dataclass
class Columns:
    """The classifier: `weight [n, 1280]`, `bias [n]`, and what each column is called."""

    weight: Tensor
    bias: Tensor
    names: list[tuple[str, ...]]

    def __post_init__(self) -> None:
        if self.weight.shape != (len(self.names), LITE0_FEATURES):
            raise ValueError(
                f"Cannot use columns: weight must be [{len(self.names)}, {LITE0_FEATURES}], "
                f"got {list(self.weight.shape)}"
            )

    def save(self, file: Path) -> None:
        torch.save({"weight": self.weight, "bias": self.bias, "names": self.names}, file)

    @staticmethod
    def load(file: Path) -> Columns:
        stored = torch.load(file)
        return Columns(stored["weight"], stored["bias"], [tuple(n) for n in stored["names"]])

    @torch.no_grad()
    def posterior(self, features: Tensor) -> Tensor:
        """`[1280, h, w]` → `[n, h · w]`."""
        return (self.weight @ features.flatten(1) + self.bias[:, None]).softmax(0)

    def largest(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The `KEPT` largest posteriors of each patch and their columns, `[KEPT, h · w]`."""
        value, column = self.posterior(features).topk(KEPT, 0)
        return value, column


def imagenet_columns(trunk_file: Path) -> tuple[Tensor, Tensor]:
    """The published classifier."""
    return SemanticTrunk().load_published(trunk_file)


@torch.no_grad()
def fit_added_columns(
    features: Tensor,
    names: list[str],
    classifier: tuple[Tensor, Tensor],
    *,
    photograph: Tensor,
    decay: float = 1e-4,
    steps: int = 400,
    photograph_weight: float = 3.0,
    rate: float = 3e-3,
    seed: int = 0,
) -> Columns:
    """Columns for names that ImageNet has no class for, beside its own, which stay as they are.

    `features [m, 1280]` are of patches; a patch whose name has no class belongs to its new column,
    any other (named by ImageNet, or background) to ImageNet's columns as a whole. Softmax regression
    with weight decay; each new name weighs the same.
    """
    known = {name for listed in read_names() for name in listed}
    new = sorted({name for name in names if name} - known)
    place = {name: number for number, name in enumerate(new)}
    own = torch.tensor([place.get(name, -1) for name in names])
    frozen_weight, frozen_bias = classifier
    rest = torch.cat(
        [
            (part.float() @ frozen_weight.t() + frozen_bias).logsumexp(1)
            for part in features.split(2048)
        ]
    )
    count = torch.bincount(own[own >= 0], minlength=len(new)).clamp_min(1).float()
    share = (own >= 0).sum() / len(new)
    weight_of = torch.where(own >= 0, share / count[own.clamp_min(0)], torch.ones(len(own)))
    weight_of = weight_of * torch.where(photograph, photograph_weight, 1.0)
    weight = torch.zeros(len(new), features.shape[1], requires_grad=True)
    bias = torch.zeros(len(new), requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], rate)
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / steps)
        rows = torch.randint(len(features), (2048,), generator=generator)
        with torch.enable_grad():
            logits = features[rows].float() @ weight.t() + bias
            total = torch.logaddexp(logits.logsumexp(1), rest[rows])
            chosen = logits.gather(1, own[rows].clamp_min(0)[:, None])[:, 0]
            right = torch.where(own[rows] >= 0, chosen, rest[rows])
            loss = ((total - right) * weight_of[rows]).mean() + decay * weight.square().sum()
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
    return Columns(
        torch.cat([frozen_weight, weight.detach()]),
        torch.cat([frozen_bias, bias.detach()]),
        [*read_names(), *((name,) for name in new)],
    )


def fit_codes(
    codes: Floats, heard: list[str], called: list[tuple[str, ...]], ridge: float = 0.3
) -> Floats:
    """`[columns, c]`: a code for each column that answers its own names and no others.

    `codes [m, c]` are of recordings, `heard` their names. Ridge regression of "is this recording one
    of my names" on the recordings' codes, every name weighing the same, scaled so that a column's own
    names give 1 on average. A column none of whose names is heard is zero.
    """
    names = sorted(set(heard))
    place = {name: number for number, name in enumerate(names)}
    rows = np.array([place[name] for name in heard])
    count = np.bincount(rows)
    weight = 1 / count[rows]
    codes = codes.astype(np.float64)
    gram = (codes * weight[:, None]).T @ codes / weight.sum()
    size = codes.shape[1]
    gram += ridge * np.trace(gram) / size * np.eye(size)
    mean = np.zeros((len(names), size))
    np.add.at(mean, rows, codes * weight[:, None])
    solved = np.linalg.solve(gram, mean.T).T
    found = np.zeros((len(called), size))
    for number, listed in enumerate(called):
        own = [place[name] for name in listed if name in place]
        if own:
            code = solved[own].sum(0)
            found[number] = code / max(float((mean[own] @ code).mean()), 1e-6)
    return found.astype(np.float32)


class SemanticNet(nn.Module):
    """`[n, 3, H, W]` in -1..1 → codes `[n, C, H/16, W/16]`."""

    def __init__(self, columns: int, channels: int) -> None:
        super().__init__()
        self.trunk = SemanticTrunk()
        self.classify = nn.Conv2d(LITE0_FEATURES, columns, 1)
        self.codes = nn.Conv2d(columns, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.codes(self.classify(self.trunk(x)).softmax(1))
        return found


def fast_trunk(file: Path, size: int) -> Callable[[Tensor], Tensor]:
    """SemanticTrunk in ONNX Runtime, for pictures of one size: `float [1, 3, H, W]`, 0..255.

    Three times as fast as PyTorch on a CPU, where thousands of pictures are encoded once.
    """
    import onnxruntime

    trunk = SemanticTrunk().eval()
    trunk.load_published(file)
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "trunk.onnx"
        torch.onnx.export(
            trunk, (torch.zeros(1, 3, size, size),), str(graph), input_names=["x"], opset_version=17
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        run = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        ).run

    def encode(frame: Tensor) -> Tensor:
        return torch.from_numpy(run(None, {"x": ((frame - 127.0) / 128.0).numpy()})[0][0])

    return encode
