"""Makes a checkpoint of an exported model, so that training can go on where only ONNX is left.

    python3 -m whence_training.recover ../denseav-mini/audio.onnx CONFIG --out v3.pt

With `--picture image.onnx` the picture encoder of a version up to 3 is taken over as well.

The exporter folds normalization into the convolution before it. Here the folded weights go back
into the convolution and its normalization becomes the identity: the same function, though further
training should keep these normalizations in evaluation mode.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from .export import ScaledAudio
from .nets import Aligner
from .settings import load_settings

FOLDED = "onnx::"
TOLERANCE = 1e-3


def module_path(node_name: str) -> str:
    """`/audio/local/local.0/local.0.0/Conv` → `audio.local.0.0`: each part of a node's name that
    repeats the one before it extends it; later exports leave out the first."""
    path: list[str] = []
    for part in node_name.strip("/").split("/")[:-1]:
        if path and part.startswith(path[-1] + "."):
            path[-1] = part
        else:
            path.append(part)
    return ".".join(path if path[0] == "audio" else ["audio", *path])


def identity_norm(norm: nn.Module, bias: Tensor | None) -> None:
    """Makes a normalization pass its input on, plus `bias`."""
    if not isinstance(norm, nn.modules.batchnorm._BatchNorm):
        raise ValueError(f"Cannot recover: a normalization must follow, got {type(norm).__name__}")
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    if norm.affine:
        norm.weight.fill_(1)
        norm.bias.zero_() if bias is None else norm.bias.copy_(bias)


def norm_after(model: nn.Module, path: str) -> nn.Module:
    """The normalization that the exporter folded into the convolution at `path`."""
    parent, _, name = path.rpartition(".")
    holder = model.get_submodule(parent)
    return holder.get_submodule("norm" if name in ("mix", "second") else str(int(name) + 1))


@torch.no_grad()
def recover(model: nn.Module, file: Path) -> None:
    """Loads an encoder's graph into the model. Raises ValueError where the graph does not fit it."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(file)).graph
    stored = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    state = model.state_dict()
    plain = {name: value for name, value in stored.items() if name in state}
    model.load_state_dict({**state, **plain})
    for node in graph.node:
        if node.op_type != "Conv" or not node.input[1].startswith(FOLDED):
            continue
        path = module_path(node.name)
        convolution = model.get_submodule(path)
        weight, bias = stored[node.input[1]], stored[node.input[2]]
        if not isinstance(convolution, (nn.Conv1d, nn.Conv2d)):
            raise ValueError(f"Cannot recover {file}: {path} must be a convolution")
        convolution.weight.copy_(weight)
        if convolution.bias is None:
            identity_norm(norm_after(model, path), bias)
        else:
            convolution.bias.copy_(bias)
            identity_norm(norm_after(model, path), None)


def difference(model: Aligner, file: Path) -> float:
    """Largest difference between the recovered encoder and the graph, on noise."""
    import onnxruntime

    waveform = 0.1 * torch.randn(2, 24_000, generator=torch.Generator().manual_seed(5))
    run = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run
    wanted = torch.from_numpy(run(["features"], {"waveform": waveform.numpy()})[0])
    with torch.no_grad():
        found, _ = ScaledAudio(model).eval()(waveform)
    return float((found - wanted).abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a checkpoint of an exported audio encoder.")
    parser.add_argument("audio", type=Path, help="audio.onnx")
    parser.add_argument("config", type=Path)
    parser.add_argument("--picture", type=Path, help="image.onnx")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    settings = load_settings(given.config, pack="unused")
    model = Aligner(settings.net).eval()
    recover(model, given.audio)
    if given.picture is not None:
        recover(model.picture, given.picture)
    worst = difference(model, given.audio)
    if worst > TOLERANCE:
        parser.error(f"{given.audio} must be of {given.config}, got a difference of {worst:.2g}")
    torch.save({"ema": model.state_dict(), "net": asdict(settings.net), "step": 0}, given.out)
    print(f"{given.out}: largest difference {worst:.2g}")


if __name__ == "__main__":
    main()
