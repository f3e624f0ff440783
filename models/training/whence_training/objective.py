"""The whole loss of one batch: which parts of `losses` apply to which clips, and their weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from . import losses
from .batches import KINDS
from .nets import Aligner


@dataclass(frozen=True)
class LossWeights:
    """`routed`: head k learns from sources of kind k alone; else every head from every clip."""

    routed: bool = True
    matching: float = 0.5
    off_kind: float = 0.2
    gate: float = 0.5
    separation: float = 0.1
    non_negative: float = 0.01
    silence: float = 0.01
    total_variation: float = 0.01
    specialisation: float = 0.05
    mix_up: float = 0.1
    temperature: float = 0.1
    steps_per_clip: int = 6  # active steps drawn of each clip; an unbiased estimate of their mean
    idle_steps: int = 256  # steps drawn among those where a head has nothing to ground
    volumes: int = 32  # paired volumes the pressures look at


@dataclass
class Sample:
    """Features of a batch and how its clips were made; see `batches.Batch`."""

    pictures: Tensor  # [V, C, h, w]
    audio: Tensor  # [A, C, T]
    active: Tensor  # bool [A, kinds, T]
    owner: Tensor  # int64 [A, kinds]
    clean: Tensor  # int64 [A, kinds]
    own_patches: Tensor | None = None  # float [V, P]: patches of a mix-up that are its own scene
    gate: Tensor | None = None  # [A, K, T]: logits of "something of this head's kind is heard"


def thin(active: Tensor, most: int) -> Tensor:
    """Keeps at most `most` random active steps of each clip; `bool [A, T]`."""
    noise = torch.rand(active.shape, device=active.device) + (~active)
    rank = noise.argsort(1).argsort(1)
    return active & (rank < most)


def head_of(features: Tensor, head: int, heads: int) -> Tensor:
    return losses.split_heads(features, heads)[:, head]


def objective(
    model: Aligner, sample: Sample, weights: LossWeights, pooling: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum and every part of it; `accuracy` is that of the slowest head."""
    audio = sample.audio.float() * model.config.code_scale
    pictures = sample.pictures.float()
    sample = replace(sample, pictures=pictures, audio=audio)
    if weights.routed:
        parts = routed_parts(model, sample, weights, pooling)
    else:
        parts = untold_parts(model, sample, weights, pooling)
    parts.update(pressures(model, sample, weights, routed=weights.routed))
    parts["temperature"] = losses.temperature_pressure(model.log_temperature)
    total = parts["contrast"]
    for name, part in parts.items():
        if name != "contrast" and not name.startswith("accuracy"):
            scale = getattr(weights, name)
            # Before pooling is sharp, peaks mean nothing yet and must not be pushed about.
            if name in ("matching", "off_kind"):
                scale = scale * min(1.0, pooling + 0.05)
            total = total + scale * part
    return total, parts


def blended(peaked: Tensor, pooled: Tensor, pooling: float) -> Tensor:
    return peaked if pooling >= 1 else pooling * peaked + (1 - pooling) * pooled


def routed_parts(
    model: Aligner, sample: Sample, weights: LossWeights, pooling: float
) -> dict[str, Tensor]:
    """Contrast, matching, off-kind and separation with one head for each kind of source."""
    heads = model.config.heads
    scale = losses.temperature(model.log_temperature)
    found: dict[str, list[Tensor]] = {
        name: [] for name in ("contrast", "matching", "off_kind", "separation")
    }
    accuracies: dict[str, Tensor] = {}
    for kind in range(sample.active.shape[1]):
        codes = head_of(sample.audio, kind, heads)
        patches = head_of(sample.pictures.flatten(2), kind, heads)
        active, owner = sample.active[:, kind], sample.owner[:, kind]
        thinned = thin(active, weights.steps_per_clip)
        clip, step = thinned.nonzero(as_tuple=True)
        idle_clip, idle_step = draw_idle(active, sample.active.any(1), weights.idle_steps)
        rows = codes[torch.cat([clip, idle_clip]), :, torch.cat([step, idle_step])]
        peaks = losses.peak_similarity(rows, patches, sample.own_patches)
        idle_owner = torch.full_like(idle_clip, -1)
        owners = torch.cat([owner[clip], idle_owner])
        found["matching"].append(
            losses.matching(peaks, owners, model.slope[kind], model.offset[kind])
        )
        found["off_kind"].append(losses.silence_pressure(peaks[len(clip) :]))
        valid = ((owner >= 0) & active.any(1)).nonzero()[:, 0]
        if len(valid) > 1:
            scores = losses.mean_over_clips(peaks[: len(clip)], clip, len(codes))[valid]
            if pooling < 1:
                pooled = losses.pooled_similarity(codes[valid], patches[..., None], active[valid])
                scores = blended(scores, pooled, pooling)
            loss, accuracy = losses.info_nce(scores, owner[valid], scale)
            found["contrast"].append(loss)
            accuracies[f"accuracy_{KINDS[kind]}"] = accuracy
        mixed = (sample.clean[:, kind] >= 0).nonzero()[:, 0]
        if len(mixed):
            alone = codes[sample.clean[mixed, kind]]
            # In units of the unscaled codes; summed over a head's channels it is of order one.
            unscaled = 1 / model.config.code_scale
            found["separation"].append(
                losses.separation(codes[mixed] * unscaled, alone * unscaled, active[mixed])
            )
    parts = {name: torch.stack(part).mean() for name, part in found.items() if part}
    if sample.gate is not None:
        truth = sample.active.to(sample.gate.dtype)
        parts["gate"] = F.binary_cross_entropy_with_logits(sample.gate, truth)
    # The curriculum waits for the slower head.
    parts["accuracy"] = torch.stack(list(accuracies.values())).amin()
    return {**parts, **accuracies}


def draw_idle(active: Tensor, heard: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Steps where a head has nothing to ground: half of them where another kind is heard.

    `active, heard bool [A, T]`: of the head's kind, of any kind.
    """
    parts = []
    for idle in (heard & ~active, ~heard):
        clip, step = idle.nonzero(as_tuple=True)
        chosen = torch.randperm(len(clip), device=clip.device)[: most // 2]
        parts.append((clip[chosen], step[chosen]))
    return torch.cat([clip for clip, _ in parts]), torch.cat([step for _, step in parts])


def untold_parts(
    model: Aligner, sample: Sample, weights: LossWeights, pooling: float
) -> dict[str, Tensor]:
    """Contrast without source tags: each clip's score is the maximum over all heads."""
    heads = model.config.heads
    owner = sample.owner.amax(1)
    # A mixture of two pictures' sources has no one picture; it is left out here.
    single = ((sample.owner == owner[:, None]) | (sample.owner < 0)).all(1)
    active = sample.active.any(1)
    valid = ((owner >= 0) & single & active.any(1)).nonzero()[:, 0]
    thinned = thin(active[valid], weights.steps_per_clip)
    scores = losses.clip_similarity(sample.audio[valid], sample.pictures, thinned, heads)
    if pooling < 1:
        pooled = losses.pooled_similarity(sample.audio[valid], sample.pictures, active[valid])
        scores = blended(scores, pooled, pooling)
    scale = losses.temperature(model.log_temperature)
    loss, accuracy = losses.info_nce(scores, owner[valid], scale)
    return {"contrast": loss, "accuracy": accuracy}


def pressures(
    model: Aligner, sample: Sample, weights: LossWeights, *, routed: bool
) -> dict[str, Tensor]:
    """DenseAV's regularisers, on a random part of the batch's paired volumes."""
    owner = sample.owner.amax(1)
    paired = (owner >= 0).nonzero()[:, 0]
    if not len(paired):
        return {}
    chosen = paired[torch.randperm(len(paired), device=paired.device)[: weights.volumes]]
    heads = model.config.heads
    volume = losses.similarity_volume(sample.audio[chosen], sample.pictures[owner[chosen]], heads)
    parts = {
        "non_negative": losses.non_negative_pressure(volume),
        "total_variation": losses.total_variation(volume),
    }
    if not routed:
        quiet = ~sample.active[chosen].any(1)
        parts["silence"] = losses.silence_pressure(volume.transpose(1, 2)[quiet])
        parts["specialisation"] = losses.specialisation(volume)
    if sample.own_patches is not None:
        own = sample.own_patches[owner[chosen]]
        parts["mix_up"] = losses.mix_up_pressure(volume, own)
    return parts
