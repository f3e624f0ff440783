"""Writes a trained model as a model folder: two ONNX files, `model.yaml`, `README.md`.

`python -m whence_training.export CHECKPOINT --pack PACK --out models/NAME [--scenes DIR]`
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from .batches import KINDS
from .calibration import Evidence, fit_together, gather_evidence
from .frontend import SAMPLE_RATE, PowerSpectrum
from .fused import FusedPicture
from .half_weights import store_in_half
from .label_file import manifest_part
from .metrics import FEATURE_RATE, FIRST_FEATURE, Scene, encode
from .nets import Aligner, NetConfig
from .train import load_checkpoint

OPSET = 17
TOLERANCE = 1e-4
LEAST_SAMPLES = 2960
BOUND_PICTURES = 400
BOUND_MARGIN = 1.1


class ScaledAudio(nn.Module):
    """The audio encoder with the similarity's scale inside its features, and presence beside them."""

    def __init__(self, model: Aligner) -> None:
        super().__init__()
        self.audio, self.scale = model.audio, model.config.code_scale

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        features, gate = self.audio.gated(*self.audio.inputs(waveform))
        return features * self.scale, self.audio.presence(gate)


def load_model(checkpoint: Path) -> Aligner:
    """The averaged weights of a checkpoint, ready for use."""
    state = load_checkpoint(checkpoint)
    model = Aligner(NetConfig(**state["net"]))
    # What a checkpoint of an older recipe lacks keeps its first value.
    model.load_state_dict({**model.state_dict(), **state["ema"]})
    if "fused" in state:
        model.picture = FusedPicture.restore(model.picture, state["fused"])
    return model.eval().requires_grad_(False)


def write_graphs(model: Aligner, folder: Path) -> tuple[Path, Path]:
    """`image.onnx` and `audio.onnx`, dynamic in batch and length."""
    folder.mkdir(parents=True, exist_ok=True)
    size = model.picture.size
    image, audio = folder / "image.onnx", folder / "audio.onnx"
    (folder / "image.int8.onnx").unlink(missing_ok=True)  # of older weights; see int8_picture
    # torch 2 warns for its older exporter, which torch 1.13 has alone.
    older: dict[str, Any] = {} if torch.__version__.startswith("1.") else {"dynamo": False}
    torch.onnx.export(
        model.picture,
        (torch.zeros(2, size, size, 3, dtype=torch.uint8),),
        str(image),
        input_names=["frames"],
        output_names=["features"],
        dynamic_axes={"frames": {0: "n"}, "features": {0: "n"}},
        opset_version=OPSET,
        **older,
    )
    write_audio(model, audio)
    return image, audio


def write_audio(model: Aligner, file: Path) -> None:
    """`audio.onnx`: features and presence."""
    older: dict[str, Any] = {} if torch.__version__.startswith("1.") else {"dynamo": False}
    set_convolution(model, True)
    torch.onnx.export(
        ScaledAudio(model).eval(),  # or the exporter would leave training mode on
        (torch.zeros(2, SAMPLE_RATE),),
        str(file),
        input_names=["waveform"],
        output_names=["features", "presence"],
        dynamic_axes={
            "waveform": {0: "n", 1: "samples"},
            "features": {0: "n", 2: "T"},
            "presence": {0: "n", 2: "T"},
        },
        opset_version=OPSET,
        **older,
    )
    set_convolution(model, False)


def set_convolution(model: Aligner, on: bool) -> None:
    for module in model.modules():
        if isinstance(module, PowerSpectrum):
            module.as_convolution = on


class OnnxEncoder:
    """The exported pair in ONNX Runtime on one thread."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.image, self.audio = (
            onnxruntime.InferenceSession(
                str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
            )
            for name in ("image", "audio")
        )

    def __call__(self, frames: Tensor, waveform: Tensor) -> tuple[Tensor, Tensor]:
        pictures = self.image.run(None, {"frames": frames.numpy()})[0]
        sounds = self.audio.run(None, {"waveform": waveform.numpy()})[0]
        return torch.from_numpy(pictures), torch.from_numpy(sounds)

    def presence(self, waveform: Tensor) -> Tensor:
        found = self.audio.run(["presence"], {"waveform": waveform.numpy()})[0]
        return torch.from_numpy(found)


def relative_l2(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


@torch.no_grad()
def parity(model: Aligner, folder: Path) -> float:
    """Largest relative L2 difference of torch and ONNX Runtime over odd batches and lengths."""
    encoder, worst = OnnxEncoder(folder), 0.0
    size = model.picture.size
    generator = torch.Generator().manual_seed(7)
    for count, samples in ((1, LEAST_SAMPLES), (2, 16_000), (3, 20_481), (1, 40_007)):
        shape = (count, size, size, 3)
        frames = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
        waveform = 0.1 * torch.randn(count, samples, generator=generator)
        pictures, sounds = encoder(frames, waveform)
        features, presence = ScaledAudio(model).eval()(waveform)
        worst = max(worst, relative_l2(pictures, model.picture(frames)))
        worst = max(worst, relative_l2(sounds, features))
        worst = max(worst, relative_l2(encoder.presence(waveform), presence))
    return worst


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def receptive_field(model: Aligner) -> float:
    """Seconds of audio that one feature sees, measured: where an impulse changes the output."""
    samples = 6 * SAMPLE_RATE
    quiet = 0.01 * torch.randn(1, samples, generator=torch.Generator().manual_seed(3))
    struck = quiet.clone()
    struck[0, samples // 2] += 1.0
    changed = (model.audio(struck) - model.audio(quiet)).abs().amax((0, 1)) > 1e-6
    steps = changed.nonzero()[:, 0]
    return float((steps.max() - steps.min() + 1) / FEATURE_RATE)


def manifest(
    model: Aligner,
    folder: Path,
    *,
    name: str,
    version: int,
    calibration: list[tuple[float, float]],
    bounds: list[float],
    fitted_on: str,
    difference: float,
    precision: str = "fp32",
) -> dict[str, Any]:
    """The content of `model.yaml`."""
    config = model.config
    heads = []
    for kind, (slope, offset), bound in zip(KINDS, calibration, bounds, strict=True):
        fit = {"slope": round(slope, 4), "offset": round(offset, 4), "fitted_on": fitted_on}
        heads.append({"kind": kind, "verified": True, "calibration": fit, "bound": bound})
    pretrained = config.backbone == "lite0"
    return {
        "format": "whence/model/1",
        "name": name,
        "version": version,
        "license": "Apache-2.0 (weights); trained on media under GPL-2, GPL-3, CC BY, CC BY-SA and "
        "Apache-2.0, see README.md",
        "source": "models/training of this repository"
        + (
            ", on EfficientNet-lite0 and Google's speech embedding (Apache-2.0)"
            if pretrained
            else ""
        ),
        "description": "Small DenseAV-style model: sound in head 0, spoken words in head 1",
        "image": {
            "file": "image.onnx",
            "sha256": sha256(folder / "image.onnx"),
            "width": model.picture.size,
            "height": model.picture.size,
            "grid": {"width": model.picture.grid, "height": model.picture.grid},
        },
        "audio": {
            "file": "audio.onnx",
            "sha256": sha256(folder / "audio.onnx"),
            "sample_rate": SAMPLE_RATE,
            "feature_rate": FEATURE_RATE,
            "first_feature": FIRST_FEATURE,
            "receptive_field": round(receptive_field(model), 2),
            "whole_window": False,
            "min_samples": LEAST_SAMPLES,
        },
        "external_data": [],
        "channels": config.channels,
        "class_token": False,
        "heads": heads,
        "check": {"precision": precision, "relative_l2": float(f"{difference:.2g}")},
    }


def export(
    checkpoint: Path,
    folder: Path,
    sets: dict[str, list[Scene]],
    *,
    name: str,
    version: int,
    fitted_on: str,
    half: bool = False,
) -> dict[str, Any]:
    """Writes graphs and manifest; `sets` of scenes, by name, calibrate. `half` stores the picture
    encoder's weights in half precision.

    Raises ValueError if torch and ONNX Runtime disagree.
    """
    model = load_model(checkpoint)
    image, _ = write_graphs(model, folder)
    difference = parity(model, folder)
    if difference > TOLERANCE:
        raise ValueError(
            f"Cannot export {folder}: torch and ONNX Runtime must agree to {TOLERANCE}, "
            f"got {difference:.2g}"
        )
    if half:
        store_in_half(image)
        difference = parity(model, folder)
    encoder = OnnxEncoder(folder)
    found = {n: gather_evidence(encoder, s, model.config.heads) for n, s in sets.items()}
    calibration = [
        fit_together([evidence[head] for evidence in found.values()])
        for head in range(model.config.heads)
    ]
    content = manifest(
        model,
        folder,
        name=name,
        version=version,
        calibration=calibration,
        bounds=longest_features(encoder, sets, model.config.heads),
        fitted_on=fitted_on,
        difference=difference,
        precision="fp16" if half else "fp32",
    )
    # Another audio encoder makes a label file that is there useless.
    if labels := manifest_part(folder, content["audio"]["sha256"]):
        content["labels"] = labels
    (folder / "model.yaml").write_text(yaml.safe_dump(content, sort_keys=False, width=100))
    return {**content, "reliability": reliability(found, calibration)}


def longest_features(encoder: Any, sets: dict[str, list[Scene]], heads: int) -> list[float]:
    """Of each head the length of its longest image feature on some pictures, with a margin."""
    longest = [0.0] * heads
    for scenes in sets.values():
        for picture, _ in encode(encoder, scenes[:BOUND_PICTURES]):
            for head, part in enumerate(picture.chunk(heads)):
                longest[head] = max(longest[head], float(part.norm(dim=0).max()))
    return [round(BOUND_MARGIN * length, 1) for length in longest]


def reliability(
    found: dict[str, list[Evidence]], calibration: list[tuple[float, float]]
) -> dict[str, dict[str, Any]]:
    """Set of scenes → kind → how often scores were right."""
    return {
        name: {
            kind: part.reliability(fit)
            for kind, part, fit in zip(KINDS, evidence, calibration, strict=True)
            if part.matched
        }
        for name, evidence in found.items()
    }


def main() -> None:
    from .card import write_card
    from .scene_set import load_scenes

    parser = argparse.ArgumentParser(description="Export a checkpoint as a model folder.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--validation", type=Path, required=True, nargs="+", help="sets of scenes to calibrate on"
    )
    parser.add_argument("--half", action="store_true", help="picture weights in half precision")
    parser.add_argument("--name", default="denseav-mini")
    parser.add_argument("--version", type=int, default=2)
    parser.add_argument("--report", type=Path, help="JSON figures of the frozen test for the card")
    parser.add_argument("--index", type=Path, help="the pack's index.json, for the card")
    parser.add_argument("--notes", type=Path, help="text that the card ends with")
    arguments = parser.parse_args()
    size = load_model(arguments.checkpoint).picture.size
    sets = {folder.name: load_scenes(folder, size) for folder in arguments.validation}
    content = export(
        arguments.checkpoint,
        arguments.out,
        sets,
        name=arguments.name,
        version=arguments.version,
        fitted_on=" and ".join(f"{len(part)} {name}" for name, part in sets.items())
        + " (validation)",
        half=arguments.half,
    )
    report = json.loads(arguments.report.read_text()) if arguments.report else None
    index = json.loads(arguments.index.read_text()) if arguments.index else None
    notes = arguments.notes.read_text() if arguments.notes else ""
    fused = "fused" in load_checkpoint(arguments.checkpoint)
    write_card(arguments.out, content, report=report, index=index, notes=notes, fused=fused)


if __name__ == "__main__":
    main()
