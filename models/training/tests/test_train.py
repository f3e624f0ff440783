"""The trainer learns, resumes after a kill, and runs on two processes."""

from __future__ import annotations

import csv
import json
import math
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from tiny_pack import make_pack

from whence_training import freeze
from whence_training.batches import BatchConfig, BatchMaker, Pack
from whence_training.curriculum import Curriculum, CurriculumConfig
from whence_training.nets import NetConfig
from whence_training.objective import LossWeights
from whence_training.settings import Settings, load_settings
from whence_training.train import Trainer, load_checkpoint

PACKAGE = Path(__file__).parent.parent
NET = NetConfig(
    channels=32, picture_size=64, picture_width=32, sound_width=16, audio_width=48, audio_blocks=1
)
BATCH = BatchConfig(pictures=8, size=64, seconds=0.8)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("pack"), 8)


def settings(root: Path, out: Path, **changes: object) -> Settings:
    base = Settings(out=str(out), pack=str(root), steps=10, net=NET, batch=BATCH, log_every=5)
    return replace(base, **changes)  # type: ignore[arg-type]


def trainer(root: Path, out: Path, **changes: object) -> Trainer:
    chosen = settings(root, out, **changes)
    pack = Pack(root, ("train",), torch.device("cpu"))
    seed = chosen.seed + 1000 * int(os.environ.get("RANK", "0"))
    return Trainer(chosen, BatchMaker(pack, chosen.batch, seed))


def curve(out: Path, name: str) -> list[float]:
    with (out / "curves.csv").open(newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def test_it_learns_in_a_minute(root: Path, tmp_path: Path) -> None:
    """Eight concepts from scratch on one thread: contrast well under chance, which is ln 8."""
    config = CurriculumConfig(step=0.004, pool_from=0.2, pool_to=0.5, warm_up_steps=20)
    # Eight concepts fill eight pictures once; more objects would repeat them inside a batch.
    batch = replace(BATCH, objects=(1,))
    run = trainer(root, tmp_path, steps=120, curriculum=config, batch=batch)
    run.run()
    contrast = curve(tmp_path, "contrast")
    assert contrast[0] > 0.8 * math.log(8)
    assert sum(contrast[-4:]) / 4 < 0.6 * math.log(8)
    assert curve(tmp_path, "pooling")[-1] == 1
    assert curve(tmp_path, "accuracy")[-1] > 0.4


def test_it_learns_without_tags(root: Path, tmp_path: Path) -> None:
    config = CurriculumConfig(step=0.0, pool_from=2, pool_to=3, warm_up_steps=10)
    weights = LossWeights(routed=False)
    run = trainer(root, tmp_path, steps=50, curriculum=config, loss=weights)
    run.run()
    contrast = curve(tmp_path, "contrast")
    assert contrast[-1] < 0.8 * math.log(8)
    assert curve(tmp_path, "specialisation")


def test_a_killed_run_goes_on_where_it_was(root: Path, tmp_path: Path) -> None:
    whole = trainer(root, tmp_path / "whole")
    for _ in range(6):
        whole.train_step()
    first = trainer(root, tmp_path / "cut")
    for _ in range(3):
        first.train_step()
    first.save()
    torch.randn(100)  # whatever happened in between
    second = trainer(root, tmp_path / "cut")
    assert second.step == 3
    for _ in range(3):
        second.train_step()
    for (name, a), b in zip(
        whole.model.state_dict().items(), second.model.state_dict().values(), strict=True
    ):
        assert torch.allclose(a, b, atol=1e-5), name


def test_a_half_written_checkpoint_is_never_seen(root: Path, tmp_path: Path) -> None:
    run = trainer(root, tmp_path)
    run.train_step()
    run.save()
    (tmp_path / "checkpoint.partial").write_bytes(b"cut off")
    assert trainer(root, tmp_path).step == 1


def test_the_same_seed_gives_the_same_run(root: Path, tmp_path: Path) -> None:
    losses = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run = trainer(root, tmp_path / name, seed=seed)
        losses.append([run.train_step()["loss"] for _ in range(3)])
    assert losses[0] == pytest.approx(losses[1])
    assert losses[0] != pytest.approx(losses[2])


def test_batches_are_replayed_from_the_bank(root: Path, tmp_path: Path) -> None:
    run = trainer(root, tmp_path, replay=4, bank=8)
    values = [run.train_step() for _ in range(12)]
    assert run.bank.made == 3
    assert values[-1]["fresh"] == pytest.approx(0.25)


def test_a_thread_may_prepare_batches(root: Path, tmp_path: Path) -> None:
    run = trainer(root, tmp_path, steps=6, background=True, bank=4)
    run.run()
    assert run.step == 6
    assert run.bank.made >= 1
    assert run.bank.thread is not None
    assert not run.bank.thread.is_alive()


def test_mixed_precision_trains_on_a_cpu(root: Path, tmp_path: Path) -> None:
    run = trainer(root, tmp_path, precision="bf16")
    assert all(math.isfinite(run.train_step()["loss"]) for _ in range(3))


def test_two_processes_share_their_gradients(root: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, torch\n"
        f"sys.path[:0] = [{str(PACKAGE)!r}, {str(PACKAGE / 'tests')!r}]\n"
        "from pathlib import Path\n"
        "from test_train import trainer\n"
        f"run = trainer(Path({str(root)!r}), Path({str(tmp_path)!r}) / 'out', steps=3, device='cpu')\n"
        "rank = run.processes.rank\n"
        "run.run()\n"
        f"torch.save(run.model.state_dict(), Path({str(tmp_path)!r}) / f'rank{{rank}}.pt')\n"
    )
    # What torchrun sets; its own launcher does not start in Debian's torch 1.13 on Python 3.11.
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    running = [
        subprocess.Popen(
            [sys.executable, str(program)],
            env={**os.environ, **shared, "RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in running:
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
    ranks = [torch.load(tmp_path / f"rank{rank}.pt") for rank in range(2)]
    learned = [name for name in ranks[0] if name.endswith("weight")]
    assert learned
    for name in learned:
        assert torch.allclose(ranks[0][name], ranks[1][name], atol=1e-6), name
    # Each saw other batches, so what is only counted differs.
    assert any(not torch.equal(ranks[0][n], ranks[1][n]) for n in ranks[0] if "running_mean" in n)
    assert load_checkpoint(tmp_path / "out" / "checkpoint.pt")["step"] == 3


def test_the_audio_encoder_may_learn_more_slowly(root: Path, tmp_path: Path) -> None:
    run = trainer(root, tmp_path, audio_rate=0.25)
    run.train_step()
    rates = {id(p): g["lr"] for g in run.optimizer.param_groups for p in g["params"]}
    audio = {rates[id(p)] for p in run.model.audio.parameters() if id(p) in rates}
    pictures = {rates[id(p)] for p in run.model.picture.parameters() if p.requires_grad}
    assert len(audio) == len(pictures) == 1
    assert audio.pop() == pytest.approx(0.25 * pictures.pop())


def test_the_picture_trunk_thaws(root: Path, tmp_path: Path) -> None:
    net = replace(NET, backbone="lite0")
    config = CurriculumConfig(trunk_from=0.5, warm_up_steps=1)
    run = trainer(root, tmp_path, steps=4, net=net, curriculum=config, replay=2)
    before = [p.clone() for p in run.model.picture.trunk.parameters()]
    for _ in range(2):
        run.train_step()
    after = run.model.picture.trunk.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    for _ in range(2):
        run.train_step()
    after = run.model.picture.trunk.parameters()
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_difficulty_rises_only_with_accuracy() -> None:
    easy = Curriculum(CurriculumConfig(step=0.1))
    for _ in range(30):
        easy.observe(0.2)
    assert easy.difficulty == 0
    for _ in range(30):
        easy.observe(0.9)
    assert easy.difficulty == 1
    assert [easy.pooling(x) for x in (0.0, 0.35, 0.9)] == pytest.approx([0, 0.5, 1])
    assert easy.learning_rate(0, 0) < easy.learning_rate(100, 0)
    assert easy.learning_rate(100, 1) == pytest.approx(0.02 * 2e-3)


def test_every_configuration_of_the_package_reads() -> None:
    for path in sorted((PACKAGE / "whence_training" / "configs").glob("*.yaml")):
        values = yaml.safe_load(path.read_text())
        if "out" in values:
            assert load_settings(path).out == values["out"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("out: x\npack: y\nsteps: 1\nnet: {hads: 2}", r"net: a key must be one of .*, got hads"),
        ("out: x\nsteps: 1", "one of pack and videos"),
        ("out: x\npack: y", "one of steps and minutes"),
        ("out: x\npack: y\nsteps: 1\nbatch: {size: 96}", "batch.size must be net.picture_size"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=told):
        load_settings(path)


@pytest.mark.parametrize("stage", ["train", "pretrain"])
def test_a_pack_that_is_not_there_is_one_line(stage: str, tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(f"pack: {tmp_path}/none\nout: {tmp_path}\nsteps: 1\n")
    words = [str(config)]
    if stage == "pretrain":
        words += ["--lexicon", str(tmp_path), "--out", str(tmp_path / "audio.pt")]
    command = [sys.executable, "-m", f"whence_training.{stage}", *words]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False)
    told = done.stderr.strip().splitlines()
    assert done.returncode == 1
    assert len(told) == 1
    assert f"{tmp_path}/none/index.json" in told[0]


def test_a_frozen_recording_is_never_trained_on(root: Path, tmp_path: Path) -> None:
    folder = make_pack(tmp_path / "pack", 8)
    index = json.loads((folder / "index.json").read_text())
    index["words"][3]["engine"] = "human"
    (folder / "index.json").write_text(json.dumps(index))
    with pytest.raises(freeze.FrozenError, match=r"words\[3\]"):
        Trainer(settings(folder, tmp_path / "out"))
    assert Trainer(settings(root, tmp_path / "out")).source is not None
