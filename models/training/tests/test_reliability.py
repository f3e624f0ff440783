"""Scores that mean what they say, and how a right word is told from a wrong one."""

from __future__ import annotations

import numpy as np
import pytest

from whence_training.calibration import Evidence, fit_together
from whence_training.metrics import told_apart


def drawn(seed: int, shift: float, count: int = 4000) -> Evidence:
    rng = np.random.default_rng(seed)
    return Evidence([rng.normal(1 + shift, 0.4, count)], [rng.normal(0 + shift, 0.4, count)])


def test_a_fitted_score_is_right_as_often_as_it_says():
    evidence = drawn(0, 0)
    rows = evidence.reliability(evidence.fit())
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    for row in rows:
        assert row["right"] == pytest.approx(row["score"], abs=0.05)


def test_sets_weigh_the_same_whatever_their_size():
    small, large = drawn(1, 0.3, 300), drawn(2, -0.3, 30_000)
    slope, offset = fit_together([small, large])
    assert -offset / slope == pytest.approx(0.5, abs=0.05)
    alone = large.fit()
    assert -alone[1] / alone[0] == pytest.approx(0.2, abs=0.05)


def test_right_and_wrong_words():
    found = told_apart([2, 3, 1], [0, 1], (2.0, -3.0))
    assert found["auc"] == pytest.approx((2 + 2 + 1.5) / 6)
    assert found["right"] == pytest.approx(2 / 3)
    assert found["wrong"] == 0
    assert set(told_apart([1], [0], None)) == {"auc"}
