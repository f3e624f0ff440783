"""Measures a model folder or a checkpoint on a folder of scenes.

`python -m whence_training.evaluate MODEL SCENES [--out REPORT.json] [--limit N]`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from .batches import KINDS
from .export import OnnxEncoder, load_model
from .metrics import Encoder, measure
from .nets import Aligner
from .scene_set import load_scenes


def torch_encoder(model: Aligner) -> Encoder:
    """The encoders of a checkpoint with the similarity's scale inside."""

    def encode(frames: Tensor, waveform: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return model.picture(frames), model.audio(waveform) * model.config.code_scale

    return encode


def evaluate(path: Path, folder: Path, limit: int | None = None) -> dict[str, Any]:
    """The report of `metrics.measure`; false alarms need the calibration of a model folder."""
    if path.is_dir():
        content = yaml.safe_load((path / "model.yaml").read_text())
        kinds = [head["kind"] for head in content["heads"]]
        fits = [head.get("calibration") for head in content["heads"]]
        calibration = [(fit["slope"], fit["offset"]) for fit in fits] if all(fits) else None
        scenes = load_scenes(folder, content["image"]["width"], limit)
        return measure(
            OnnxEncoder(path),
            scenes,
            heads=len(kinds),
            calibration=calibration,
            head_of_kind=[kinds.index(kind) for kind in KINDS],
        )
    model = load_model(path)
    learned = list(zip(model.slope.tolist(), model.offset.tolist(), strict=True))
    scenes = load_scenes(folder, model.picture.size, limit)
    return measure(torch_encoder(model), scenes, heads=model.config.heads, calibration=learned)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a model on composed scenes.")
    parser.add_argument("model", type=Path, help="model folder or checkpoint.pt")
    parser.add_argument("scenes", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    report = evaluate(arguments.model, arguments.scenes, arguments.limit)
    text = json.dumps(report, indent=2)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
