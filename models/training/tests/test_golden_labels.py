"""The golden label file's scores, which the pipeline is held against."""

from __future__ import annotations

import json

import numpy as np
from golden_labels import FILE, made_codes, made_content, scores


def test_the_golden_scores_are_those_of_the_recipe():
    golden = json.loads(FILE.read_text())
    assert golden["heard"] == made_codes()
    assert golden["labels"]["kinds"][0]["names"] == made_content()["kinds"][0]["names"]
    for found, wanted in zip(
        scores(golden["labels"], golden["heard"]), golden["scores"], strict=True
    ):
        assert list(found) == list(wanted)
        assert np.allclose(list(found.values()), list(wanted.values()), atol=2e-5)
