"""The label space finds how made-up codes vary, and its scores are probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from whence_training.label_space import calibrate, fit_space, log_ratios, probabilities

SIZE, NAMES = 6, 60
SPREAD = np.array([3.0, 2.0, 1.5, 0.5, 0.3, 0.1])
WITHIN = np.diag([1.0, 0.5, 0.2, 1.0, 0.3, 0.6]) ** 0.5


def draw(rng: np.random.Generator, means: np.ndarray, each: int) -> tuple[np.ndarray, np.ndarray]:
    number = np.repeat(np.arange(len(means)), each)
    return means[number] + rng.standard_normal((len(number), SIZE)) @ WITHIN, number


def test_a_space_whitens_what_varies_within_a_name():
    rng = np.random.default_rng(1)
    means = rng.standard_normal((600, SIZE)) * SPREAD
    codes, number = draw(rng, means, 5)
    space = fit_space(codes, number.astype(str))
    rest = space.project(codes) - space.project(means)[number]
    assert np.allclose(np.cov(rest.T), np.eye(SIZE), atol=0.15)
    wanted = np.sort(SPREAD**2 / np.diag(WITHIN) ** 2)[::-1]
    assert np.allclose(space.between, wanted, rtol=0.25, atol=0.1)


@pytest.mark.parametrize("examples", [1, 4])
def test_calibrated_scores_are_right_as_often_as_they_say(examples: int):
    rng = np.random.default_rng(2)
    space = fit_space(*with_text(draw(rng, rng.standard_normal((400, SIZE)) * SPREAD, 5)))
    means = rng.standard_normal((NAMES, SIZE)) * SPREAD
    enrolled, _ = draw(rng, means, examples)
    centers = space.project(enrolled).reshape(NAMES, examples, -1).mean(1)
    others = rng.standard_normal((300, SIZE)) * SPREAD
    asked, truth = draw(rng, np.concatenate([means, others]), 8)
    truth = np.where(truth < NAMES, truth, -1)
    ratios = log_ratios(space, space.project(asked), centers, np.full(NAMES, float(examples)))
    weight = np.where(truth >= 0, 0.5 / (truth >= 0).sum(), 0.5 / (truth < 0).sum())
    # Ratios that say too much, as steps of one clip do, are scaled down.
    fitted = calibrate(space, 3 * ratios, truth, weight)
    assert 0.2 < fitted.scale < 0.5
    chance = probabilities(fitted, 3 * ratios)
    assert np.all(chance >= 0)
    assert np.all(chance.sum(1) <= 1 + 1e-9)
    top, right = chance.max(1), chance.argmax(1) == truth
    for low in (0.2, 0.4, 0.6, 0.8):
        here = (top >= low) & (top < low + 0.2)
        said = np.average(top[here], weights=weight[here])
        found = np.average(right[here], weights=weight[here])
        assert abs(said - found) < 0.12, (low, said, found)


def with_text(drawn: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return drawn[0], drawn[1].astype(str)
