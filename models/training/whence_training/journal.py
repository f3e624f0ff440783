"""What a run tells while it goes on: a progress line, `curves.csv`, TensorBoard where installed."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from .settings import Settings


class Journal:
    """Averages the values of `log_every` steps and writes one row for them."""

    def __init__(self, out: Path, settings: Settings, *, quiet: bool) -> None:
        self.quiet, self.every = quiet, settings.log_every
        self.sums: dict[str, float] = defaultdict(float)
        self.counts: dict[str, int] = defaultdict(int)
        self.path = out / "curves.csv"
        self.board: Any = None
        if not quiet:
            try:
                from torch.utils.tensorboard import SummaryWriter

                self.board = SummaryWriter(str(out / "tensorboard"))
            except ImportError:
                self.board = None

    def record(self, step: int, elapsed: float, progress: float, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.sums[name] += value
            self.counts[name] += 1
        if self.quiet or (step % self.every and progress < 1):
            return
        means = {name: self.sums[name] / self.counts[name] for name in self.sums}
        self.sums.clear()
        self.counts.clear()
        self.write({"step": step, "elapsed": round(elapsed, 2), **means})
        if self.board is not None:
            for name, value in means.items():
                self.board.add_scalar(name, value, step)
        self.show(step, elapsed, progress, means)

    def write(self, row: dict[str, float]) -> None:
        """One row. Parts of a loss may first appear later: the file then gains their columns."""
        rows: list[dict[str, str]] = []
        names: list[str] = []
        if self.path.exists():
            with self.path.open(newline="") as file:
                reader = csv.DictReader(file)
                names = list(reader.fieldnames or [])
                if not set(row) <= set(names):
                    rows = list(reader)
        added = [name for name in row if name not in names]
        with self.path.open("w" if added else "a", newline="") as file:
            writer = csv.DictWriter(file, names + added)
            if added:
                writer.writeheader()
                writer.writerows(rows)
            writer.writerow(row)

    def show(self, step: int, elapsed: float, progress: float, means: dict[str, float]) -> None:
        done = min(20, int(20 * progress))
        bar = "█" * done + "·" * (20 - done)
        told = " ".join(f"{name} {value:.3g}" for name, value in means.items())
        end = "\r" if sys.stderr.isatty() else "\n"
        line = f"{bar} {100 * progress:5.1f} % step {step} {elapsed:.0f} s {told}"
        print(line, end=end, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.board is not None:
            self.board.close()
