"""Tunes the audio encoder alone, so that a name has one code, whatever the voice and other sounds.

    python3 -m whence_training.tune_audio CONFIG --start-from v3.pt --pack PACK --store natural \\
        --lexicon lexicon --out runs/audio4

The codes stay where the picture encoder learned to look for them: every name has an *anchor*,
the mean code that the encoder begun from gives it. Names are told apart by a cosine
softmax over all anchors, which may move a little; dictionary words are told apart in pairs. The
speech head trains a path of its own, a copy of the shared one, which stays as it is for the sound
head; of that head the gate learns alone. Normalizations that the first encoder has stay fixed.
"""

from __future__ import annotations

import argparse
import copy
import random
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import freeze
from .bank import PIECE, audio_inputs
from .batches import SPEECH, Pack
from .hearings import (
    HearingConfig,
    HearingMaker,
    Hearings,
    Lexicon,
    Recordings,
    Row,
    Vocabulary,
    vocabulary,
)
from .nets import Aligner, AudioNet, NetConfig, TimeBlock
from .objective import head_of, thin
from .settings import Settings, load_settings
from .train import follow, load_checkpoint, pick_device, pick_precision
from .word_identity import codes, mean_codes, references
from .word_store import read_rows

HEADS = 2
ANCHOR_RECORDINGS = 4
STEPS_PER_CLIP = 6
FIRST_LOG_SCALE = 3.0
HEAD_START = 60  # more steps than batches made pay for, at first
SAVE_SECONDS = 60


@dataclass(frozen=True)
class TuneConfig:
    """Weights of the parts of the loss; `kept` batches are handed out `replay` times on average."""

    step: float = 0.3  # naming by single steps, beside naming by a clip's mean
    pairs: float = 0.3
    place: float = 0.3  # a name's code near its anchor, in length too
    gate: float = 0.5
    quiet: float = 0.5  # codes where nothing of the kind is heard
    anchor: float = 20.0  # anchors stay near where they were
    kept: int = 300
    replay: int = 3
    rate: float = 5e-4
    trunk_share: float = 0.3  # of the rate, for the speech embedding's late layers


class Anchors(nn.Module):
    """A code for each name, and where it was at first."""

    def __init__(self, names: Tensor) -> None:
        super().__init__()
        self.names = nn.Parameter(names.clone())
        self.register_buffer("first", names)
        self.log_scale = nn.Parameter(torch.tensor(FIRST_LOG_SCALE))

    def moved(self) -> Tensor:
        return (1 - F.cosine_similarity(self.names, self.first, dim=1)).mean()


def first_anchors(audio: AudioNet, names: Vocabulary) -> Tensor:
    """What the encoder gives each name now: a direction, times the codes' usual length."""
    labels, chosen = references(names, ANCHOR_RECORDINGS)
    spoken = codes(audio, chosen)
    means = mean_codes(spoken, torch.tensor(labels), len(names.names))
    return F.normalize(means, dim=1) * float(spoken.norm(dim=1).median())


@dataclass
class Prepared:
    """A batch after everything that is fixed; see `Hearings`."""

    mel: Tensor
    early: Tensor
    shared: Tensor  # the path that does not train
    heard: Hearings


class Ahead:
    """Prepares batches in a thread beside training; each is handed out a few times at random."""

    def __init__(self, maker: HearingMaker, model: Aligner, config: TuneConfig, bf16: bool) -> None:
        self.maker, self.model, self.bf16 = maker, model, bf16
        self.config, self.rng = config, random.Random(0)
        self.kept: list[Prepared] = []
        self.made = self.given = 0
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self.add()
        self.thread = threading.Thread(target=self.fill, daemon=True)
        self.thread.start()

    @torch.no_grad()
    def add(self) -> None:
        heard = self.maker.next()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            mel, early = audio_inputs(self.model, heard.waveform)
            assert early is not None
            shared = torch.cat(
                [
                    self.model.audio.shared(*part)
                    for part in zip(mel.split(PIECE), early.split(PIECE), strict=True)
                ]
            )
        kind = torch.bfloat16 if self.bf16 else torch.float32
        heard.waveform = heard.waveform[:0]
        self.kept.append(Prepared(mel.to(kind), early.to(kind), shared.to(kind), heard))
        self.kept = self.kept[-self.config.kept :]
        self.made += 1

    def fill(self) -> None:
        try:
            while not self.stopping.is_set():
                if self.made * self.config.replay > self.given + HEAD_START:
                    self.stopping.wait(0.05)
                else:
                    self.add()
        except BaseException as error:
            self.failure = error

    def next(self) -> Prepared:
        if self.failure is not None:
            raise self.failure
        self.given += 1
        return self.rng.choice(self.kept)

    def close(self) -> None:
        self.stopping.set()
        self.thread.join()


def named(found: Tensor, classes: Tensor, truth: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine softmax over the classes → (loss, accuracy)."""
    logits = scale * F.normalize(found, dim=1) @ F.normalize(classes, dim=1).t()
    return F.cross_entropy(logits, truth), (logits.argmax(1) == truth).float().mean()


def over_steps(codes: Tensor, active: Tensor) -> Tensor:
    """Mean code of each clip's active steps."""
    weight = active.to(codes.dtype)[:, None]
    return (codes * weight).sum(2) / weight.sum(2).clamp_min(1)


def paired(codes: Tensor, active: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE between the first and the second half of the clips, both ways."""
    first, second = F.normalize(over_steps(codes, active), dim=1).chunk(2)
    logits = scale * first @ second.t()
    own = torch.arange(len(logits))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.t(), own)) / 2


def losses(
    features: Tensor, gate: Tensor, given: Prepared, anchors: Anchors, config: TuneConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum and its parts; `right` is the share of clips that name the right text."""
    heard = given.heard
    speech = head_of(features, SPEECH, HEADS)
    scale = anchors.log_scale.exp().clamp(1, 60)
    thinned = thin(heard.active[:, SPEECH], STEPS_PER_CLIP)
    parts: dict[str, Tensor] = {}
    rows = ((heard.name >= 0) & thinned.any(1)).nonzero()[:, 0]
    truth = heard.name[rows]
    mean = over_steps(speech[rows], thinned[rows])
    parts["name"], parts["right"] = named(mean, anchors.names, truth, scale)
    clip, step = thin(heard.active[rows, SPEECH], 1).nonzero(as_tuple=True)
    single = speech[rows[clip], :, step]
    parts["step"], _ = named(single, anchors.names, truth[clip], scale * 0.7)
    parts["place"] = (mean - anchors.names[truth].detach()).square().mean()
    spoken = (heard.text >= 0).nonzero()[:, 0]
    parts["pairs"] = paired(speech[spoken], thinned[spoken], scale)
    sure = ~heard.unsure
    gates = F.binary_cross_entropy_with_logits(gate, heard.active.to(gate.dtype), reduction="none")
    parts["gate"] = (gates * sure).sum() / sure.sum()
    idle = (~heard.active & sure)[:, SPEECH, None].to(features.dtype)
    parts["quiet"] = (speech.square() * idle).sum() / (idle.sum() * speech.shape[1]).clamp_min(1)
    parts["anchor"] = anchors.moved()
    total = parts["name"]
    for name, part in parts.items():
        if name not in ("name", "right"):
            total = total + getattr(config, name) * part
    return total, parts


def begun_from(path: Path, net: NetConfig) -> Aligner:
    """A model of these sizes with another run's weights; new time blocks change nothing yet."""
    state = load_checkpoint(path)
    model = Aligner(net)
    ours, theirs = model.state_dict(), state["ema"]
    model.load_state_dict({**ours, **{n: t for n, t in theirs.items() if n in ours}})
    if not any(name.startswith("audio.own") for name in theirs):
        for block in model.audio.own.modules():
            if isinstance(block, TimeBlock):
                nn.init.zeros_(block.narrow.weight)
                nn.init.zeros_(cast(Tensor, block.narrow.bias))
    if model.audio.word is None:
        raise ValueError("Cannot tune: net.word_path must be true")
    if not any(name.startswith("audio.word") for name in theirs):
        model.audio.word.begin_as(model.audio)
    return model


def trained_parts(audio: AudioNet) -> list[nn.Module]:
    """All but the path that the sound head keeps."""
    assert audio.word is not None
    return [audio.word, audio.own, audio.code, audio.gate]


def fix_norms(audio: AudioNet) -> None:
    """Puts the normalizations that came with the weights into evaluation mode; new blocks' learn."""
    fresh = set(audio.own.modules())
    for module in audio.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module not in fresh:
            module.eval()


class Tuner:
    """One run; goes on from `OUT/checkpoint.pt`."""

    def __init__(
        self,
        settings: Settings,
        config: TuneConfig,
        maker: HearingMaker,
        start: Path,
        out: Path,
        steps: int,
    ) -> None:
        torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        out.mkdir(parents=True, exist_ok=True)
        self.settings, self.config, self.out, self.steps = settings, config, out, steps
        device = pick_device("cpu", 0)
        self.bf16 = pick_precision(settings.precision, device) == torch.bfloat16
        self.model = begun_from(start, settings.net)
        self.anchors = self.load_anchors(maker)
        code = self.model.audio.code[0]
        self.first_code = code.weight.detach().clone(), code.bias.detach().clone()
        self.model.requires_grad_(False)
        for part in trained_parts(self.model.audio):
            part.requires_grad_(True)
        self.model.audio.train()
        fix_norms(self.model.audio)
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = self.make_optimizer()
        self.step = 0
        self.resume()
        self.ahead = Ahead(maker, self.model, config, self.bf16)

    def load_anchors(self, maker: HearingMaker) -> Anchors:
        file = self.out / "anchors.pt"
        if not file.exists():
            found = first_anchors(self.model.audio.eval(), maker.names)
            torch.save((found, maker.names.names), file)
        names, texts = torch.load(file)
        if texts != maker.names.names:
            raise ValueError(f"Cannot tune: {file} must be of the same names; delete it to begin")
        return Anchors(names)

    def make_optimizer(self) -> torch.optim.AdamW:
        audio = self.model.audio
        assert audio.word is not None
        late = list(audio.word.late.parameters())
        known = {id(p) for p in late}
        rest = [p for p in audio.parameters() if p.requires_grad and id(p) not in known]
        decay, share = self.settings.weight_decay, self.config.trunk_share
        moving = [self.anchors.names, self.anchors.log_scale]
        groups: list[dict[str, Any]] = [
            {"params": rest, "share": 1.0, "weight_decay": decay},
            {"params": moving, "share": 3.0, "weight_decay": 0.0},
            {"params": late, "share": share, "weight_decay": 0.0},
        ]
        self.trained = [p for group in groups for p in group["params"]]
        return torch.optim.AdamW(groups, lr=self.config.rate, betas=(0.9, 0.98))

    @torch.no_grad()
    def keep_sounds(self) -> None:
        """The sound head's half of the last layer stays as it was."""
        layer = self.model.audio.code[0]
        half = layer.out_channels // HEADS
        layer.weight[:half] = self.first_code[0][:half]
        layer.bias[:half] = self.first_code[1][:half]

    def rate(self) -> float:
        """Up over 30 steps, then down along a cosine to a thirtieth."""
        done = min(1.0, self.step / self.steps)
        cosine = 0.5 + 0.5 * float(torch.cos(torch.tensor(done * torch.pi)))
        return self.config.rate * min(1.0, (self.step + 1) / 30) * (1 / 30 + 29 / 30 * cosine)

    def train_step(self) -> dict[str, float]:
        given = self.ahead.next()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate() * group["share"]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            audio = self.model.audio
            features, gate = audio.read([given.shared, audio.words(given.mel, given.early)])
        total, parts = losses(features.float(), gate.float(), given, self.anchors, self.config)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.trained, self.settings.clip_norm)
        self.optimizer.step()
        self.keep_sounds()
        self.step += 1
        follow(self.average, self.model, min(0.995, (1 + self.step) / (10 + self.step)))
        return {name: float(part.detach()) for name, part in parts.items()}

    def run(self, minutes: float) -> None:
        begun = saved = time.monotonic()
        try:
            while self.step < self.steps and time.monotonic() - begun < 60 * minutes:
                values = self.train_step()
                if self.step % self.settings.log_every == 0:
                    told = " ".join(f"{name} {value:.3f}" for name, value in values.items())
                    made = f"{self.ahead.made} made"
                    seconds = time.monotonic() - begun
                    print(
                        f"step {self.step} {seconds:.0f} s {made} {told}",
                        file=sys.stderr,
                        flush=True,
                    )
                if time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
        finally:
            self.ahead.close()
        self.save()

    @property
    def checkpoint(self) -> Path:
        return self.out / "checkpoint.pt"

    def save(self) -> None:
        state = {
            "ema": self.average.state_dict(),
            "model": self.model.state_dict(),
            "anchors": self.anchors.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
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
        self.average.load_state_dict(state["ema"])
        self.anchors.load_state_dict(state["anchors"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def make_maker(
    pack: Path,
    stores: list[Path],
    lexicon: Path | None,
    music: Path,
    config: HearingConfig,
    seed: int,
    split: str = "train",
) -> HearingMaker:
    """Recordings of one split alone, checked against what is frozen."""
    packed = Pack(pack, (split,), torch.device("cpu"), core=True)
    freeze.check(packed.index)
    stored: list[Row] = [row for store in stores for row in read_rows(store)]
    freeze.check({"words": [{**row, "source": row["engine"]} for row in stored]})
    names = vocabulary(pack, stores, (split,))
    played = Recordings(music / "audio.i16", read_rows(music))
    words = Lexicon(lexicon) if lexicon is not None else None
    return HearingMaker(names, words, packed, played, config, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tune the audio encoder.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--start-from", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--store", type=Path, action="append", default=[], help="word stores")
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    given = parser.parse_args()
    try:
        settings = load_settings(given.config, pack=str(given.pack))
        maker = make_maker(
            given.pack, given.store, given.lexicon, given.music, HearingConfig(), settings.seed
        )
        tuner = Tuner(settings, TuneConfig(), maker, given.start_from, given.out, given.steps)
    except (OSError, ValueError, freeze.FrozenError) as error:
        sys.exit(f"{parser.prog}: {error}")
    tuner.run(given.minutes)


if __name__ == "__main__":
    main()
