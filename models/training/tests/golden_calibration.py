"""Made features with targets, and the calibration that the export fits on them.

`PYTHONPATH=models/training python models/training/tests/golden_calibration.py` rewrites
`golden_calibration.json`, which the tests of `whence model calibrate` read as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from whence_training.calibration import Evidence, gather_evidence
from whence_training.metrics import FEATURE_RATE, FIRST_FEATURE, Scene, Target

FILE = Path(__file__).parent / "golden_calibration.json"
HEADS, CHANNELS, GRID, STEPS = 2, 4, (2, 3), 12


def made_clips() -> list[dict[str, Any]]:
    """Sounds, words, both at once and negatives; matched pairs are more similar on average."""
    draw = np.random.default_rng(5)
    kinds: list[list[int]] = [[0], [1], [0, 1], []] * 4
    clips = []
    for heard in kinds:
        picture = 0.2 * draw.normal(size=(CHANNELS, *GRID))
        picture[:, 0, 0] *= 5
        audio = 0.4 * draw.normal(size=(CHANNELS, STEPS))
        targets = []
        for kind in heard:
            onset = float(draw.uniform(0, 0.4))
            targets.append(
                {"kind": kind, "onset": round(onset, 3), "offset": round(onset + 0.431, 3)}
            )
            code = slice(kind * CHANNELS // HEADS, (kind + 1) * CHANNELS // HEADS)
            audio[code] += 1.2 * picture[code, 0, 0][:, None]
        clips.append(
            {
                "picture": picture.round(3).ravel().tolist(),
                "audio": audio.round(3).ravel().tolist(),
                "targets": targets,
            }
        )
    return clips


def evidence_of(clips: list[dict[str, Any]]) -> list[Evidence]:
    """What the export gathers when the encoders return these features."""
    pictures = [torch.tensor(c["picture"]).reshape(CHANNELS, *GRID) for c in clips]
    sounds = [torch.tensor(c["audio"]).reshape(CHANNELS, STEPS) for c in clips]

    def encoder(frames: Tensor, waveform: Tensor) -> tuple[Tensor, Tensor]:
        index = waveform[:, 0].long().tolist()
        return torch.stack([pictures[i] for i in index]), torch.stack([sounds[i] for i in index])

    mask = np.ones((1, 1), bool)
    scenes = [
        Scene(
            "made",
            torch.zeros(1, 1, 3, dtype=torch.uint8),
            torch.tensor([float(index)]),
            [Target(t["kind"], t["onset"], t["offset"], mask) for t in clip["targets"]],
        )
        for index, clip in enumerate(clips)
    ]
    return gather_evidence(encoder, scenes, HEADS)


def summary(evidence: list[Evidence]) -> list[dict[str, Any]]:
    out = []
    for part in evidence:
        slope, offset = part.fit()
        matched, mismatched = np.concatenate(part.matched), np.concatenate(part.mismatched)
        out.append(
            {
                "matched": {"count": len(matched), "sum": float(matched.sum())},
                "mismatched": {"count": len(mismatched), "sum": float(mismatched.sum())},
                "slope": slope,
                "offset": offset,
            }
        )
    return out


def main() -> None:
    clips = made_clips()
    content = {
        "heads": HEADS,
        "channels": CHANNELS,
        "cells": GRID[0] * GRID[1],
        "steps": STEPS,
        "feature_rate": FEATURE_RATE,
        "first_feature": FIRST_FEATURE,
        "clips": clips,
        "fits": summary(evidence_of(clips)),
    }
    FILE.write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()
