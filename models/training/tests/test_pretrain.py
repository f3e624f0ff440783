"""Pretraining of the audio encoder: what is spoken, how pairs are made, that it learns."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import torch
from tiny_pack import make_pack, tone

from whence_training.batches import SOUND, SPEECH, Pack
from whence_training.lexicon import FORMAT, RENDITIONS, renditions, texts_of
from whence_training.nets import NetConfig
from whence_training.pretrain import pair_loss, pretrain
from whence_training.renditions import Lexicon, RenditionConfig, RenditionMaker
from whence_training.settings import Settings
from whence_training.speech import ESPEAK_TRAIN, FLITE_TRAIN
from whence_training.train import load_checkpoint

TEXTS = 12
NET = NetConfig(channels=16, picture_width=32, sound_width=16, audio_width=32, audio_blocks=1)
CONFIG = RenditionConfig(texts=8, human=2, sounds=4, seconds=0.8, difficulty=0.3)


def make_lexicon(root: Path) -> Path:
    """Tones as words: two recordings of each, one a little higher."""
    root.mkdir()
    rows, samples = [], []
    for text in range(TEXTS):
        for voice in range(2):
            wave = tone(0, True) if text == 0 else tone(text * 0.6 + 0.1 * voice, False)
            offset = sum(map(len, samples))
            rows.append({"text": text, "engine": "espeak", "voice": f"v{voice}"})
            rows[-1] |= {"offset": offset, "length": len(wave)}
            samples.append(wave)
    (root / "audio.i16").write_bytes(np.concatenate(samples).tobytes())
    texts = [f"t{i}" for i in range(TEXTS)]
    index = {"format": FORMAT, "sample_rate": 16_000, "texts": texts, "recordings": rows}
    (root / "index.json").write_text(json.dumps(index))
    return root


def make_maker(root: Path, config: RenditionConfig = CONFIG) -> RenditionMaker:
    pack = Pack(make_pack(root / "pack"), ("train",), torch.device("cpu"))
    for word in pack.words[:2]:
        word["engine"] = "human"
    return RenditionMaker(Lexicon(make_lexicon(root / "lexicon")), pack, config, 3)


def test_texts_are_short_plain_words() -> None:
    words = ["ox", "owl", "Owl", "owl's", "lamp", "übel", "river", "extraordinarily"]
    said = texts_of(words, 10, random.Random(1))
    assert len(said) == 3
    assert {part for text in said for part in text.split()} <= {"owl", "lamp", "river"}


def test_a_text_is_said_by_training_voices_that_differ() -> None:
    rng = random.Random(2)
    for number in range(50):
        said = list(renditions(number, "lamp", rng))
        assert len(said) == RENDITIONS == len({one.voice for one in said})
        assert {one.voice for one in said} <= {*ESPEAK_TRAIN, *FLITE_TRAIN}
        assert all(one.text in ("lamp", "a lamp") and one.concept == number for one in said)


def test_pair_loss_of_a_hand_computed_case() -> None:
    """Two pairs at right angles, the second hearing of pair 0 turned by 60 degrees."""
    half = math.sqrt(0.75)
    codes = torch.tensor([[2.0, 0.0], [0.0, 3.0], [0.5, half], [0.0, 1.0]])[:, :, None]
    loss, accuracy = pair_loss(codes, torch.ones(4, 1, dtype=torch.bool), torch.tensor(2.0))
    # Cosines: [[.5, 0], [.866, 1]], times 2.
    to_second = math.log(1 + math.exp(0 - 1)), math.log(1 + math.exp(2 * half - 2))
    to_first = math.log(1 + math.exp(2 * half - 1)), math.log(1 + math.exp(0 - 2))
    assert float(loss) == np.float32((sum(to_second) + sum(to_first)) / 4)
    assert float(accuracy) == 1


def test_pair_loss_looks_at_active_steps_alone() -> None:
    codes = torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(0))
    active = torch.tensor([True, False, True]).repeat(6, 1)
    changed = codes.clone()
    changed[:, :, 1] = 99
    scale = torch.tensor(5.0)
    assert pair_loss(codes, active, scale)[0] == pair_loss(changed, active, scale)[0]


def test_hearings_come_in_pairs_of_one_kind(tmp_path: Path) -> None:
    maker = make_maker(tmp_path)
    batch = maker.next()
    count = CONFIG.texts + CONFIG.human + CONFIG.sounds
    assert batch.waveform.shape == (2 * count, int(0.8 * 16_000))
    assert batch.active.shape[0] == 2 * count
    assert batch.active.any(1).all()
    expected = [SPEECH] * (CONFIG.texts + CONFIG.human) + [SOUND] * CONFIG.sounds
    assert batch.kind.tolist() == expected
    first, second = maker.drawn()
    for one, other in zip(first, second, strict=True):
        assert one["text"] == other["text"]
        assert one["voice"] != other["voice"]


def test_a_share_of_second_hearings_is_mixed_with_the_other_kind(tmp_path: Path) -> None:
    maker = make_maker(tmp_path)
    kind = torch.tensor([SPEECH, SPEECH, SOUND, SOUND])
    # Each clip has energy in its own channel of samples alone.
    wave = torch.eye(4)
    for _ in range(20):
        mixed = maker.mixed(wave, kind)
        assert torch.equal(mixed.diagonal(), torch.ones(4))
        assert mixed[:2, :2].sum() == 2
        assert mixed[2:, 2:].sum() == 2
    gains = torch.cat([maker.mixed(wave, kind)[:2, 2:].flatten() for _ in range(200)])
    gains = gains[gains > 0]
    assert 150 < len(gains) < 250
    assert gains.min() >= 10 ** (-8 / 20) - 1e-6
    assert gains.max() <= 10 ** (8 / 20) + 1e-6


def test_pretraining_learns_and_a_run_can_start_from_it(tmp_path: Path) -> None:
    settings = Settings(out=str(tmp_path), pack=str(tmp_path), steps=1, net=NET)
    maker = make_maker(tmp_path)
    curve = pretrain(settings, maker, tmp_path / "audio.pt", steps=60, rate=4e-3)
    assert sum(curve[-8:]) < 0.7 * sum(curve[:8])
    state = load_checkpoint(tmp_path / "audio.pt")
    assert state["net"]["channels"] == 16
    assert any(name.startswith("audio.") for name in state["ema"])
