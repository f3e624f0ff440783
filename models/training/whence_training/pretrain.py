"""Pretrains the audio encoder on pairs of hearings: `python -m whence_training.pretrain CONFIG …`.

No pictures, no labels: a clip must be told from all others of its kind by another hearing of the
same thing (InfoNCE both ways, one head for each kind of source). What comes out is a checkpoint for
`train --start-from`: words then only have to be tied to pictures, not to be told apart as well.
"""

from __future__ import annotations

import argparse
import copy
import random
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from . import freeze
from .bank import audio_inputs
from .batches import Pack
from .nets import Aligner
from .objective import head_of, thin
from .renditions import Lexicon, RenditionConfig, RenditionMaker
from .settings import Settings, load_settings
from .train import follow, make_model, pick_device, pick_precision

STEPS_PER_CLIP = 6
FIRST_LOG_SCALE = 2.3
SAVE_EVERY = 100
KEPT = 400  # batches

# mel, speech embedding, kind and active steps of a batch's clips
Prepared = tuple[Tensor, Tensor | None, Tensor, Tensor]


def pair_loss(codes: Tensor, active: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """InfoNCE between two hearings of n things → (loss, accuracy).

    `codes [2 n, c, T]`, `active bool [2 n, T]`. A hearing is the mean of its codes at a few active
    steps, so that each step has to tell by itself what is heard.
    """
    weight = thin(active, STEPS_PER_CLIP).to(codes.dtype)[:, None]
    mean = (codes * weight).sum(2) / weight.sum(2).clamp_min(1)
    first, second = F.normalize(mean, dim=1).chunk(2)
    logits = scale * first @ second.t()
    own = torch.arange(len(logits), device=logits.device)
    loss = (F.cross_entropy(logits, own) + F.cross_entropy(logits.t(), own)) / 2
    return loss, (logits.argmax(1) == own).float().mean()


class Ahead:
    """Makes batches, and what frozen parts make of them, in a thread beside training.

    Every batch is kept (in `precision`, 11 MB each on the shipped configuration) and handed out
    again at random, so that training never waits for the thread.
    """

    def __init__(self, maker: RenditionMaker, model: Aligner, precision: torch.dtype) -> None:
        self.maker, self.model, self.precision = maker, model, precision
        self.rng = random.Random(0)
        self.kept: list[Prepared] = []
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self.add()
        self.thread = threading.Thread(target=self.fill, daemon=True)
        self.thread.start()

    @torch.no_grad()
    def add(self) -> None:
        batch = self.maker.next()
        device = next(self.model.parameters()).device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16):
            mel, speech = audio_inputs(self.model, batch.waveform.to(device))
        kept_speech = None if speech is None else speech.to(self.precision)
        kind, active = batch.kind.repeat(2).to(device), batch.active.to(device)
        self.kept.append((mel.to(self.precision), kept_speech, kind, active))
        self.kept = self.kept[-KEPT:]

    def fill(self) -> None:
        try:
            while not self.stopping.is_set():
                self.add()
        except BaseException as error:
            self.failure = error

    def next(self) -> Prepared:
        if self.failure is not None:
            raise self.failure
        return self.rng.choice(self.kept)

    def close(self) -> None:
        self.stopping.set()
        self.thread.join()


def losses_of(
    features: Tensor, prepared: Prepared, heads: int, scale: Tensor
) -> tuple[list[Tensor], list[float]]:
    """Loss and accuracy of each head on the pairs of its kind."""
    _, _, kind, active = prepared
    losses, accuracies = [], []
    for head in range(heads):
        rows = kind == head
        if not rows.any():
            continue
        loss, accuracy = pair_loss(head_of(features, head, heads)[rows], active[rows], scale)
        losses.append(loss)
        accuracies.append(float(accuracy))
    return losses, accuracies


def pretrain(
    settings: Settings,
    maker: RenditionMaker,
    out: Path,
    *,
    steps: int,
    rate: float = 2e-3,
) -> list[float]:
    """Trains the audio encoder alone, writes `out` and gives the loss of every step."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    device = pick_device(settings.device, 0)
    precision = pick_precision(settings.precision, device)
    model = make_model(settings, device)
    average = copy.deepcopy(model).eval().requires_grad_(False)
    log_scale = torch.nn.Parameter(torch.tensor(FIRST_LOG_SCALE, device=device))
    trained = [p for p in model.audio.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [*trained, log_scale], lr=rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps + 1, pct_start=0.1)
    ahead = Ahead(maker, model, precision)
    begun, curve = time.monotonic(), list[float]()
    for step in range(1, steps + 1):
        prepared = ahead.next()
        bf16 = precision == torch.bfloat16
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            features = model.audio.merge(prepared[0], prepared[1]).float()
        scale = log_scale.exp().clamp(1, 50)
        losses, accuracies = losses_of(features, prepared, settings.net.heads, scale)
        loss = torch.stack(losses).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, settings.clip_norm)
        optimizer.step()
        plan.step()
        follow(average, model, min(settings.ema, (1 + step) / (10 + step)))
        curve.append(float(loss.detach()))
        if step % settings.log_every == 0:
            right = " ".join(f"{accuracy:.2f}" for accuracy in accuracies)
            seconds = time.monotonic() - begun
            told = f"step {step} {seconds:.0f} s loss {curve[-1]:.3f} accuracy {right}"
            print(told, file=sys.stderr, flush=True)
        if step % SAVE_EVERY == 0 or step == steps:
            state = {"ema": average.state_dict(), "net": asdict(settings.net), "step": step}
            partial = out.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(out)
    ahead.close()
    return curve


def main() -> None:
    parser = argparse.ArgumentParser(description="Pretrain the audio encoder.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pack")
    parser.add_argument("--start-from")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--rate", type=float, default=2e-3)
    given = parser.parse_args()
    try:
        settings = load_settings(given.config, pack=given.pack, start_from=given.start_from)
        if settings.pack is None:
            raise ValueError(f"Cannot pretrain: {given.config} must name a pack, got videos")
        pack = Pack(Path(settings.pack), ("train",), torch.device("cpu"), core=settings.core)
        freeze.check(pack.index)
        lexicon = Lexicon(given.lexicon)
    except (OSError, ValueError, freeze.FrozenError) as error:
        sys.exit(f"{parser.prog}: {error}")
    config = RenditionConfig(seconds=settings.batch.seconds)
    maker = RenditionMaker(lexicon, pack, config, settings.seed)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    pretrain(settings, maker, given.out, steps=given.steps, rate=given.rate)


if __name__ == "__main__":
    main()
