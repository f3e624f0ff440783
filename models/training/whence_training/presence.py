"""Calibrates presence: the probability that something of a head's kind is heard, seen or not.

    python3 -m whence_training.presence CHECKPOINT --pack PACK --store natural --music music

The gates already tell kinds apart; here a slope and an offset for each head make a probability of
their logit, fitted on validation voices and recordings in rooms, noise, music and mixtures, on noises
and on silence, every step of 80 ms a case. They are written into the checkpoint, for `export`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import freeze
from .batches import KINDS
from .calibration import Floats, fit_logistic
from .export import load_model
from .hearings import HearingConfig, HearingMaker
from .nets import AudioNet
from .train import load_checkpoint
from .tune_audio import make_maker

BATCHES = 24
BINS = 10
SURE = 0.6


@dataclass
class Steps:
    """Gate logits of one head at steps of clips, whether its kind is heard, and at clips without it
    the loudest step."""

    logits: Floats
    heard: Floats
    loudest_without: Floats

    def fit(self) -> tuple[float, float]:
        """Heard and unheard steps weigh the same, so that .5 is as likely the one as the other."""
        share = self.heard.mean()
        weight = np.where(self.heard > 0, 0.5 / share, 0.5 / (1 - share))
        return fit_logistic(self.logits, self.heard, weight)

    def report(self, fit: tuple[float, float]) -> dict[str, Any]:
        def chance(logits: Floats) -> Floats:
            found: Floats = 1 / (1 + np.exp(-np.clip(fit[0] * logits + fit[1], -30, 30)))
            return found

        probability, share = chance(self.logits), self.heard.mean()
        weight = np.where(self.heard > 0, 0.5 / share, 0.5 / (1 - share))
        place = np.minimum((probability * BINS).astype(int), BINS - 1)
        diagram = [
            [
                round(float(np.average(v[place == b], weights=weight[place == b])), 3)
                for v in (probability, self.heard)
            ]
            for b in range(BINS)
            if (place == b).any()
        ]
        return {
            "slope": round(fit[0], 4),
            "offset": round(fit[1], 4),
            "heard and sure": round(float((probability[self.heard > 0] >= SURE).mean()), 3),
            "unheard and sure": round(float((probability[self.heard == 0] >= SURE).mean()), 3),
            "clips without, sure": round(float((chance(self.loudest_without) >= SURE).mean()), 3),
            "reliability": diagram,
        }


@torch.no_grad()
def gather(audio: AudioNet, maker: HearingMaker, batches: int) -> list[Steps]:
    logits: list[Tensor] = []
    heard, unsure = [], []
    for _ in range(batches):
        batch = maker.next()
        found = [audio.gated(*audio.inputs(part))[1] for part in batch.waveform.split(16)]
        logits.append(torch.cat(found))
        heard.append(batch.active)
        unsure.append(batch.unsure)
    gate, truth, doubt = torch.cat(logits), torch.cat(heard), torch.cat(unsure)
    out = []
    for head in range(gate.shape[1]):
        sure = ~doubt[:, head]
        without = ~truth[:, head].any(1) & sure.all(1)
        values = (gate[:, head][sure], truth[:, head][sure].float(), gate[without, head].amax(1))
        out.append(Steps(*(value.numpy().astype(np.float64) for value in values)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrate presence on validation recordings.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--store", type=Path, action="append", default=[], help="word stores")
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--batches", type=int, default=BATCHES)
    given = parser.parse_args()
    model = load_model(given.checkpoint)
    config = HearingConfig(texts=0, mixed=0.25)
    try:
        maker = make_maker(given.pack, given.store, None, given.music, config, 1, split="val")
    except (OSError, ValueError, freeze.FrozenError) as error:
        sys.exit(f"{parser.prog}: {error}")
    found = gather(model.audio, maker, given.batches)
    fits = [steps.fit() for steps in found]
    state = load_checkpoint(given.checkpoint)
    for part in ("ema", "model"):
        if part in state:
            state[part]["audio.presence_fit"] = torch.tensor(fits, dtype=torch.float32)
    partial = given.checkpoint.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(given.checkpoint)
    report = {kind: steps.report(fit) for kind, steps, fit in zip(KINDS, found, fits, strict=True)}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
