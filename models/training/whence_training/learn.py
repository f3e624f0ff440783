"""Fits a small adapter to recordings of one place: what `whence learn` runs.

    python3 -m whence_training.learn WORK [--former ADAPTER] [--steps N] [--threads N]

`WORK/moments.json` lists moments: a picture and the steps of a sound heard with it, whose features an
existing model gave (`whence learn` writes them, in half precision, into one file a recording). The
model itself stays as it is. Learned are two linear maps of its features, both the identity at first:

- of a picture: `v + A v`, with `A [C, C]` of low rank, so that a head may use what the other one sees;
- of a sound: `a + B a` in each head's own channels.

They are written as `WORK/adapter.json`, and become two further nodes of the exported graphs. The
objective is DenseAV's: a sound belongs to its own picture rather than to another one, whose similarity
is the mean over steps of the maximum over patches. Pairs of which nothing can be said are left out:
those of one group (recordings of the same seconds), whose sounds are alike, or whose pictures are.

Of the training recordings a part decides when to stop. Held-out recordings are only measured, before
and after. Needs PyTorch and NumPy. A killed run continues from `WORK/adapter.pt`.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

RANK = 24
BATCH = 16
STEPS = 6
"""Steps of a moment that training uses; its others are much like them."""
RATE = 0.25
"""Of learning, over the root of the picture map's number of weights: how far a step moves the map."""
DECAY = 0.02
NEAR = 1.0
"""Weight of how far the adapter moves the features, relative to their length."""
SAME_SOUND, SAME_PICTURE = 0.85, 0.98
"""Cosine of two mean codes from which on two moments may be of the same thing."""
CHECK_EVERY = 20
STOPPING_SHARE = 5
"""Each how-many-th group of the training recordings decides when to stop."""
LEAST_MOMENTS = 4
PIECE = 8


@dataclass
class Moments:
    """Moments of one head: `audio [n, T, c]`, `picture [n, C, P]` (half), groups and clips."""

    head: int
    audio: Tensor
    valid: Tensor  # bool [n, T]
    picture: Tensor
    group: list[str]

    def part(self, rows: list[int]) -> Moments:
        group = [self.group[row] for row in rows]
        return Moments(self.head, self.audio[rows], self.valid[rows], self.picture[rows], group)

    def thinned(self) -> Moments:
        """With at most `STEPS` steps each, spread evenly."""
        count = self.valid.sum(1, keepdim=True)
        chosen = torch.arange(STEPS, device=count.device)[None] * count // STEPS
        rows = torch.arange(len(self))[:, None]
        return Moments(
            self.head, self.audio[rows, chosen], self.valid[rows, chosen], self.picture, self.group
        )

    def __len__(self) -> int:
        return len(self.group)


class Maps(Protocol):
    """What is done to features."""

    def picture(self, features: Tensor) -> Tensor: ...

    def sound(self, codes: Tensor, head: int) -> Tensor: ...


class Unchanged:
    """The model's own features."""

    def picture(self, features: Tensor) -> Tensor:
        return features

    def sound(self, codes: Tensor, head: int) -> Tensor:
        return codes


class Former:
    """An adapter that was learned before, from its file."""

    def __init__(self, file: Path, channels: int, heads: int, device: str) -> None:
        content = json.loads(file.read_text())
        size = channels // heads
        self.pictures = torch.tensor(content["picture"]).reshape(channels, channels).to(device)
        self.sounds = torch.tensor(content["sound"]).reshape(heads, size, size).to(device)

    def picture(self, features: Tensor) -> Tensor:
        return torch.einsum("cd,ndp->ncp", self.pictures, features)

    def sound(self, codes: Tensor, head: int) -> Tensor:
        return codes @ self.sounds[head].t()


class Adapter(nn.Module):
    """The two maps; both change nothing at first."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        size = channels // heads
        generator = torch.Generator().manual_seed(0)
        self.read = nn.Parameter(torch.randn(RANK, channels, generator=generator) / channels**0.5)
        self.write = nn.Parameter(torch.zeros(channels, RANK))
        self.sounds = nn.Parameter(torch.zeros(heads, size, size))

    def picture(self, features: Tensor) -> Tensor:
        """`[n, C, P]` → the same."""
        return features + torch.einsum("cr,rd,ndp->ncp", self.write, self.read, features)

    def sound(self, codes: Tensor, head: int) -> Tensor:
        """`[n, T, c]` → the same."""
        return codes + codes @ self.sounds[head].t()

    def matrices(self) -> tuple[Tensor, Tensor]:
        """`[C, C]` of pictures, `[K, c, c]` of sounds; the identity included."""
        channels, size = self.write.shape[0], self.sounds.shape[1]
        pictures = torch.eye(channels) + (self.write @ self.read).detach().cpu()
        return pictures, torch.eye(size) + self.sounds.detach().cpu()


def similarity(audio: Tensor, valid: Tensor, picture: Tensor) -> Tensor:
    """`audio [m, T, c]`, `picture [n, c, P]` → `[m, n]`: mean over steps, maximum over patches."""
    steps = torch.einsum("mtc,ncp->mntp", audio, picture).amax(3)
    return over_steps(steps, valid)


def over_steps(steps: Tensor, valid: Tensor) -> Tensor:
    """`[m, n, T]` → `[m, n]`: the mean of each sound's own steps."""
    weight = valid.to(steps.dtype)[:, None]
    return (steps * weight).sum(2) / weight.sum(2).clamp_min(1)


def mean_directions(moments: Moments) -> tuple[Tensor, Tensor]:
    """The directions of each moment's mean code and of its picture."""
    weight = moments.valid.to(moments.audio.dtype)[..., None]
    sound = F.normalize((moments.audio * weight).sum(1), dim=1)
    view = F.normalize(moments.picture.float().flatten(1), dim=1)
    return sound, view


def comparable(moments: Moments) -> Tensor:
    """`bool [n, n]`: whether the sound of one and the picture of another surely do not belong together."""
    sound, view = mean_directions(moments)
    other = torch.tensor([[a != b for b in moments.group] for a in moments.group])
    alike = (sound @ sound.t() >= SAME_SOUND) | (view @ view.t() >= SAME_PICTURE)
    return other & ~alike.cpu()


def head_codes(picture: Tensor, head: int, heads: int) -> Tensor:
    return picture.chunk(heads, 1)[head]


@torch.no_grad()
def activations(moments: Moments, maps: Maps, heads: int) -> Tensor:
    """`[m, n, T]`: the maximum over patches of each sound's steps with each picture."""
    sound = maps.sound(moments.audio, moments.head)
    columns = []
    for picture in moments.picture.split(PIECE):
        seen = head_codes(maps.picture(picture.float()), moments.head, heads)
        columns.append(torch.einsum("mtc,ncp->mntp", sound, seen).amax(3))
    return torch.cat(columns, 1)


def scores(moments: Moments, maps: Maps, heads: int) -> Tensor:
    """`[n, n]`: each sound with each picture."""
    return over_steps(activations(moments, maps, heads), moments.valid).cpu()


def measure(table: Tensor, pairs: Tensor) -> dict[str, float]:
    """AUC of matched against mismatched pairs, and how often a sound's own picture is the best."""
    own = table.diag()
    rows = pairs.any(1)
    if not rows.any():
        return {"n": 0}
    wins = (own[:, None] > table).double() + 0.5 * (own[:, None] == table).double()
    best = table.masked_fill(~pairs, -torch.inf).amax(1)
    return {
        "n": int(rows.sum()),
        "auc": float(wins[pairs].mean()),
        "first": float((own > best)[rows].double().mean()),
        "chance": float((1 / (1 + pairs.sum(1)[rows])).mean()),
    }


def read_moments(work: Path, index: dict[str, Any], split: str, device: str) -> list[Moments]:
    """The moments of a split, one entry a head that has any."""
    channels, heads, cells = index["channels"], len(index["heads"]), index["cells"]
    size = channels // heads
    found: list[Moments] = []
    rows = [row for row in index["moments"] if row["split"] == split]
    for head in range(heads):
        chosen = [row for row in rows if row["head"] == head]
        if not chosen:
            continue
        longest = max(row["steps"] for row in chosen)
        audio = torch.zeros(len(chosen), longest, size)
        valid = torch.zeros(len(chosen), longest, dtype=torch.bool)
        pictures = torch.zeros(len(chosen), channels, cells, dtype=torch.float16)
        for number, row in enumerate(chosen):
            stored = np.memmap(work / row["file"], np.float16, mode="r")
            steps, at = row["steps"], row["audio"]
            codes = np.asarray(stored[at : at + size * steps], np.float32).reshape(size, steps)
            audio[number, :steps] = torch.from_numpy(codes.T.copy())
            valid[number, :steps] = True
            at = row["picture"]
            seen = np.array(stored[at : at + channels * cells]).reshape(channels, cells)
            pictures[number] = torch.from_numpy(seen)
        group = [row["group"] for row in chosen]
        parts = (tensor.to(device) for tensor in (audio, valid, pictures))
        found.append(Moments(head, *parts, group))
    return found


def divided(moments: Moments) -> tuple[Moments, Moments]:
    """What is learned from, and what decides when to stop: other groups."""
    groups = sorted(set(moments.group))
    random.Random(1).shuffle(groups)
    stopping = set(groups[::STOPPING_SHARE])
    sides = [
        [row for row, group in enumerate(moments.group) if (group in stopping) == wanted]
        for wanted in (False, True)
    ]
    return moments.part(sides[0]), moments.part(sides[1])


def loss_of(adapter: Adapter, batch: Moments, pairs: Tensor, scale: float, heads: int) -> Tensor:
    """InfoNCE both ways over the comparable pairs, and how far the features moved."""
    plain = batch.picture.float()
    picture, sound = adapter.picture(plain), adapter.sound(batch.audio, batch.head)
    table = scale * similarity(sound, batch.valid, head_codes(picture, batch.head, heads))
    own = torch.eye(len(batch), dtype=torch.bool)
    logits = table.masked_fill(~(pairs | own).to(table.device), -1e4)
    truth = torch.arange(len(batch), device=table.device)
    contrast = F.cross_entropy(logits, truth) + F.cross_entropy(logits.t(), truth)
    moved = (picture - plain).square().sum() / plain.square().sum().clamp_min(1e-9)
    moved = moved + (sound - batch.audio).square().sum() / batch.audio.square().sum().clamp_min(1e-9)
    return contrast / 2 + NEAR * moved


class Learner:
    """One run; continues from `WORK/adapter.pt`."""

    def __init__(self, work: Path, steps: int, device: str) -> None:
        self.work, self.steps, self.device = work, steps, device
        self.index: dict[str, Any] = json.loads((work / "moments.json").read_text())
        self.heads = len(self.index["heads"])
        self.adapter = Adapter(self.index["channels"], self.heads).to(device)
        trained = read_moments(work, self.index, "train", device)
        sides = [divided(moments.thinned()) for moments in trained if len(moments) >= LEAST_MOMENTS]
        self.learned = [first for first, _ in sides if len(first) >= LEAST_MOMENTS]
        self.stopping = [second for _, second in sides if len(second) > 1]
        self.pairs = [comparable(moments) for moments in self.learned]
        self.rate = RATE / (RANK * self.index["channels"]) ** 0.5
        self.optimizer = torch.optim.AdamW(self.adapter.parameters(), self.rate, weight_decay=DECAY)
        self.best = {name: value.clone() for name, value in self.adapter.state_dict().items()}
        self.best_score, self.step = self.stopping_score(Unchanged()), 0
        self.scales = [self.scale(moments) for moments in self.learned]
        self.resume()

    def failure(self) -> str | None:
        """Why nothing can be learned, if so; `FAILURES` in src/learning/train_adapter.ts says it."""
        if not self.learned:
            return "too few moments"
        return None if any(pairs.any() for pairs in self.pairs) else "nothing to compare"

    def scale(self, moments: Moments) -> float:
        """Brings similarities of any model to the spread that the softmax needs."""
        rows = list(range(len(moments)))[: 2 * BATCH]
        table = scores(moments.part(rows), Unchanged(), self.heads)
        return 3.0 / max(float(table.std()), 1e-6)

    def stopping_score(self, maps: Maps) -> float | None:
        """Mean AUC of the recordings that decide when to stop; None if they cannot be compared."""
        found = []
        for moments in self.stopping:
            result = measure(scores(moments, maps, self.heads), comparable(moments))
            if result["n"]:
                found.append(result["auc"])
        return float(np.mean(found)) if found else None

    def train_step(self) -> float:
        rng = random.Random(self.step)
        for group in self.optimizer.param_groups:
            warm = min(1.0, (self.step + 1) / 10)
            group["lr"] = self.rate * warm * 0.5 * (1 + np.cos(np.pi * self.step / self.steps))
        total = torch.zeros((), device=self.device)
        for moments, pairs, scale in zip(self.learned, self.pairs, self.scales, strict=True):
            rows = rng.sample(range(len(moments)), min(BATCH, len(moments)))
            part = pairs[rows][:, rows]
            batch = moments.part(rows)
            total = total + loss_of(self.adapter, batch, part, scale, self.heads)
        self.optimizer.zero_grad()
        total.backward()
        self.optimizer.step()
        self.step += 1
        return float(total.detach())

    def run(self, tell: Any, stopped: Any) -> bool:
        """Whether all steps were made."""
        while self.step < self.steps:
            loss = self.train_step()
            if self.step % CHECK_EVERY == 0 or self.step == self.steps:
                score = self.stopping_score(self.adapter)
                if score is None or self.best_score is None or score > self.best_score:
                    self.best_score = score
                    state = self.adapter.state_dict()
                    self.best = {name: value.clone() for name, value in state.items()}
                self.save()
                tell(step=self.step, steps=self.steps, loss=round(loss, 4), stopping=score)
            if stopped():
                self.save()
                return False
        return True

    def save(self) -> None:
        state = {
            "adapter": self.adapter.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "best_score": self.best_score,
            "step": self.step,
            "key": self.key,
        }
        partial = self.work / "adapter.pt.part"
        torch.save(state, partial)
        partial.replace(self.work / "adapter.pt")

    @property
    def key(self) -> str:
        return json.dumps([self.index["key"], self.steps])

    def resume(self) -> None:
        file = self.work / "adapter.pt"
        if not file.exists():
            return
        state = torch.load(file, map_location=self.device)
        if state["key"] != self.key:
            return
        self.adapter.load_state_dict(state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best, self.best_score = state["best"], state["best_score"]
        self.step = state["step"]

    def report(self, former: Maps | None) -> list[dict[str, Any]]:
        """Of each head the figures of the held-out recordings, and activations to calibrate with."""
        self.adapter.load_state_dict(self.best)
        found = []
        for moments in read_moments(self.work, self.index, "held_out", self.device):
            pairs = comparable(moments)
            ways = {"before": Unchanged(), "former": former, "after": self.adapter}
            figures = {
                name: measure(scores(moments, maps, self.heads), pairs)
                for name, maps in ways.items()
                if maps is not None
            }
            table = activations(moments, self.adapter, self.heads)
            matched, mismatched = evidence(table, pairs, moments.valid)
            sides = {"matched": matched, "mismatched": mismatched}
            found.append({"head": moments.head, **figures, **sides})
        return found


def evidence(found: Tensor, pairs: Tensor, valid: Tensor) -> tuple[list[float], list[float]]:
    """Activations of single steps: with the sound's own picture, and with one that it does not belong to."""
    matched: list[float] = []
    mismatched: list[float] = []
    for row in range(len(found)):
        others = pairs[row].nonzero()[:, 0].tolist()
        if others:
            matched += found[row, row, valid[row]].tolist()
            mismatched += found[row, others[row % len(others)], valid[row]].tolist()
    return matched, mismatched


def write_adapter(learner: Learner, former: Maps | None) -> None:
    heads = learner.report(former)
    pictures, sounds = learner.adapter.matrices()
    content = {
        "format": "whence/adapter/1",
        "key": learner.key,
        "picture": pictures.flatten().tolist(),
        "sound": sounds.flatten().tolist(),
        "steps": learner.step,
        "heads": heads,
    }
    partial = learner.work / "adapter.json.part"
    partial.write_text(json.dumps(content))
    partial.replace(learner.work / "adapter.json")


def tell(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit an adapter to recordings.")
    parser.add_argument("work", type=Path)
    parser.add_argument("--former", type=Path, help="an earlier adapter.json, to be measured too")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    stops: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: stops.append(number))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    learner = Learner(given.work, given.steps, device)
    if (reason := learner.failure()) is not None:
        tell(failure=reason)
        return
    tell(device=device, step=learner.step, steps=given.steps)
    if not learner.run(tell, lambda: bool(stops)):
        sys.exit(130)
    size = learner.index["channels"], learner.heads
    former = None if given.former is None else Former(given.former, *size, device)
    write_adapter(learner, former)
    tell(done=learner.step)


if __name__ == "__main__":
    main()
