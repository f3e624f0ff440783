"""Prepared batches: everything that frozen parts compute is computed once and used several times."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .batches import Batch
from .nets import Aligner

PIECE = 16  # clips


class Source(Protocol):
    """What makes batches: from the pack or from videos."""

    difficulty: float

    def next(self) -> Batch: ...


@dataclass
class Prepared:
    """A batch after the frozen parts. `taps` is None while the picture trunk trains."""

    frames: Tensor
    taps: list[Tensor] | None
    mel: Tensor
    speech: Tensor | None
    batch: Batch
    uses: int = 0


@torch.no_grad()
def audio_inputs(model: Aligner, waveform: Tensor) -> tuple[Tensor, Tensor | None]:
    """What the audio encoder's frozen parts make of `waveform [n, samples]`.

    A few clips at a time: on a CPU the speech trunk's wide first layers then stay in the cache,
    which is two to three times as fast as all at once.
    """
    mel, speech = zip(*map(model.audio.inputs, waveform.split(PIECE)), strict=True)
    return torch.cat(mel), None if speech[0] is None else torch.cat(speech)


@torch.no_grad()
def prepare(model: Aligner, batch: Batch, precision: torch.dtype, *, frozen: bool) -> Prepared:
    device = next(model.parameters()).device
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
        frames = batch.frames.to(device)
        keep = frozen and model.picture.pretrained
        taps = [tap.to(precision) for tap in model.picture.taps(frames)] if keep else None
        mel, speech = audio_inputs(model, batch.waveform.to(device))
    light = Batch(
        frames if taps is None else frames[:0],
        batch.waveform[:0],
        batch.active.to(device),
        batch.owner.to(device),
        batch.clean.to(device),
        batch.target,
        batch.visible[:0],
        batch.own_patches,
    )
    return Prepared(
        light.frames,
        taps,
        mel.to(precision),
        None if speech is None else speech.to(precision),
        light,
    )


class Bank:
    """Hands out prepared batches; a new one enters for every `replay` that leave.

    With `background` a thread prepares beside the trainer, at most that often, and the trainer never
    waits: where the thread is too slow batches are replayed more (`fresh_share` tells).
    """

    def __init__(
        self,
        source: Source,
        model: Aligner,
        precision: torch.dtype,
        *,
        size: int,
        replay: int,
        seed: int,
        background: bool = False,
    ) -> None:
        self.source, self.model, self.precision = source, model, precision
        self.size = max(1, size if replay > 1 or background else 1)
        self.replay = replay
        self.rng = random.Random(seed)
        self.kept: list[Prepared] = []
        self.made = self.given = 0
        self.frozen = True
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self.thread: threading.Thread | None = None
        if background:
            self.thread = threading.Thread(target=self.fill, daemon=True)

    @property
    def fresh_share(self) -> float:
        return self.made / max(1, self.given)

    def add(self) -> None:
        frozen = self.frozen
        prepared = prepare(self.model, self.source.next(), self.precision, frozen=frozen)
        with self.lock:
            if frozen == self.frozen:
                self.kept.append(prepared)
                self.made += 1
                if len(self.kept) > self.size:
                    self.kept.pop(0)

    def fill(self) -> None:
        try:
            while not self.stopping.is_set():
                if self.made * self.replay > self.given + self.size:
                    self.stopping.wait(0.02)
                else:
                    self.add()
        except BaseException as error:
            self.failure = error

    def thaw(self) -> None:
        """From now on the picture trunk trains: taps made by its old weights are dropped."""
        with self.lock:
            self.frozen = False
            self.kept.clear()

    def next(self) -> Prepared:
        if self.failure is not None:
            raise self.failure
        if self.thread is not None and not self.thread.is_alive() and self.made == 0:
            self.add()
            self.thread.start()
        elif self.thread is None and (not self.kept or self.given >= self.made * self.replay):
            self.add()
        with self.lock:
            newest = self.thread is None and self.replay <= 1
            empty = not self.kept
            if not empty:
                self.given += 1
                chosen = self.kept[-1] if newest else self.rng.choice(self.kept)
                chosen.uses += 1
                return chosen
        self.add()
        return self.next()

    def close(self) -> None:
        self.stopping.set()
        if self.thread is not None and self.thread.is_alive():
            self.thread.join()
