"""Weights between a tuned audio encoder and the one it began from.

    python3 -m whence_training.blend START TUNED --share .6 --out runs/audio4/blended.pt

What tuning gained on new voices is mostly kept half way, and what it cost elsewhere is mostly not
(after arXiv 2109.01903). The share is decided on validation recordings and scenes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from .nets import NetConfig
from .train import load_checkpoint
from .tune_audio import begun_from


def between(first: dict[str, Tensor], tuned: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """`share` of the way from `first` to `tuned`; gates, which are calibrated later, as tuned."""
    kept = ("audio.gate.", "audio.own.0.")
    return {
        name: value
        if name.startswith(kept) or not value.is_floating_point()
        else torch.lerp(first[name], value, share)
        for name, value in tuned.items()
    }


@torch.no_grad()
def blend(start: Path, tuned: Path, share: float) -> dict[str, object]:
    """The tuned checkpoint with its weights moved. Blocks that are new begin as the identity."""
    state = load_checkpoint(tuned)
    first = begun_from(start, NetConfig(**state["net"]))
    ours = first.state_dict()
    # A new block's other weights have no beginning to go back to.
    for name, value in state["ema"].items():
        if name.startswith("audio.own.") and ".narrow." not in name:
            ours[name] = value
    state["ema"] = between(ours, state["ema"], share)
    return {"ema": state["ema"], "net": state["net"], "step": state["step"]} | (
        {"anchors": state["anchors"]} if "anchors" in state else {}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Blend a tuned encoder with its beginning.")
    parser.add_argument("start", type=Path)
    parser.add_argument("tuned", type=Path)
    parser.add_argument("--share", type=float, default=0.6, help="of the tuned weights, 0 to 1")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    if not 0 <= given.share <= 1:
        parser.error(f"--share must be between 0 and 1, got {given.share}")
    torch.save(blend(given.start, given.tuned, given.share), given.out)
    print(f"{given.out}: {given.share:.2f} of {given.tuned}")


if __name__ == "__main__":
    main()
