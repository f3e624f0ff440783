"""The calibration of `whence model calibrate` and of the export are fitted on the same evidence."""

from __future__ import annotations

import json

import pytest
from golden_calibration import FILE, evidence_of, summary

from whence_training.metrics import FEATURE_RATE, FIRST_FEATURE


def test_the_golden_calibration_is_what_the_export_fits() -> None:
    content = json.loads(FILE.read_text())
    assert (content["feature_rate"], content["first_feature"]) == (FEATURE_RATE, FIRST_FEATURE)
    fits = summary(evidence_of(content["clips"]))
    for found, golden in zip(fits, content["fits"], strict=True):
        for side in ("matched", "mismatched"):
            assert found[side]["count"] == golden[side]["count"]
            assert found[side]["sum"] == pytest.approx(golden[side]["sum"], rel=1e-5)
        assert found["slope"] == pytest.approx(golden["slope"], rel=1e-4)
        assert found["offset"] == pytest.approx(golden["offset"], rel=1e-4)
