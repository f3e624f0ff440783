"""Adapting a model's features to recordings: what is learned, left out, resumed and written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from whence_training import learn
from whence_training.learn import Adapter, Learner, Moments, comparable, measure, similarity

CHANNELS, HEADS, CELLS, STEPS = 8, 2, 6, 3


def write_work(work: Path, clips: int = 40) -> Path:
    """Moments of one head in which sound i of three belongs to picture direction i + 1."""
    rng = np.random.default_rng(0)
    rows = []
    for clip in range(clips):
        kind = clip % 3
        code = np.zeros((4, STEPS), np.float32)
        code[kind] = 1
        picture = 0.05 * rng.standard_normal((CHANNELS, CELLS)).astype(np.float32)
        picture[(kind + 1) % 3, rng.integers(CELLS)] = 1
        values = np.concatenate([picture.ravel(), code.ravel()]).astype(np.float16)
        (work / f"{clip}.f16").write_bytes(values.tobytes())
        rows.append(
            {
                "file": f"{clip}.f16",
                "group": f"g{clip}",
                "split": "held_out" if clip % 4 == 0 else "train",
                "head": 0,
                "from": 0,
                "steps": STEPS,
                "audio": CHANNELS * CELLS,
                "picture": 0,
            }
        )
    index = {"key": "k", "heads": ["sound", "speech"], "channels": CHANNELS, "cells": CELLS}
    (work / "moments.json").write_text(json.dumps({**index, "moments": rows}))
    return work


def silent(**_: object) -> None:
    pass


def test_the_adapter_learns_which_sound_belongs_to_what(tmp_path: Path):
    learner = Learner(write_work(tmp_path, 60), 200, "cpu")
    assert learner.run(silent, lambda: False)
    learn.write_adapter(learner, None)
    written = json.loads((tmp_path / "adapter.json").read_text())
    (head,) = written["heads"]
    assert head["before"]["auc"] < 0.5 < 0.95 < head["after"]["auc"]
    assert head["after"]["n"] == 15
    assert len(written["picture"]) == CHANNELS**2
    assert len(written["sound"]) == HEADS * 4**2
    assert np.mean(head["matched"]) > np.mean(head["mismatched"])


def test_a_new_adapter_changes_nothing():
    pictures, sounds = Adapter(CHANNELS, HEADS).matrices()
    assert torch.equal(pictures, torch.eye(CHANNELS))
    assert torch.equal(sounds, torch.eye(4).expand(HEADS, 4, 4))
    features = torch.randn(2, CHANNELS, CELLS)
    assert torch.allclose(Adapter(CHANNELS, HEADS).picture(features), features)


def test_a_stopped_run_goes_on_and_ends_where_a_whole_one_does(tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    first = Learner(write_work(whole), 40, "cpu")
    first.run(silent, lambda: False)
    second = Learner(write_work(parts), 40, "cpu")
    assert not second.run(silent, lambda: second.step == 13)
    third = Learner(parts, 40, "cpu")
    assert third.step == 13
    assert third.run(silent, lambda: False)
    for name, value in first.adapter.state_dict().items():
        assert torch.allclose(value, third.adapter.state_dict()[name], atol=1e-5), name
    other = Learner(parts, 41, "cpu")
    assert other.step == 0, "a run of another length begins again"


def test_too_few_moments_are_told_from_moments_that_cannot_be_compared(tmp_path: Path):
    learner = Learner(write_work(tmp_path), 2, "cpu")
    assert learner.failure() is None
    index = json.loads((tmp_path / "moments.json").read_text())
    training = [row for row in index["moments"] if row["split"] == "train"]
    # Four moments, of which one decides when to stop.
    few = {**index, "moments": training[:4]}
    (tmp_path / "moments.json").write_text(json.dumps(few))
    assert Learner(tmp_path, 2, "cpu").failure() == "too few moments"
    alike = {**index, "moments": [{**row, "file": "1.f16"} for row in training]}
    (tmp_path / "moments.json").write_text(json.dumps(alike))
    assert Learner(tmp_path, 2, "cpu").failure() == "nothing to compare"


def test_an_earlier_adapter_is_measured_too(tmp_path: Path):
    learner = Learner(write_work(tmp_path), 60, "cpu")
    learner.run(silent, lambda: False)
    learn.write_adapter(learner, None)
    former = learn.Former(tmp_path / "adapter.json", CHANNELS, HEADS, "cpu")
    learn.write_adapter(learner, former)
    (head,) = json.loads((tmp_path / "adapter.json").read_text())["heads"]
    assert head["former"]["auc"] == pytest.approx(head["after"]["auc"], abs=1e-3)


def test_pairs_of_one_group_and_of_like_sounds_or_pictures_are_left_out():
    audio = torch.eye(3)[[0, 1, 2, 0]][:, None]
    picture = torch.eye(4)[[0, 1, 2, 3]][:, :, None].half()
    moments = Moments(0, audio, torch.ones(4, 1, dtype=torch.bool), picture, ["a", "a", "b", "c"])
    pairs = comparable(moments)
    assert not pairs[0, 1], "one group"
    assert not pairs[0, 3], "one sound"
    assert pairs[0, 2]
    assert pairs[1, 3]
    same = Moments(0, audio, moments.valid, picture[[0, 0, 0, 0]], moments.group)
    assert not comparable(same).any(), "one view"


def test_similarity_is_the_mean_over_own_steps_of_the_best_patch():
    audio = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]]])
    valid = torch.tensor([[True, True, False]])
    picture = torch.tensor([[[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]]])
    assert float(similarity(audio, valid, picture)) == pytest.approx(2.5)


def test_figures_of_a_table():
    table = torch.tensor([[3.0, 1.0, 9.0], [0.0, 2.0, 1.0], [0.0, 0.0, 5.0]])
    pairs = ~torch.eye(3, dtype=torch.bool)
    pairs[2] = False
    figures = measure(table, pairs)
    assert figures == {"n": 2, "auc": 0.75, "first": 0.5, "chance": pytest.approx(1 / 3)}
    assert measure(table, torch.zeros(3, 3, dtype=torch.bool)) == {"n": 0}
