"""What changes while a run goes on: difficulty, pooling, learning rate.

Training max-pooled similarities from the start stays at chance; an easy beginning decides
everything. Difficulty rises with the batch accuracy, pooling is annealed from global means to the
maximum over space.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class CurriculumConfig:
    """`pool_from`, `pool_to`: share of the run between which pooling goes from mean to max."""

    start: float = 0.0  # difficulty of the first batch
    raise_above: float = 0.45  # batch accuracy over which difficulty rises …
    lower_below: float = 0.3  # … and under which it falls …
    step: float = 0.004  # … by this much a step
    pool_from: float = 0.25
    pool_to: float = 0.45
    learning_rate: float = 2e-3
    warm_up_steps: int = 100
    final_share: float = 0.02  # of the learning rate, at the end of the cosine
    trunk_from: float = 2.0  # share of the run after which pretrained trunks train too; 2 = never
    trunk_rate: float = 0.1  # of the learning rate


class Curriculum:
    """Keeps the difficulty; everything else is a function of the run's progress 0..1."""

    def __init__(self, config: CurriculumConfig) -> None:
        self.config = config
        self.difficulty = config.start
        self.accuracy = 0.0

    def observe(self, accuracy: float) -> None:
        """Takes one batch's clip → picture accuracy."""
        self.accuracy = 0.9 * self.accuracy + 0.1 * accuracy
        if self.accuracy > self.config.raise_above:
            self.difficulty = min(1.0, self.difficulty + self.config.step)
        elif self.accuracy < self.config.lower_below:
            self.difficulty = max(self.config.start, self.difficulty - self.config.step)

    def pooling(self, progress: float) -> float:
        """0: cosine of global means; 1: max over space; a blend between."""
        first, last = self.config.pool_from, self.config.pool_to
        return min(1.0, max(0.0, (progress - first) / max(last - first, 1e-9)))

    def learning_rate(self, step: int, progress: float) -> float:
        """Linear warm-up over steps, then a cosine over the run."""
        config = self.config
        warm = min(1.0, (step + 1) / max(1, config.warm_up_steps))
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        share = config.final_share + (1 - config.final_share) * cosine
        return config.learning_rate * warm * share

    def state(self) -> dict[str, float]:
        return {"difficulty": self.difficulty, "accuracy": self.accuracy}

    def restore(self, state: dict[str, float]) -> None:
        self.difficulty, self.accuracy = state["difficulty"], state["accuracy"]
