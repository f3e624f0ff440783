"""Trains a model: `python -m whence_training.train CONFIG.yaml [--out DIR] [--minutes N] …`.

On several processes or machines: `torchrun --nproc-per-node 2 -m whence_training.train …`; every
process contrasts its own batches and gradients are averaged.
"""

from __future__ import annotations

import argparse
import copy
import os
import random
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed

from . import freeze
from .bank import Bank, Prepared, Source
from .batches import BatchMaker, Pack
from .curriculum import Curriculum
from .journal import Journal
from .nets import Aligner
from .objective import Sample, objective
from .settings import Settings, load_settings


class Processes:
    """This process among those that `torchrun` started; alone without it."""

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.local = int(os.environ.get("LOCAL_RANK", "0"))
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")

    def average(self, tensors: list[Tensor]) -> None:
        """Replaces every tensor by its mean over the processes."""
        if self.count == 1:
            return
        flat = torch.cat([t.reshape(-1) for t in tensors])
        distributed.all_reduce(flat)
        flat /= self.count
        offset = 0
        for tensor in tensors:
            tensor.copy_(flat[offset : offset + tensor.numel()].reshape(tensor.shape))
            offset += tensor.numel()

    def agree(self, value: float) -> float:
        """The largest value of any process, so that all take the same branch."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], device="cuda" if torch.cuda.is_available() else "cpu")
        distributed.all_reduce(shared, distributed.ReduceOp.MAX)
        return float(shared)

    def close(self) -> None:
        if self.count > 1:
            distributed.destroy_process_group()


class Trainer:
    """One run, from its last checkpoint if there is one."""

    def __init__(self, settings: Settings, source: Source | None = None) -> None:
        self.settings = settings
        self.processes = Processes()
        torch.set_num_threads(settings.threads)
        self.device = pick_device(settings.device, self.processes.local)
        self.precision = pick_precision(settings.precision, self.device)
        self.out = Path(settings.out)
        self.out.mkdir(parents=True, exist_ok=True)
        seed = settings.seed + 1000 * self.processes.rank
        torch.manual_seed(settings.seed)
        self.model = make_model(settings, self.device)
        self.ema = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = self.make_optimizer()
        self.curriculum = Curriculum(settings.curriculum)
        self.source = source or make_source(settings, seed, self.device)
        self.step, self.elapsed, self.stopping = 0, 0.0, False
        torch.manual_seed(seed)
        self.resume()
        self.bank = Bank(
            self.source,
            self.model,
            self.precision,
            size=settings.bank,
            replay=settings.replay,
            seed=seed,
            background=settings.background,
        )

    def make_optimizer(self) -> torch.optim.AdamW:
        model, settings = self.model, self.settings
        trunk = list(model.picture.trunk.parameters()) if model.picture.pretrained else []
        fixed = {id(p) for part in model.frozen_parts() for p in part.parameters()}
        audio = [p for p in model.audio.parameters() if id(p) not in fixed]
        known = fixed | {id(p) for p in [*trunk, *audio]}
        rest = [p for p in model.parameters() if id(p) not in known]
        groups = [{"params": rest, "share": 1.0}, {"params": audio, "share": settings.audio_rate}]
        if trunk:
            groups.append({"params": trunk, "share": settings.curriculum.trunk_rate})
        decay = settings.weight_decay
        return torch.optim.AdamW(groups, lr=1e-3, weight_decay=decay, betas=(0.9, 0.98))

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0..1."""
        if self.settings.steps is not None:
            return self.step / self.settings.steps
        assert self.settings.minutes is not None
        return self.elapsed / (60 * self.settings.minutes)

    def features(self, prepared: Prepared) -> Sample:
        model, batch = self.model, prepared.batch
        bf16 = self.precision == torch.bfloat16
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            taps = prepared.taps
            if taps is None:
                taps = model.picture.taps(prepared.frames)
            pictures = model.picture.merge(taps)
            audio, gate = model.audio.gated(prepared.mel, prepared.speech)
        patches = batch.own_patches
        own = patches.to(self.device) if patches is not None else None
        return Sample(pictures, audio, batch.active, batch.owner, batch.clean, own, gate.float())

    def thaw(self, progress: float) -> None:
        """Lets the picture trunk train, its normalization still fixed, once the run is far enough."""
        if progress >= self.settings.curriculum.trunk_from and self.bank.frozen:
            self.model.picture.trunk.requires_grad_(True)
            self.bank.thaw()

    def train_step(self) -> dict[str, float]:
        """One optimizer step; the parts of its loss."""
        progress = self.processes.agree(self.progress)
        self.thaw(progress)
        rate = self.curriculum.learning_rate(self.step, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.source.difficulty = self.curriculum.difficulty
        prepared = self.bank.next()
        sample = self.features(prepared)
        pooling = self.curriculum.pooling(progress)
        loss, parts = objective(self.model, sample, self.settings.loss, pooling)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.processes.average([p.grad for p in parameters if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(parameters, self.settings.clip_norm)
        self.optimizer.step()
        self.step += 1
        follow(self.ema, self.model, min(self.settings.ema, (1 + self.step) / (10 + self.step)))
        values = {name: float(part.detach()) for name, part in parts.items()}
        # A batch seen before is partly learnt by heart and says little about difficulty.
        if self.processes.agree(float(prepared.uses == 1)):
            self.curriculum.observe(self.processes.agree(values["accuracy"]))
        return {
            "loss": float(loss.detach()),
            **values,
            "difficulty": self.curriculum.difficulty,
            "pooling": pooling,
            "rate": rate,
            "scale": float(self.model.log_temperature.detach().exp()),
            "fresh": self.bank.fresh_share,
            "fresh_accuracy": self.curriculum.accuracy,
        }

    def run(self) -> None:
        """Trains to the end of the run, writing curves and checkpoints."""
        first = self.processes.rank == 0
        journal = Journal(self.out, self.settings, quiet=not first)
        saved = time.monotonic()
        stopped = signal.signal(signal.SIGTERM, self.stop) if first else None
        try:
            while self.processes.agree(1.0 if self.stopping else self.progress) < 1:
                begun = time.monotonic()
                values = self.train_step()
                now = time.monotonic()
                self.elapsed += now - begun
                journal.record(self.step, self.elapsed, self.progress, values)
                if first and now - saved > self.settings.checkpoint_seconds:
                    self.save()
                    saved = now
            if first:
                self.save()
        finally:
            if stopped is not None:
                signal.signal(signal.SIGTERM, stopped)
            self.bank.close()
            journal.close()
            self.processes.close()

    def stop(self, *_: object) -> None:
        """Ends the run after the step at hand; its checkpoint is written."""
        self.stopping = True

    @property
    def checkpoint(self) -> Path:
        return self.out / "checkpoint.pt"

    def save(self) -> None:
        """Writes the checkpoint in one move: a kill leaves the old one or the new one."""
        state: dict[str, Any] = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "curriculum": self.curriculum.state(),
            "source": self.source.state() if isinstance(self.source, BatchMaker) else None,
            "step": self.step,
            "elapsed": self.elapsed,
            "random": torch.get_rng_state(),
            "net": asdict(self.settings.net),
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def resume(self) -> None:
        if not self.checkpoint.exists():
            return
        state = load_checkpoint(self.checkpoint)
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.curriculum.restore(state["curriculum"])
        if self.processes.rank == 0:
            torch.set_rng_state(state["random"])
            if isinstance(self.source, BatchMaker) and state["source"] is not None:
                self.source.restore(state["source"])
        self.step, self.elapsed = state["step"], state["elapsed"]


def make_model(settings: Settings, device: torch.device) -> Aligner:
    """The configuration's model, ready to train: pretrained parts loaded and kept fixed."""
    model = Aligner(settings.net)
    model.load_trunks(
        Path(settings.picture_trunk) if settings.picture_trunk else None,
        Path(settings.speech_trunk) if settings.speech_trunk else None,
    )
    if settings.start_from:
        start_from(model, Path(settings.start_from))
    model.to(device, memory_format=torch.channels_last).train()
    for part in model.frozen_parts():
        part.eval().requires_grad_(False)
    return model


@torch.no_grad()
def follow(average: Aligner, model: Aligner, decay: float) -> None:
    """Moves the averaged weights a little towards the trained ones."""
    ours = model.state_dict()
    for name, kept in average.state_dict().items():
        if kept.is_floating_point():
            kept.lerp_(ours[name], 1 - decay)
        else:
            kept.copy_(ours[name])


def start_from(model: Aligner, path: Path) -> None:
    """Takes the averaged weights of another run wherever name and shape agree."""
    ours, theirs = model.state_dict(), load_checkpoint(path)["ema"]
    fitting = {n: t for n, t in theirs.items() if n in ours and t.shape == ours[n].shape}
    missing = sorted(set(ours) - set(fitting))
    if missing:
        print(f"{len(missing)} of {len(ours)} tensors start afresh, {missing[0]} the first")
    model.load_state_dict({**ours, **fitting})


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint of ours (it holds Python random states: only load what you trust)."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    except TypeError:  # torch 1.12 and older know no such argument
        state = torch.load(path, map_location="cpu")
    return state


def pick_device(wanted: str, local: int) -> torch.device:
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda":
        torch.cuda.set_device(local)
        return torch.device("cuda", local)
    return torch.device(wanted)


def pick_precision(wanted: str, device: torch.device) -> torch.dtype:
    """`auto` is bf16 on CUDA and float32 on a CPU, of which few have fast bf16."""
    if wanted == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if wanted == "bf16" else torch.float32


def make_source(settings: Settings, seed: int, device: torch.device) -> Source:
    """The pack, checked against the frozen test set, or a folder of videos."""
    random.seed(seed)
    if settings.videos is not None:
        from .videos import VideoBatches

        return VideoBatches(Path(settings.videos), settings.batch, seed)
    assert settings.pack is not None
    pack = Pack(Path(settings.pack), ("train",), device, core=settings.core)
    freeze.check(pack.index)
    return BatchMaker(pack, settings.batch, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a model of dense audio-visual features.")
    parser.add_argument("config", type=Path)
    for name in ("pack", "videos", "out", "device", "precision", "start-from"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seed", type=int)
    arguments = {k.replace("-", "_"): v for k, v in vars(parser.parse_args()).items()}
    try:
        trainer = Trainer(load_settings(arguments.pop("config"), **arguments))
    except (OSError, ValueError, freeze.FrozenError) as error:
        sys.exit(f"{parser.prog}: {error}")
    trainer.run()


if __name__ == "__main__":
    main()
