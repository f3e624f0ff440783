"""From activation to probability: fitted on steps of scenes and of photographs, and how far it holds.

A head's score is 1 / (1 + exp(-(slope · a + offset))) of its activation a. Matched steps and
mismatched ones weigh the same, and so does each set of scenes, so that a score of .9 should be right
nine times in ten where matched and mismatched are as frequent, on either set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .metrics import Scene, activations, encode

Floats = NDArray[np.floating[Any]]
BINS = 10


def fit_logistic(values: Floats, truth: Floats, weight: Floats) -> tuple[float, float]:
    """(slope, offset) of the weighted logistic regression of `truth` on `values`, by Newton's method."""
    design = np.stack([values, np.ones_like(values)], 1).astype(np.float64)
    solution = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ solution, -30, 30)))
        gradient = design.T @ (weight * (truth - chance)) - 1e-6 * solution
        curvature = (design * (weight * chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-6 * np.eye(2), gradient)
        solution += step
        if np.abs(step).max() < 1e-9:
            break
    return float(solution[0]), float(solution[1])


@dataclass
class Evidence:
    """Activations of one head: of pairs that match, of pairs that do not."""

    matched: list[Floats]
    mismatched: list[Floats]

    def weighed(self) -> tuple[Floats, Floats, Floats]:
        """(activations, truth, weights); the weights of each side add up to a half."""
        matched, other = np.concatenate(self.matched), np.concatenate(self.mismatched)
        truth = np.r_[np.ones(len(matched)), np.zeros(len(other))]
        weight = np.r_[
            np.full(len(matched), 0.5 / len(matched)), np.full(len(other), 0.5 / len(other))
        ]
        return np.concatenate([matched, other]), truth, weight

    def fit(self) -> tuple[float, float]:
        """Both sides weigh the same, so that score .5 is as likely matched as not."""
        return fit_together([self])

    def reliability(self, fit: tuple[float, float]) -> list[dict[str, float]]:
        """Of each tenth of the score: the mean score, how often it was right, its share of all."""
        values, truth, weight = self.weighed()
        score = 1 / (1 + np.exp(-(fit[0] * values + fit[1])))
        bins = np.minimum((score * BINS).astype(int), BINS - 1)
        rows = []
        for number in range(BINS):
            inside = bins == number
            total = float(weight[inside].sum())
            if total > 0:
                rows.append(
                    {
                        "from": number / BINS,
                        "score": float((score * weight)[inside].sum() / total),
                        "right": float((truth * weight)[inside].sum() / total),
                        "share": total,
                    }
                )
        return rows


def fit_together(sets: list[Evidence]) -> tuple[float, float]:
    """One slope and offset for several sets of evidence, each of which weighs the same."""
    parts = [one.weighed() for one in sets if one.matched and one.mismatched]
    values, truth, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return fit_logistic(values, truth, weight / weight.mean())


def share_a_word(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    return bool({w for n in first for w in n.split()} & {w for n in second for w in n.split()})


def gather_evidence(encoder: Any, scenes: list[Scene], heads: int) -> list[Evidence]:
    """Activations on scenes with targets, on the same sounds over other pictures, on negatives."""
    features = encode(encoder, scenes)
    evidence = [Evidence([], []) for _ in range(heads)]
    count = len(scenes)
    for index, (scene, (picture, audio)) in enumerate(zip(scenes, features, strict=True)):
        found = activations(audio, picture, heads).numpy()
        place = index + count // 2 + 1
        for _ in range(count):
            if not share_a_word(scenes[place % count].names, scene.said):
                break
            place += 1
        elsewhere = activations(audio, features[place % count][0], heads).numpy()
        for head in range(heads):
            heard = [t for t in scene.targets if t.kind == head]
            for target in heard:
                steps = target.steps(audio.shape[1]).numpy()
                evidence[head].matched.append(found[head, steps])
                evidence[head].mismatched.append(elsewhere[head, steps])
            if not heard:
                # An alarm is raised by the loudest moment, however quiet the rest is.
                evidence[head].mismatched.append(found[head].max(keepdims=True))
    return evidence
