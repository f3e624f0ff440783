"""Learns where each branch of the picture encoder is right: a gate between neck and semantic branch.

    python3 -m whence_training.fuse --bank bank --count 2800 --codes codes.npz --columns columns.pt \\
      --start CHECKPOINT --trunk efficientnet-lite0-57934424.pth --out fused.pt

The audio encoder, the neck (the picture encoder of versions up to 3) and the semantic branch stay
fixed. The gate learns, patch by patch and for each head, which of both to listen to, so that the mixed
code answers a recording on the patches of its thing and nowhere else: cut-outs and drawings are what
the neck knows, photographs what ImageNet knows. The loss knows where things are (masks, boxes) and
their names; the gate sees pictures alone, so that it cannot learn words by heart. Teaching the neck
itself was tried and made it loud on photographs.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from .fused import BranchGate, FusedPicture
from .fusion_bank import GRID, Bank
from .nets import Aligner, NetConfig, PictureNet
from .semantic import Columns, fit_codes

PATCHES = GRID * GRID
SHARPNESS = 8.0
"""Scale of similarities in the contrast; a matched one is about 1."""


@dataclass(frozen=True)
class FuseSettings:
    steps: int = 600
    pictures: int = 20
    words_each: int = 2
    rate: float = 2e-3
    matching: float = 0.5
    ridge: float = 0.3
    seed: int = 0


class Library:
    """Audio codes of the training recordings by name: `sound` and `speech` halves."""

    def __init__(self, file: Path, half: int) -> None:
        stored = np.load(file)
        train = stored["split"] == "train"
        self.codes = {
            kind: stored["codes"][train & (stored["kind"] == kind)][:, place : place + half]
            for kind, place in (("sound", 0), ("speech", half))
        }
        self.names = {
            kind: [str(n) for n in stored["name"][train & (stored["kind"] == kind)]]
            for kind in self.codes
        }
        self.rows: dict[str, dict[str, list[int]]] = {}
        for kind, names in self.names.items():
            rows = self.rows.setdefault(kind, {})
            for number, name in enumerate(names):
                rows.setdefault(name, []).append(number)

    def codes_of(self, columns: Columns, ridge: float) -> NDArray[np.floating]:
        """The columns' codes for both heads, `[n, C]`."""
        parts = [
            fit_codes(self.codes[kind], self.names[kind], columns.names, ridge)
            for kind in ("sound", "speech")
        ]
        return np.concatenate(parts, 1)


@dataclass
class Asked:
    """Recordings of a batch: head, code, picture, patches of the thing, and pictures to ignore."""

    head: Tensor
    code: Tensor
    picture: Tensor
    own: Tensor  # bool [m, PATCHES]
    ignored: Tensor  # bool [m, pictures · PATCHES]


def words_of(names: list[str]) -> set[str]:
    return {word for name in names for word in name.split()}


class Batches:
    """Draws pictures of the bank and recordings of what they show."""

    def __init__(self, bank: Bank, library: Library, settings: FuseSettings) -> None:
        self.bank, self.library, self.settings = bank, library, settings
        self.things = bank.things()
        self.rng = np.random.default_rng(settings.seed)
        self.order: list[int] = []

    def pictures(self) -> list[int]:
        count = self.settings.pictures
        if len(self.order) < count:
            self.order = list(self.rng.permutation(len(self.things)))
        chosen, self.order = self.order[:count], self.order[count:]
        return chosen

    def next(self) -> tuple[list[int], Asked]:
        chosen = self.pictures()
        shown = [
            (picture, thing) for picture, row in enumerate(chosen) for thing in self.things[row]
        ]
        heads, codes, pictures, own, ignored = [], [], [], [], []
        for picture, thing in shown:
            words = words_of(thing["names"])
            alike = torch.zeros(len(chosen), PATCHES, dtype=torch.bool)
            for other, entry in shown:
                if words & words_of(entry["names"]):
                    alike[other, entry["patches"]] = True
            mine = torch.zeros(PATCHES, dtype=torch.bool)
            mine[thing["patches"]] = True
            alike[picture] &= ~mine
            for kind, head, times in (("sound", 0, 1), ("speech", 1, self.settings.words_each)):
                rows = [r for n in thing["names"] for r in self.library.rows[kind].get(n, ())]
                for _ in range(times if rows else 0):
                    row = rows[int(self.rng.integers(len(rows)))]
                    heads.append(head)
                    codes.append(torch.from_numpy(self.library.codes[kind][row]))
                    pictures.append(picture)
                    own.append(mine)
                    ignored.append(alike.flatten())
        return chosen, Asked(
            torch.tensor(heads),
            torch.stack(codes),
            torch.tensor(pictures),
            torch.stack(own),
            torch.stack(ignored),
        )


class Fusion(nn.Module):
    """Both branches' codes of the bank's pictures, mixed by the gate."""

    def __init__(self, gate: BranchGate, codes: NDArray[np.floating]) -> None:
        super().__init__()
        self.gate = gate
        self.register_buffer("codes", torch.from_numpy(codes))
        self.slope = nn.Parameter(torch.full((2,), 6.0))
        self.offset = nn.Parameter(torch.full((2,), -3.0))

    def semantic(self, value: Tensor, column: Tensor) -> Tensor:
        """Kept posteriors `[n, k, P]` → codes `[n, C, P]`."""
        kept = column.shape[1]
        flat = F.embedding_bag(
            column.permute(0, 2, 1).reshape(-1, kept),
            self.codes,
            per_sample_weights=value.permute(0, 2, 1).reshape(-1, kept),
            mode="sum",
        )
        return flat.reshape(len(value), -1, self.codes.shape[1]).permute(0, 2, 1)

    def forward(self, taps: list[Tensor], fine: Tensor, value: Tensor, column: Tensor) -> Tensor:
        with torch.no_grad():
            semantic = self.semantic(value, column).reshape(len(fine), -1, GRID, GRID)
            surest = value[:, :1].reshape(len(fine), 1, GRID, GRID)
        return self.gate(taps, surest, fine, semantic).flatten(2)


def losses(features: Tensor, asked: Asked, model: Fusion, weight: float) -> tuple[Tensor, float]:
    """Contrast over all patches of the batch and matching over its pictures; pointing accuracy."""
    count, channels, patches = features.shape
    half = channels // 2
    total = features.new_zeros(())
    hits, asked_count = 0.0, 0
    for head in (0, 1):
        rows = (asked.head == head).nonzero()[:, 0]
        if not len(rows):
            continue
        flat = features[:, head * half : (head + 1) * half].permute(1, 0, 2).reshape(half, -1)
        scores = (asked.code[rows] @ flat).masked_fill(asked.ignored[rows], -1e4)
        own = torch.zeros_like(scores, dtype=torch.bool).reshape(len(rows), count, patches)
        own[torch.arange(len(rows)), asked.picture[rows]] = asked.own[rows]
        own = own.flatten(1)
        logits = SHARPNESS * scores
        inside = logits.masked_fill(~own, -1e4).logsumexp(1) - own.sum(1).clamp_min(1).log()
        contrast = F.softplus(logits.masked_fill(own, -1e4).logsumexp(1) - inside).mean()
        peaks = scores.reshape(len(rows), count, patches).amax(2)
        best = scores.masked_fill(~own, -1e4).amax(1)
        other = peaks.scatter(1, asked.picture[rows][:, None], -1e4)
        seen = other > -1e3
        matched = F.softplus(-(model.slope[head] * best + model.offset[head])).mean()
        mismatched = F.softplus(model.slope[head] * other[seen] + model.offset[head]).mean()
        total = total + contrast + weight * (matched + 4 * mismatched)
        own_picture = scores.reshape(len(rows), count, patches)[
            torch.arange(len(rows)), asked.picture[rows]
        ]
        peak = own_picture.argmax(1)
        hits += float(asked.own[rows].gather(1, peak[:, None]).float().sum())
        asked_count += len(rows)
    return total, hits / max(1, asked_count)


@torch.no_grad()
def neck_codes(neck: PictureNet, bank: Bank, count: int) -> Tensor:
    """The neck's features of the first pictures of a bank, half precision `[n, C, 28, 28]`."""
    found = []
    for first in range(0, count, 16):
        rows = slice(first, min(first + 16, count))
        taps = [torch.from_numpy(bank.arrays[f"tap{n}"][rows].astype(np.float32)) for n in range(3)]
        found.append(neck.merge(taps).half())
    return torch.cat(found)


def fuse(
    model: Aligner, bank: Bank, library: Library, columns: Columns, settings: FuseSettings
) -> Fusion:
    """Trains the gate."""
    torch.manual_seed(settings.seed)
    fusion = Fusion(BranchGate(), library.codes_of(columns, settings.ridge))
    batches = Batches(bank, library, settings)
    fine = neck_codes(model.picture, bank, len(batches.things))
    optimizer = torch.optim.AdamW(fusion.parameters(), settings.rate, weight_decay=0.01)
    average = {name: value.clone() for name, value in fusion.state_dict().items()}
    started, shown = time.monotonic(), []
    for step in range(settings.steps):
        warm, share = min(1, (step + 1) / 50), step / settings.steps
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * warm * 0.5 * (1 + np.cos(np.pi * share))
        chosen, asked = batches.next()

        def rows(name: str, kind: type, chosen: list[int] = chosen) -> Tensor:
            return torch.from_numpy(np.asarray(bank.arrays[name][chosen]).astype(kind))

        taps = [rows(f"tap{n}", np.float32) for n in range(3)]
        value, column = rows("value", np.float32), rows("column", np.int64)
        features = fusion(taps, fine[chosen].float(), value, column)
        loss, accuracy = losses(features, asked, fusion, settings.matching)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay = min(0.99, (step + 1) / (step + 10))
        for name, current in fusion.state_dict().items():
            average[name].lerp_(current, 1 - decay)
        shown.append((float(loss), accuracy))
        if (step + 1) % 50 == 0:
            mean = np.mean(shown[-50:], 0)
            pace = (time.monotonic() - started) / (step + 1)
            scales = [round(v, 2) for v in fusion.gate.scales().flatten().tolist()]
            print(
                f"{step + 1} loss {mean[0]:.3f} pointing {mean[1]:.3f} scales {scales} {pace:.2f} s",
                flush=True,
            )
    fusion.load_state_dict(average)
    return fusion


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach the neck beside the semantic branch.")
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True, help="samples the bank was made for")
    parser.add_argument("--codes", type=Path, required=True)
    parser.add_argument("--columns", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="checkpoint with a lite0 neck")
    parser.add_argument("--trunk", type=Path, required=True, help="EfficientNet-lite0's weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=FuseSettings.steps)
    given = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(given.start, map_location="cpu")
    config = NetConfig(**state["net"])
    model = Aligner(config).eval()
    model.load_state_dict({**model.state_dict(), **state["ema"]})
    columns = Columns.load(given.columns)
    library = Library(given.codes, config.channels // config.heads)
    settings = replace(FuseSettings(), steps=given.steps)
    fusion = fuse(model, Bank(given.bank, given.count), library, columns, settings)
    save(model, columns, fusion, given.trunk, given.out)


def save(model: Aligner, columns: Columns, fusion: Fusion, trunk: Path, out: Path) -> None:
    """A checkpoint that `export` takes: neck and audio encoder, semantic branch and gate."""
    picture = FusedPicture(model.picture, columns, fusion.codes).eval()
    picture.trunk.load_published(trunk)
    picture.gate.load_state_dict(fusion.gate.state_dict())
    torch.save(
        {"net": asdict(model.config), "ema": model.state_dict(), "fused": picture.kept()}, out
    )


if __name__ == "__main__":
    main()
