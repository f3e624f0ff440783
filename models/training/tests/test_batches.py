"""Composed batches: what belongs to what, and that the loss is never told more than that."""

from __future__ import annotations

import pytest
import torch
from tiny_pack import make_pack, shape

from whence_training.batches import SOUND, SPEECH, BatchConfig, BatchMaker, Pack, Queue, mix_up
from whence_training.sounds import activity, cut

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    root = make_pack(tmp_path_factory.mktemp("pack"), 40)
    return Pack(root, ("train",), torch.device("cpu"))


def maker(pack: Pack, difficulty: float = 1.0, seed: int = 1, **changes: object) -> BatchMaker:
    settings: dict[str, object] = {"pictures": 12, "size": 64, **changes}
    made = BatchMaker(pack, BatchConfig(**settings), seed)  # type: ignore[arg-type]
    made.difficulty = difficulty
    return made


def test_no_concept_comes_twice_in_a_batch(pack: Pack) -> None:
    for _ in range(5):
        objects = maker(pack).plan().objects
        flat = [concept for picture in objects for concept in picture]
        assert len(flat) == len(set(flat))


def test_a_clip_belongs_to_an_object_of_its_picture(pack: Pack) -> None:
    plan = maker(pack).plan()
    for _, item, picture, slot in plan.clips:
        if picture >= 0:
            assert plan.objects[picture][slot] == item["concept"]
        else:
            assert all(item["concept"] not in objects for objects in plan.objects)


def test_an_easy_batch_has_one_object_a_picture(pack: Pack) -> None:
    assert all(len(objects) == 1 for objects in maker(pack, 0.0).plan().objects)
    assert any(len(objects) > 1 for objects in maker(pack, 1.0).plan().objects)


def test_shapes_and_ranges(pack: Pack) -> None:
    batch = maker(pack).next()
    clips = len(batch.waveform)
    assert batch.frames.shape == (12, 64, 64, 3)
    assert batch.frames.dtype == torch.uint8
    assert batch.waveform.shape[1] == 20_480
    assert batch.active.shape == (clips, 2, 16)
    assert batch.owner.max() < 12
    assert torch.isfinite(batch.waveform).all()


def test_mixtures_know_their_clean_clips(pack: Pack) -> None:
    batch = maker(pack).next()
    mixed = (batch.clean >= 0).all(1).nonzero()[:, 0]
    assert len(mixed) > 3
    for row in mixed.tolist():
        for kind in (SOUND, SPEECH):
            alone = int(batch.clean[row, kind])
            assert batch.owner[row, kind] == batch.owner[alone, kind] >= 0
            assert torch.equal(batch.active[row, kind], batch.active[alone, kind])
            assert not batch.active[alone, 1 - kind].any()


def test_a_mixture_is_the_sum_of_its_sources(pack: Pack) -> None:
    batch = maker(pack, difficulty=0.15, mixtures=2.0).next()
    mixed = (batch.clean >= 0).all(1).nonzero()[:, 0].tolist()
    assert mixed
    for row in mixed:
        sources = batch.waveform[batch.clean[row]]
        solved = torch.linalg.lstsq(sources.t(), batch.waveform[row][:, None]).solution
        error = batch.waveform[row] - (sources.t() @ solved)[:, 0]
        assert error.norm() < 0.1 * batch.waveform[row].norm()
        assert float(solved.prod()) == pytest.approx(1, abs=0.15)  # gains g and 1 / g


def test_some_clips_have_nothing_to_ground(pack: Pack) -> None:
    batch = maker(pack, negatives=0.5).next()
    nothing = (batch.owner < 0).all(1)
    assert (nothing & batch.active.any(2).any(1)).any()  # off-screen: something sounds
    assert (nothing & ~batch.active.any(2).any(1)).any()  # silence and noise


def test_the_same_seed_makes_the_same_batch(pack: Pack) -> None:
    torch.manual_seed(0)
    first = maker(pack, seed=3).next()
    torch.manual_seed(0)
    second = maker(pack, seed=3).next()
    assert torch.equal(first.frames, second.frames)
    assert torch.equal(first.waveform, second.waveform)
    assert not torch.equal(first.frames, maker(pack, seed=4).next().frames)


def test_the_truth_mask_lies_on_its_object(pack: Pack) -> None:
    plain = maker(pack, difficulty=0.0)
    plan = plain.plan()
    frames, visible = plain.draw_frames(plan.objects)
    for row, objects in enumerate(plan.objects):
        colour = torch.tensor(shape(objects[0])[50, 40, :3].astype(float))
        inside = visible[row, 0]
        assert 0.05 < inside.float().mean() < 0.6
        found = frames[row][inside].double().mean(0)
        assert (found - colour).abs().max() < 30


def test_an_occluded_object_is_not_visible_where_it_is_hidden(pack: Pack) -> None:
    _, visible = maker(pack, objects=(4,)).draw_frames([[0, 1, 2, 3]] * 6)
    assert (visible.sum(1) <= 1).all()


def test_mix_ups_say_which_patches_are_their_own() -> None:
    frames = torch.stack([torch.full((32, 32, 3), 10 * i, dtype=torch.uint8) for i in range(4)])
    mixed, own = mix_up(frames, 1.0, torch.Generator().manual_seed(0))
    assert own is not None
    patches = mixed[:, 4::8, 4::8, 0].reshape(4, -1)
    for row in range(4):
        assert own[row].any()
        assert torch.equal(patches[row] == 10 * row, own[row].bool())
    untouched, none = mix_up(frames, 0.0, torch.Generator())
    assert none is None
    assert torch.equal(untouched, frames)


def test_activity_follows_the_loud_part() -> None:
    wave = torch.zeros(2, 12_800)
    wave[0, 4160:8640] = 0.1 * torch.randn(4480)
    active = activity(wave)
    assert not active[1].any()
    assert active[0].tolist() == [False] * 3 + [True] * 4 + [False] * 3


def test_cut_plays_what_the_pack_holds() -> None:
    samples = torch.arange(1000, 2000, dtype=torch.int16)
    clips = cut(samples, torch.tensor([100]), torch.tensor([500]), 800, 0.0, torch.Generator())
    assert torch.allclose(clips.waveform[0, :499] * 32768, samples[100:599].float(), atol=0.5)
    assert clips.waveform[0, 500:].abs().sum() == 0


def test_a_queue_gives_everything_before_anything_again() -> None:
    import random

    queue = Queue(list(range(7)), random.Random(0))
    drawn = [queue.draw(set()) for _ in range(14)]
    assert sorted(drawn[:7]) == sorted(drawn[7:]) == list(range(7))
    assert queue.draw({0, 1, 2, 3, 4, 5}) == 6
