"""DenseAV's objective (arXiv 2406.05629, section 3) and what this recipe adds to it.

Shapes: A clips, V pictures, K heads, T audio steps, P = h · w patches, c = C / K. Similarities are
dot products of codes; callers scale the audio features beforehand (`NetConfig.code_scale`).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

TEMPERATURE_RANGE = (0.01, 100.0)


def split_heads(features: Tensor, heads: int) -> Tensor:
    """`[n, C, ...]` → `[n, K, c, ...]`."""
    return features.reshape(features.shape[0], heads, -1, *features.shape[2:])


def similarity_volume(audio: Tensor, pictures: Tensor, heads: int) -> Tensor:
    """Paired volumes: `audio [n, C, T]`, `pictures [n, C, h, w]` → `s [n, K, T, P]`."""
    a, v = split_heads(audio, heads), split_heads(pictures.flatten(2), heads)
    return torch.matmul(a.transpose(2, 3), v)


def peak_similarity(codes: Tensor, pictures: Tensor, own: Tensor | None = None) -> Tensor:
    """Largest dot product over space: `codes [N, c]`, `pictures [V, c, P]` → `[N, V]`.

    `own [V, P]` limits the search in a mix-up to the patches of its own scene (where it is 1).

    The peak is found without gradient and only its patch is multiplied again, so that the backward
    pass never holds the N × V × P volume.
    """
    with torch.no_grad():
        flat = pictures.permute(1, 0, 2).reshape(pictures.shape[1], -1)
        volume = (codes @ flat).reshape(len(codes), pictures.shape[0], pictures.shape[2])
        if own is not None:
            volume = volume.masked_fill(own == 0, -1e4)
        peak = volume.argmax(2)
    patches = pictures.transpose(1, 2)
    chosen = patches[torch.arange(pictures.shape[0], device=peak.device)[None], peak]
    return (codes[:, None] * chosen).sum(2)


def mean_over_clips(values: Tensor, clip: Tensor, clips: int) -> Tensor:
    """Mean of the rows of each clip: `values [N, V]`, `clip [N]` → `[A, V]`; zero without rows."""
    total = values.new_zeros(clips, values.shape[1]).index_add(0, clip, values)
    count = torch.bincount(clip, minlength=clips).clamp_min(1).to(values.dtype)
    return total / count[:, None]


def clip_similarity(
    audio: Tensor, pictures: Tensor, active: Tensor, heads: int, non_negative: bool = False
) -> Tensor:
    """Every clip against every picture: max over space and heads, mean over active time → `[A, V]`.

    `audio [A, C, T]`, `pictures [V, C, h, w]`, `active bool [A, T]`. A clip without an active step
    scores 0, as in the original.
    """
    a, v = split_heads(audio, heads), split_heads(pictures.flatten(2), heads)
    clip, step = active.nonzero(as_tuple=True)
    peaks = [peak_similarity(a[clip, k, :, step], v[:, k]) for k in range(heads)]
    best = torch.stack(peaks).amax(0)
    if non_negative:
        best = best.clamp_min(0)
    return mean_over_clips(best, clip, len(audio))


def pooled_similarity(audio: Tensor, pictures: Tensor, active: Tensor) -> Tensor:
    """Cosine of the global means, times 8: the warm-up whose gradient reaches every patch → `[A, V]`."""
    weight = active.to(audio.dtype)[:, None]
    a = (audio * weight).sum(2) / weight.sum(2).clamp_min(1e-3)
    return 8 * F.normalize(a, dim=1) @ F.normalize(pictures.flatten(2).mean(2), dim=1).t()


def temperature(log_temperature: Tensor) -> Tensor:
    return log_temperature.exp().clamp(*TEMPERATURE_RANGE)


def info_nce(
    similarity: Tensor, owner: Tensor, scale: Tensor | float = 1.0
) -> tuple[Tensor, Tensor]:
    """Contrast of clips and pictures, both ways → (loss, accuracy of clip → picture).

    `similarity [A, V]`; `owner [A]` is the picture of each clip. Several clips may belong to one
    picture: from the picture's side each competes with the clips of other pictures only. The mean
    is taken off first (balanced calibration), so that the scale alone sets the contrast.
    """
    logits = scale * (similarity - similarity.mean())
    to_picture = F.cross_entropy(logits, owner)
    positive = logits.gather(1, owner[:, None])[:, 0]
    own = owner[:, None] == torch.arange(logits.shape[1], device=owner.device)
    others = logits.masked_fill(own, -1e4).logsumexp(0)[owner]
    to_clip = (torch.logaddexp(positive, others) - positive).mean()
    accuracy = (logits.argmax(1) == owner).float().mean()
    return (to_picture + to_clip) / 2, accuracy


def matching(activation: Tensor, owner: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
    """Is what sounds in this frame at all? Sigmoid loss over every step and picture (SigLIP-like).

    `activation [N, V]` at single audio steps; `owner [N]` is the step's picture or -1 where nothing
    on any picture matches (another kind, silence, noise, off-screen). Matched and mismatched pairs
    weigh the same. It is what lets a score say "none of these", and it fits the calibration.
    """
    logits = slope * activation + offset
    own = owner[:, None] == torch.arange(activation.shape[1], device=owner.device)
    mismatched = F.softplus(logits[~own]).mean()
    if not own.any():
        return mismatched / 2
    return (F.softplus(-logits[own]).mean() + mismatched) / 2


def non_negative_pressure(volume: Tensor) -> Tensor:
    """Squared negative similarity."""
    return volume.clamp_max(0).square().mean()


def silence_pressure(activation: Tensor) -> Tensor:
    """Squared positive activation where a head has nothing to ground; zero for no values."""
    return activation.clamp_min(0).square().sum() / max(1, activation.numel())


def total_variation(volume: Tensor) -> Tensor:
    """Squared change from one audio step to the next; `volume [n, K, T, P]`."""
    return (volume[:, :, 1:] - volume[:, :, :-1]).square().mean()


def specialisation(volume: Tensor) -> Tensor:
    """Mean |s_i · s_j| over pairs of heads: they should not answer at the same place and time."""
    heads = volume.shape[1]
    pairs = [
        (volume[:, i] * volume[:, j]).abs().mean()
        for i in range(heads)
        for j in range(i + 1, heads)
    ]
    return torch.stack(pairs).mean() if pairs else volume.new_zeros(())


def mix_up_pressure(volume: Tensor, own: Tensor) -> Tensor:
    """Squared positive similarity on patches that came from other scenes of a mix-up.

    `volume [n, K, T, P]`; `own float [n, P]` is 1 where the patch is the clip's own scene.
    """
    foreign = (1 - own)[:, None, None]
    count = foreign.sum() * volume.shape[1] * volume.shape[2]
    return (volume.clamp_min(0).square() * foreign).sum() / count.clamp_min(1)


def temperature_pressure(log_temperature: Tensor) -> Tensor:
    """Keeps the learned scale from shrinking below 1."""
    return (-log_temperature).clamp_min(0).square()


def separation(mixture: Tensor, clean: Tensor, active: Tensor) -> Tensor:
    """A head's codes of a mixture should be those of its own source alone (after mix-and-separate).

    `mixture, clean [n, c, T]` (the clean side is the teacher and gets no gradient),
    `active bool [n, T]`.
    """
    weight = active.to(mixture.dtype)
    difference = (mixture - clean.detach()).square().mean(1)
    return (difference * weight).sum() / weight.sum().clamp_min(1)
