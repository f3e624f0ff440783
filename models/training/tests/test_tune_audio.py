"""Tuning the audio encoder: batches of hearings, the loss's parts, resuming, presence, recovery."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_pretrain import make_lexicon
from tiny_pack import make_pack, tone

from whence_training import freeze
from whence_training.batches import SOUND, SPEECH
from whence_training.blend import blend
from whence_training.export import ScaledAudio, load_model, write_audio
from whence_training.hearings import HearingConfig, HearingMaker, bare, vocabulary
from whence_training.natural import session
from whence_training.nets import Aligner, NetConfig
from whence_training.presence import Steps, gather
from whence_training.recover import module_path, recover
from whence_training.settings import Settings
from whence_training.train import load_checkpoint
from whence_training.tune_audio import (
    Anchors,
    TuneConfig,
    Tuner,
    begun_from,
    make_maker,
    named,
    over_steps,
    paired,
)
from whence_training.word_identity import mean_codes, measure, recall
from whence_training.word_store import Store

NET = NetConfig(
    channels=16, picture_width=32, sound_width=16, audio_width=32, audio_blocks=1, speech=True
)
TWO_PATHS = replace(NET, own_blocks=1, word_path=True)
CONFIG = HearingConfig(names=6, texts=4, sounds=4, empty=3, seconds=0.8, difficulty=0.3)
CONCEPTS = 6


def make_media(root: Path) -> dict[str, Path]:
    """A pack whose words have texts, a store with a natural voice of each split, music."""
    pack = make_pack(root / "pack", CONCEPTS)
    index: dict[str, Any] = json.loads((pack / "index.json").read_text())
    for word in index["words"]:
        word["text"] = f"a c{word['concept']}"
    noise = {"offset": 0, "length": 3000, "source": "made by the test", "sha256": "0" * 64}
    for part in ("words", "sounds"):
        index[part] += [{**row, "split": "val"} for row in index[part]]
    index["noises"] = [{**noise, "split": split} for split in ("train", "val")]
    (pack / "index.json").write_text(json.dumps(index))
    store, music = Store(root / "natural"), Store(root / "music")
    voices = {"train": "af_sky", "val": "af_nova", "test": "af_heart"}
    for split, voice in voices.items():
        for concept in range(CONCEPTS + 1):
            row = {"text": f"c{concept}", "engine": "kokoro", "voice": voice, "split": split}
            store.add(row, tone(concept, True).astype(np.float32) / 32768)
    music.add({"text": "loop", "split": "train"}, np.full(20_000, 0.1, np.float32))
    lexicon = make_lexicon(root / "lexicon")
    return {"pack": pack, "store": root / "natural", "music": root / "music", "lexicon": lexicon}


def maker_of(media: dict[str, Path], config: HearingConfig = CONFIG) -> HearingMaker:
    return make_maker(
        media["pack"], [media["store"]], media["lexicon"], media["music"], config, seed=1
    )


def first_checkpoint(folder: Path, net: NetConfig = NET) -> Path:
    torch.manual_seed(0)
    model = Aligner(net).eval()
    torch.save({"ema": model.state_dict(), "net": asdict(net), "step": 0}, folder / "first.pt")
    return folder / "first.pt"


def test_names_are_bare_of_their_article() -> None:
    assert [bare(text) for text in ("a cat", "an owl", "antelope", "cat")] == [
        "cat",
        "owl",
        "antelope",
        "cat",
    ]


def test_the_vocabulary_holds_what_a_split_says(tmp_path: Path) -> None:
    media = make_media(tmp_path)
    names = vocabulary(media["pack"], [media["store"]], ("train",))
    assert names.names == [f"c{n}" for n in range(CONCEPTS + 1)]
    assert sorted(names.spoken[0]) == ["espeak", "kokoro"]
    assert sorted(names.spoken[CONCEPTS]) == ["kokoro"]  # known to the store alone
    voices = {row["voice"] for engines in names.spoken for _, row in engines["kokoro"]}
    assert voices == {"af_sky"}


def test_a_store_that_trains_on_a_frozen_voice_is_refused(tmp_path: Path) -> None:
    media = make_media(tmp_path)
    row = {"text": "c0", "engine": "kokoro", "voice": "bm_george", "split": "train"}
    Store(media["store"]).add(row, np.full(8000, 0.1, np.float32))
    with pytest.raises(freeze.FrozenError, match="bm_george is frozen"):
        maker_of(media)


def test_a_batch_says_what_is_heard_when(tmp_path: Path) -> None:
    maker = maker_of(make_media(tmp_path))
    mixed = 0
    for _ in range(20):
        batch = maker.next()
        total = CONFIG.names + 2 * CONFIG.texts + CONFIG.sounds + CONFIG.empty
        assert batch.waveform.shape == (total, int(0.8 * 16_000))
        assert batch.waveform.isfinite().all()
        heard = batch.active.any(2)
        assert torch.equal(heard[:, SOUND], batch.sound >= 0)
        assert torch.equal(heard[:, SPEECH], (batch.name >= 0) | (batch.text >= 0))
        assert not heard[-CONFIG.empty :].any()
        assert not (batch.unsure & batch.active).any()
        mixed += int(heard.all(1).sum())
        # First hearings of dictionary words are never mixed.
        assert not heard[CONFIG.names : CONFIG.names + CONFIG.texts, SOUND].any()
    assert 40 < mixed < 160


def test_naming_of_a_hand_computed_case() -> None:
    found = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    classes = torch.tensor([[0.5, 0.0], [0.0, 3.0]])
    loss, right = named(found, classes, torch.tensor([0, 1]), torch.tensor(2.0))
    wanted = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    assert float(loss) == pytest.approx(wanted)
    assert float(right) == 0.5  # a draw goes to the first class


def test_a_pair_that_is_alike_and_unlike_the_other_costs_little() -> None:
    codes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])[:, :, None]
    active = torch.ones(4, 1, dtype=torch.bool)
    assert float(paired(codes, active, torch.tensor(2.0))) == pytest.approx(
        math.log(1 + math.exp(-2))
    )


def test_over_steps_is_the_mean_of_active_steps() -> None:
    codes = torch.tensor([[[1.0, 3.0, 99.0]], [[5.0, 5.0, 5.0]]])
    active = torch.tensor([[True, True, False], [False, False, False]])
    assert over_steps(codes, active).tolist() == [[2.0], [0.0]]


def test_anchors_know_how_far_they_moved() -> None:
    anchors = Anchors(torch.eye(3) * 4)
    assert float(anchors.moved()) == pytest.approx(0)
    with torch.no_grad():
        anchors.names[0] = torch.tensor([0.0, 2.0, 0.0])
    assert float(anchors.moved()) == pytest.approx(1 / 3)


def test_new_blocks_change_nothing_at_first(tmp_path: Path) -> None:
    first = first_checkpoint(tmp_path)
    model, before = begun_from(first, TWO_PATHS).eval(), load_model(first)
    waves = 0.1 * torch.randn(2, 12_800)
    with torch.no_grad():
        assert torch.allclose(model.audio(waves), before.audio(waves), atol=1e-5)


def test_a_blend_is_the_first_encoder_at_one_end_and_the_tuned_one_at_the_other(tmp_path: Path):
    first = first_checkpoint(tmp_path)
    tuned = begun_from(first, TWO_PATHS).eval()
    with torch.no_grad():
        for part in (tuned.audio.word, tuned.audio.own, tuned.audio.code):
            for value in part.parameters():
                value.add_(0.05 * torch.randn_like(value))
        half = TWO_PATHS.channels // 2
        tuned.audio.code[0].weight[:half] = load_model(first).audio.code[0].weight[:half]
    file = tmp_path / "tuned.pt"
    torch.save({"ema": tuned.state_dict(), "net": asdict(TWO_PATHS), "step": 5}, file)
    waves, found = 0.1 * torch.randn(2, 12_800), {}
    for share in (0.0, 0.5, 1.0):
        torch.save(blend(first, file, share), tmp_path / "blend.pt")
        with torch.no_grad():
            found[share] = load_model(tmp_path / "blend.pt").audio(waves)
    with torch.no_grad():
        before, after = load_model(first).audio(waves), tuned.audio(waves)
    assert torch.allclose(found[0.0][:, 8:], before[:, 8:], atol=1e-4)
    assert torch.allclose(found[1.0], after, atol=1e-4)
    assert not torch.allclose(found[0.5], before, atol=1e-2)
    assert not torch.allclose(found[0.5], after, atol=1e-2)


def test_tuning_learns_and_resumes(tmp_path: Path) -> None:
    media = make_media(tmp_path)
    settings = Settings(out="", pack="p", steps=1, precision="fp32", net=TWO_PATHS)
    first, out = first_checkpoint(tmp_path), tmp_path / "run"
    config = TuneConfig(rate=3e-3, kept=8)
    tuner = Tuner(settings, config, maker_of(media), first, out, 60)
    curve = [tuner.train_step()["name"] for _ in range(60)]
    assert sum(curve[-10:]) < 0.8 * sum(curve[:10])
    tuner.ahead.close()
    tuner.save()
    again = Tuner(settings, config, maker_of(media), first, out, 60)
    again.ahead.close()
    assert again.step == 60
    assert torch.equal(again.anchors.names, tuner.anchors.names)
    kept, trained = again.model.state_dict(), tuner.model.state_dict()
    assert all(torch.equal(kept[name], trained[name]) for name in kept)
    # The sound head's codes are those it had, whatever its gate has become.
    waves = 0.1 * torch.randn(2, 12_800)
    with torch.no_grad():
        ungated = []
        for audio in (again.average.audio, load_model(first).audio):
            features, gate = audio.gated(*audio.inputs(waves))
            ungated.append(features[:, :8] / gate[:, :1].sigmoid())
    assert torch.allclose(*ungated, atol=1e-3)
    # Normalizations that came with the first weights have not moved.
    before = load_checkpoint(first)["ema"]
    assert torch.equal(kept["audio.local.0.1.running_mean"], before["audio.local.0.1.running_mean"])


def test_presence_is_fitted_on_gates(tmp_path: Path) -> None:
    truth = np.r_[np.ones(500), np.zeros(1500)]
    noise = np.random.default_rng(0).normal(size=2000)
    logits = np.where(truth > 0, 3.0, -1.0) + noise
    steps = Steps(logits, truth, logits[truth == 0])
    slope, offset = steps.fit()
    # Two normal distributions of width 1, at 3 and -1: log odds 4 x - 4.
    assert slope == pytest.approx(4, abs=0.6)
    assert -offset / slope == pytest.approx(1, abs=0.15)
    report = steps.report((slope, offset))
    assert report["heard and sure"] > 0.95
    assert report["unheard and sure"] < 0.05
    maker = maker_of(make_media(tmp_path))
    found = gather(load_model(first_checkpoint(tmp_path)).audio, maker, 2)
    assert [len(part.logits) == len(part.heard) for part in found] == [True, True]
    assert 0 < found[SPEECH].heard.mean() < 1


def test_presence_is_the_graphs_second_output(tmp_path: Path) -> None:
    model = load_model(first_checkpoint(tmp_path))
    model.audio.presence_fit = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    write_audio(model, tmp_path / "audio.onnx")
    waves = 0.1 * torch.randn(3, 20_000)
    found = session(tmp_path / "audio.onnx").run(None, {"waveform": waves.numpy()})
    with torch.no_grad():
        features, presence = ScaledAudio(model)(waves)
        _, gate = model.audio.gated(*model.audio.inputs(waves))
    assert presence.shape == (3, 2, features.shape[2])
    assert torch.allclose(presence[:, 0], torch.sigmoid(2 * gate[:, 0] - 1))
    assert torch.allclose(presence[:, 1], torch.sigmoid(0.5 * gate[:, 1] + 3))
    assert np.allclose(found[0], features.numpy(), atol=1e-4)
    assert np.allclose(found[1], presence.numpy(), atol=1e-4)


def test_an_exported_encoder_is_recovered(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = Aligner(NET)
    with torch.no_grad():  # statistics that are not the identity
        for name, value in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                value.uniform_(0.5, 1.5)
    model.eval()
    write_audio(model, tmp_path / "audio.onnx")
    other = Aligner(NET).eval()
    recover(other, tmp_path / "audio.onnx")
    waves = 0.1 * torch.randn(2, 16_000)
    with torch.no_grad():
        assert torch.allclose(other.audio(waves), model.audio(waves), atol=1e-4)


def test_a_nodes_name_tells_the_module() -> None:
    assert module_path("/audio/local/local.0/local.0.0/Conv") == "audio.local.0.0"
    assert module_path("/audio/blocks/blocks.1/mix/Conv") == "audio.blocks.1.mix"
    assert module_path("/flat/Conv") == "audio.flat"


def test_recall_of_a_hand_computed_case() -> None:
    similarity = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.7, 0.1], [0.0, 0.3, 0.2]])
    found = recall(similarity, torch.tensor([0, 1, 2]), few=2)
    assert found["all"] == pytest.approx(0.333)
    # Pairs of names: {0, 1} finds 0 only, {0, 2} finds both, {1, 2} finds 1 only.
    assert 0.5 < found["of 2"] < 1
    assert recall(torch.eye(4), torch.arange(4)) == {"all": 1.0, "of 200": 1.0}


def test_mean_codes_are_means_of_directions() -> None:
    found = torch.tensor([[2.0, 0.0], [0.0, 4.0], [0.0, 3.0]])
    mean = mean_codes(found, torch.tensor([0, 0, 2]), 3)
    assert mean.tolist() == [[0.5, 0.5], [0.0, 0.0], [0.0, 1.0]]


def test_identity_is_measured_by_engine(tmp_path: Path) -> None:
    media = make_media(tmp_path)
    names, asked = (
        vocabulary(media["pack"], [media["store"]], (split,)) for split in ("train", "val")
    )
    report = measure(load_model(first_checkpoint(tmp_path)).audio, names, asked)
    assert report["names"] == CONCEPTS + 1
    # The val voice says the very same tones: every one finds itself.
    assert report["kokoro"]["mean"]["all"] == 1
    assert report["kokoro"]["recordings"] == CONCEPTS + 1
