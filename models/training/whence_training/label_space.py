"""How a head's codes vary within a name and from name to name, and the probability of each name.

The two-covariance model of speaker recognition (Brümmer and de Villiers, "The speaker partitioning
problem", Odyssey 2010), as `src/labels/label_space.ts` uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


@dataclass(frozen=True)
class LabelSpace:
    """`z = transform · (code - mean)` varies by 1 within a name and by `between` among names."""

    mean: Floats
    transform: Floats
    between: Floats
    scale: float = 1.0
    unknown: float = 0.0

    def project(self, codes: Floats) -> Floats:
        """Codes of length 1, `[n, c]` → coordinates `[n, d]`."""
        return np.asarray((codes - self.mean) @ self.transform.T)


def fit_space(codes: Floats, names: NDArray[np.str_], shrink: float = 0.0) -> LabelSpace:
    """The space in which codes of length 1 of several examples a name are compared best. `shrink`
    of the mean variance within a name is added in all directions."""
    known, number = np.unique(names, return_inverse=True)
    count = np.bincount(number)
    total = np.zeros((len(known), codes.shape[1]))
    np.add.at(total, number, codes)
    means = total / count[:, None]
    rest = codes - means[number]
    within = rest.T @ rest / max(len(codes) - len(known), 1)
    within += shrink * np.trace(within) / len(within) * np.eye(len(within))
    centered = means - means.mean(0)
    between = centered.T @ centered / len(known) - within * (1 / count).mean()
    whiten = np.linalg.inv(np.linalg.cholesky(within))
    strength, directions = np.linalg.eigh(whiten @ between @ whiten.T)
    order = np.argsort(-strength)
    order = order[strength[order] > 1e-3]
    return LabelSpace(means.mean(0), directions[:, order].T @ whiten, strength[order])


def log_ratios(space: LabelSpace, at: Floats, centers: Floats, examples: Floats) -> Floats:
    """Log-likelihood ratio of "one more example of the name" and "anything", `[n, names]`."""
    psi, count = space.between, examples[:, None]
    shrink = count * psi / (count * psi + 1)
    variance = 1 + psi / (count * psi + 1)
    spread = 1 + psi
    mean = shrink * centers
    constant = 0.5 * (np.log(spread / variance) - mean**2 / variance).sum(1)
    square = 0.5 * (1 / spread - 1 / variance)
    return np.asarray(constant + at @ (mean / variance).T + at**2 @ square.T)


def probabilities(space: LabelSpace, ratios: Floats) -> Floats:
    """The probability of each name, if any of them is as probable as none: `[n, names]`."""
    logits = space.scale * ratios - np.log(max(ratios.shape[1], 1))
    highest = np.maximum(logits.max(1, initial=-np.inf), space.unknown)[:, None]
    shares = np.exp(logits - highest)
    return np.asarray(shares / (shares.sum(1, keepdims=True) + np.exp(space.unknown - highest)))


def calibrate(
    space: LabelSpace, ratios: Floats, truth: NDArray[np.int64], weight: Floats
) -> LabelSpace:
    """`scale` and `unknown` under which the right answers are most probable.

    `truth` is the number of the right name, -1 for none of them; `weight` of each row.
    """
    best, found = space, np.inf
    known = truth >= 0
    right = ratios[np.arange(len(truth)), np.maximum(truth, 0)]
    for scale in np.geomspace(0.05, 1.5, 24):
        any_name = log_sum(scale * ratios) - np.log(ratios.shape[1])
        for unknown in np.linspace(-8, 12, 81):
            total = np.logaddexp(any_name, unknown)
            own = np.where(known, scale * right - np.log(ratios.shape[1]), unknown)
            loss = (weight * (total - own)).sum() / weight.sum()
            if loss < found:
                best, found = replace(space, scale=float(scale), unknown=float(unknown)), loss
    return best


def log_sum(logits: Floats) -> Floats:
    highest = logits.max(1, keepdims=True)
    return np.asarray(highest[:, 0] + np.log(np.exp(logits - highest).sum(1)))
