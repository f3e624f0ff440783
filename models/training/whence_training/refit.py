"""Joins a fused picture encoder and another audio encoder: the codes are fitted again, in closed form.

    python3 -m whence_training.refit fused.pt --audio CHECKPOINT --codes codes.npz --out joined.pt

`codes.npz` is what `audio_codes` made of that audio encoder. The neck stays as it is: its codes serve
as long as the new encoder's lie near those that it learned from (`tune_audio` keeps them there).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import torch

from .center import center_neck, common_parts
from .fuse import FuseSettings, Library
from .fused import FusedPicture
from .nets import Aligner, NetConfig
from .semantic import Columns
from .train import load_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description="Join picture and audio encoders.")
    parser.add_argument("fused", type=Path, help="checkpoint that fuse wrote")
    parser.add_argument(
        "--audio", type=Path, required=True, help="checkpoint with the audio encoder"
    )
    parser.add_argument("--codes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sound", type=float, default=1.0, help="weight of the sound codes")
    parser.add_argument("--speech", type=float, default=1.0, help="weight of the speech codes")
    parser.add_argument(
        "--center",
        type=float,
        nargs=2,
        default=(0.0, 0.0),
        metavar=("SOUND", "SPEECH"),
        help="share of what all audio codes have in common to take out of the neck's codes, 0 to 1",
    )
    given = parser.parse_args()
    if not all(0 <= share <= 1 for share in given.center):
        parser.error(f"--center must be two numbers from 0 to 1, got {given.center}")
    pictures, sounds = load_checkpoint(given.fused), load_checkpoint(given.audio)
    picture_net, audio_net = NetConfig(**pictures["net"]), NetConfig(**sounds["net"])
    if (picture_net.channels, picture_net.heads) != (audio_net.channels, audio_net.heads):
        parser.error("both encoders must have the same channels and heads")
    kept = {
        name: getattr(picture_net, name)
        for name in ("backbone", "picture_size", "picture_width", "picture_blocks")
    }
    model = Aligner(NetConfig(**{**asdict(audio_net), **kept})).eval()
    weights = model.state_dict()
    weights |= {n: v for n, v in pictures["ema"].items() if n.startswith("picture.")}
    weights |= {n: v for n, v in sounds["ema"].items() if n.startswith("audio.")}
    model.load_state_dict(weights)
    picture = FusedPicture.restore(model.picture, pictures["fused"])
    columns = Columns(picture.classify.weight.data, picture.classify.bias.data, picture.names)
    half = audio_net.channels // audio_net.heads
    library = Library(given.codes, half)
    codes = torch.from_numpy(library.codes_of(columns, FuseSettings.ridge))
    weight = torch.tensor([given.sound, given.speech]).repeat_interleave(half)
    picture.codes.weight.data = (codes * weight).t().clone()
    center_neck(picture.neck, common_parts(library), list(given.center))
    torch.save(
        {"net": asdict(model.config), "ema": model.state_dict(), "fused": picture.kept()}, given.out
    )


if __name__ == "__main__":
    main()
