"""Measures a model on composed scenes: pointing, AP, IoU, false alarms, head separation, retrieval.

The definitions are the product's own (`whence evaluate scenes`): a heat map is the mean of a head's
similarity over the target's time; pointing asks whether its peak lies inside the target's mask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from .batches import KINDS
from .losses import clip_similarity, similarity_volume

FEATURE_RATE = 12.5
FIRST_FEATURE = 0.025  # seconds; the two audio branches center on 0.005 and 0.045
ALARM_SCORE = 0.6
RIGHT_WORD, WRONG_WORD = "photo_single", "photo_single_wrong"
IOU_THRESHOLDS = np.linspace(0.05, 0.95, 19)
Encoder = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
Floats = NDArray[np.floating[Any]]


@dataclass
class Target:
    """Something heard: its kind, when (s), and where `mask bool [H, W]` (the picture's size)."""

    kind: int
    onset: float
    offset: float
    mask: NDArray[np.bool_]

    def steps(self, count: int) -> Tensor:
        """The audio steps whose center falls into the target's time, one at the least."""
        centre = FIRST_FEATURE + torch.arange(count) / FEATURE_RATE
        chosen = (centre >= self.onset) & (centre <= self.offset)
        if not chosen.any():
            middle = (self.onset + self.offset) / 2
            chosen[int((centre - middle).abs().argmin())] = True
        return chosen


@dataclass
class Scene:
    """One composed scene; without targets it is a negative."""

    pool: str
    frame: Tensor  # uint8 [S, S, 3], the model's size
    waveform: Tensor  # float [samples]
    targets: list[Target]
    names: tuple[str, ...] = ()  # of what is seen
    said: tuple[str, ...] = ()  # what is heard


@dataclass
class PoolResult:
    hits: list[bool] = field(default_factory=list)
    any_hits: list[bool] = field(default_factory=list)
    precisions: list[float] = field(default_factory=list)
    overlaps: list[Floats] = field(default_factory=list)
    alarms: list[bool] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    scenes: int = 0

    def report(self) -> dict[str, Any]:
        out: dict[str, Any] = {"n": self.scenes}
        if self.hits:
            out["pointing"] = float(np.mean(self.hits))
            out["pointing_any_head"] = float(np.mean(self.any_hits))
            out["ap"] = float(np.mean(self.precisions))
            out["iou"] = float(np.mean(self.overlaps, 0).max())
        if self.alarms:
            out["false_alarm"] = float(np.mean(self.alarms))
        return out

    def pointing_of(self, kind: int) -> float:
        hits = [hit for hit, k in zip(self.hits, self.kinds, strict=True) if k == kind]
        return float(np.mean(hits)) if hits else float("nan")


def average_precision(truth: Floats, score: Floats) -> float:
    """Area under the precision-recall steps; equal scores share one step; nan without positives."""
    order = np.argsort(-score, kind="stable")
    truth, score = truth[order].astype(np.float64), score[order]
    if truth.sum() == 0:
        return float("nan")
    last = np.r_[np.nonzero(np.diff(score))[0], len(score) - 1]
    hits = np.cumsum(truth)[last]
    precision = hits / (last + 1)
    return float(np.sum(np.diff(np.r_[0, hits]) * precision) / truth.sum())


def disentanglement(words: Floats, sounds: Floats) -> tuple[float, float]:
    """(AP-dis, Act-dis) of per-clip head scores `[n, 2]`, as in the original's validation.

    Scores are scaled to 0..1 per head over both sets; each pairing of heads and kinds is tried and
    the better one counts.
    """
    both = np.concatenate([words, sounds]).astype(np.float64)
    both = both - both.min(0)
    both = both / np.maximum(both.max(0), 1e-12)
    is_word = np.r_[np.ones(len(words)), np.zeros(len(sounds))]
    ap = [
        [average_precision(is_word, both[:, k]), average_precision(1 - is_word, both[:, k])]
        for k in range(2)
    ]
    idle = [[1 - both[: len(words), k].mean(), 1 - both[len(words) :, k].mean()] for k in range(2)]

    def better(table: list[list[float]]) -> float:
        return float(max(table[0][0] + table[1][1], table[0][1] + table[1][0]) / 2)

    return better(ap), better(idle)


def recalls(similarity: Floats, ranks: Sequence[int] = (1, 5, 10)) -> dict[str, dict[str, float]]:
    """Share of pairs found among the best k: `similarity [audio, picture]`, pairs on the diagonal."""
    out = {}
    for name, table in (("a2i", similarity), ("i2a", similarity.T)):
        better = (table > np.diag(table)[:, None]).sum(1)
        out[name] = {f"r{k}": float((better < k).mean()) for k in ranks}
    return out


@torch.no_grad()
def encode(
    encoder: Encoder, scenes: Sequence[Scene], batch: int = 32
) -> list[tuple[Tensor, Tensor]]:
    """(picture features `[C, h, w]`, audio features `[C, T]`) of every scene."""
    out: list[tuple[Tensor, Tensor]] = []
    for first in range(0, len(scenes), batch):
        part = scenes[first : first + batch]
        lengths = {len(scene.waveform) for scene in part}
        frames = torch.stack([scene.frame for scene in part])
        if len(lengths) == 1:
            pictures, audio = encoder(frames, torch.stack([s.waveform for s in part]))
            out += list(zip(pictures, audio, strict=True))
        else:
            for scene in part:
                picture, sound = encoder(scene.frame[None], scene.waveform[None])
                out.append((picture[0], sound[0]))
    return out


def heat_map(volume: Tensor, steps: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Mean of `volume [T, P]` over the steps, drawn at the mask's size."""
    mean = volume[steps].mean(0).reshape(1, 1, *grid)
    return F.interpolate(mean, size=size, mode="bilinear", align_corners=False)[0, 0]


def measure(
    encoder: Encoder,
    scenes: Sequence[Scene],
    *,
    heads: int,
    calibration: Sequence[tuple[float, float]] | None = None,
    head_of_kind: Sequence[int] = (0, 1),
) -> dict[str, Any]:
    """All figures of a model on the scenes; `encoder` gives features with their scale inside.

    `calibration` holds (slope, offset) per head; without it there are no false-alarm figures.
    """
    features = encode(encoder, scenes)
    pools: dict[str, PoolResult] = defaultdict(PoolResult)
    scores: dict[int, list[Floats]] = {kind: [] for kind in range(len(KINDS))}
    by_word: dict[str, list[float]] = {RIGHT_WORD: [], WRONG_WORD: []}
    paired: dict[int, list[int]] = {kind: [] for kind in range(len(KINDS))}
    for index, (scene, (picture, audio)) in enumerate(zip(scenes, features, strict=True)):
        result = pools[scene.pool]
        result.scenes += 1
        volume = similarity_volume(audio[None], picture[None], heads)[0]
        grid = (picture.shape[1], picture.shape[2])
        if scene.pool in by_word:
            by_word[scene.pool].append(float(volume[head_of_kind[1]].max()))
        if not scene.targets:
            if calibration is not None:
                peak = volume.amax(2)
                chance = [
                    torch.sigmoid(slope * peak[k] + offset).max()
                    for k, (slope, offset) in enumerate(calibration)
                ]
                result.alarms.append(bool(torch.stack(chance).max() >= ALARM_SCORE))
            continue
        for target in scene.targets:
            steps = target.steps(audio.shape[1])
            size = (target.mask.shape[0], target.mask.shape[1])
            heat = heat_map(volume[head_of_kind[target.kind]], steps, grid, size).numpy()
            loudest = heat_map(volume.amax(0), steps, grid, size).numpy()
            result.kinds.append(target.kind)
            result.hits.append(bool(target.mask.flat[heat.argmax()]))
            result.any_hits.append(bool(target.mask.flat[loudest.argmax()]))
            truth, values = target.mask[1::4, 1::4].ravel(), heat[1::4, 1::4].ravel()
            if truth.any():
                result.precisions.append(average_precision(truth, values))
                scaled = (values - values.min()) / max(float(np.ptp(values)), 1e-6)
                overlap = [
                    ((scaled > t) & truth).sum() / max(1, ((scaled > t) | truth).sum())
                    for t in IOU_THRESHOLDS
                ]
                result.overlaps.append(np.array(overlap))
        if len(scene.targets) == 1:
            kind = scene.targets[0].kind
            steps = scene.targets[0].steps(audio.shape[1])
            scores[kind].append(volume[:, steps].amax(2).mean(1).numpy())
            paired[kind].append(index)
    report = summary(pools, scores, paired, features, scenes, heads)
    if all(by_word.values()):
        fit = None if calibration is None else calibration[head_of_kind[1]]
        report["photographs"] = told_apart(by_word[RIGHT_WORD], by_word[WRONG_WORD], fit)
    return report


def told_apart(
    right: list[float], wrong: list[float], fit: tuple[float, float] | None
) -> dict[str, float]:
    """How a clip's loudest activation tells the right word for a photograph from a wrong one.

    `auc`: the chance that a right one is louder; with a calibration the share of each that scores
    `ALARM_SCORE` or more.
    """
    r, w = np.array(right), np.array(wrong)
    above = (r[:, None] > w[None]) + 0.5 * (r[:, None] == w[None])
    found = {"auc": float(above.mean())}
    if fit is not None:
        for name, values in (("right", r), ("wrong", w)):
            chance = 1 / (1 + np.exp(-(fit[0] * values + fit[1])))
            found[name] = float((chance >= ALARM_SCORE).mean())
    return found


def summary(
    pools: dict[str, PoolResult],
    scores: dict[int, list[Floats]],
    paired: dict[int, list[int]],
    features: list[tuple[Tensor, Tensor]],
    scenes: Sequence[Scene],
    heads: int,
) -> dict[str, Any]:
    out: dict[str, Any] = {"pools": {name: pool.report() for name, pool in pools.items()}}
    for name, pool in pools.items():
        if len(set(pool.kinds)) > 1:
            out["mixture"] = {kind: pool.pointing_of(k) for k, kind in enumerate(KINDS)} | {
                "pool": name
            }
    if heads == 2 and all(len(part) > 1 for part in scores.values()):
        words, sounds = np.stack(scores[1]), np.stack(scores[0])
        out["ap_dis"], out["act_dis"] = disentanglement(words, sounds)
    for kind, rows in paired.items():
        if len(rows) >= 10:
            chosen = rows[:100]
            out.setdefault("retrieval", {})[KINDS[kind]] = retrieve(
                [features[i] for i in chosen], [scenes[i] for i in chosen], heads
            )
    return out


def retrieve(
    features: list[tuple[Tensor, Tensor]], scenes: Sequence[Scene], heads: int
) -> dict[str, dict[str, float]]:
    """Retrieval among the scenes given, by the maximum over space and heads, mean over time."""
    pictures = torch.stack([picture for picture, _ in features])
    longest = max(audio.shape[1] for _, audio in features)
    audio = torch.stack([F.pad(audio, (0, longest - audio.shape[1])) for _, audio in features])
    active = torch.stack(
        [
            F.pad(scene.targets[0].steps(a.shape[1]), (0, longest - a.shape[1]))
            for scene, (_, a) in zip(scenes, features, strict=True)
        ]
    )
    return recalls(clip_similarity(audio, pictures, active, heads).numpy())


def activations(audio: Tensor, picture: Tensor, heads: int) -> Tensor:
    """`a[k, t] = max over space of s[k, t]` for one pair → `[K, T]`."""
    return similarity_volume(audio[None], picture[None], heads)[0].amax(2)


__all__ = [
    "Scene",
    "Target",
    "activations",
    "average_precision",
    "disentanglement",
    "measure",
    "recalls",
]
