"""The semantic branch: codes in closed form, added columns, the trunk's grid, the sum of branches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from whence_training.center import center_neck, common_parts
from whence_training.fuse import Asked, Fusion, Library, losses
from whence_training.fused import BranchGate, FusedPicture
from whence_training.fusion_bank import neck_input
from whence_training.half_weights import store_in_half
from whence_training.imagenet_names import classes_by_name, read_names
from whence_training.nets import NetConfig, PictureNet
from whence_training.semantic import Columns, fit_added_columns, fit_codes
from whence_training.trunks import LITE0_FEATURES, SemanticTrunk


def voices(names: list[str], each: int, spread: float) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    means = rng.standard_normal((len(names), 64)) + 1.0  # codes have a part in common
    said = [name for name in names for _ in range(each)]
    codes = np.repeat(means, each, 0) + spread * rng.standard_normal((len(said), 64))
    return codes.astype(np.float32), said


def test_a_column_answers_its_own_names_and_no_others():
    names = [f"n{i}" for i in range(30)]
    codes, said = voices(names, 6, 0.3)
    called = [("n0",), ("n1", "n2"), ("unheard",), ()]
    fitted = fit_codes(codes, said, called)
    answers = codes @ fitted.T
    own = np.array([[name in listed for listed in called] for name in said])
    assert answers[:, 0][own[:, 0]].mean() == pytest.approx(1, abs=1e-3)
    assert answers[:, 1][own[:, 1]].mean() == pytest.approx(1, abs=1e-3)
    assert answers[:, 0][own[:, 0]].min() > answers[:, 0][~own[:, 0]].max()
    assert abs(answers[:, :2][~own[:, :2]].mean()) < 0.15, "what all codes share is no answer"
    assert not fitted[2:].any()


def test_added_columns_know_new_names_and_leave_the_others_alone():
    generator = torch.Generator().manual_seed(0)
    classifier = (torch.randn(1000, LITE0_FEATURES, generator=generator) / 20, torch.zeros(1000))
    class_of = classes_by_name()["kettle"][0]
    prototypes = {
        "pliers": torch.rand(LITE0_FEATURES, generator=generator) * 3,
        "kettle": classifier[0][class_of].clamp_min(0) * 60,
        "": torch.rand(LITE0_FEATURES, generator=generator),
    }
    names = [name for name in prototypes for _ in range(60)]
    features = torch.stack([prototypes[name] for name in names])
    features = (features + 0.3 * torch.randn(features.shape, generator=generator)).clamp_min(0)
    columns = fit_added_columns(
        features, names, classifier, photograph=torch.zeros(len(names), dtype=torch.bool), steps=80
    )
    assert columns.names[:1000] == list(read_names())
    assert columns.names[1000:] == [("pliers",)]
    assert torch.equal(columns.weight[:1000], classifier[0])
    posterior = columns.posterior(features.t()[:, None])
    shown = np.array(names)
    assert (posterior[1000, shown == "pliers"] > 0.5).all()
    assert (posterior[1000, shown != "pliers"] < 0.5).all()
    assert (posterior[:, shown == "kettle"].argmax(0) == class_of).all()


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="weight must be"):
        Columns(torch.zeros(2, LITE0_FEATURES), torch.zeros(2), [("a",)])


def test_a_patch_sees_its_own_place():
    """With equal weights everywhere what a cell sees is centered on its 16 × 16 pixels."""
    trunk = SemanticTrunk().eval()
    for module in trunk.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data.fill_(1 / module.weight[0].numel())
        elif isinstance(module, torch.nn.ReLU6):
            module.forward = lambda x: x
    cell = 24
    picture = torch.zeros(1, 3, 768, 768, requires_grad=True)
    trunk(picture)[0, 0, cell, cell].backward()
    weight = picture.grad[0].sum(0)
    place = torch.arange(768.0) + 0.5
    for axis in (0, 1):
        center = float((weight.sum(axis) * place).sum() / weight.sum())
        assert center == pytest.approx(16 * cell + 8, abs=1)


def small_neck() -> PictureNet:
    return PictureNet(
        NetConfig(channels=128, backbone="lite0", picture_size=160, picture_width=16)
    ).eval()


def small_columns() -> Columns:
    generator = torch.Generator().manual_seed(2)
    weight = torch.randn(5, LITE0_FEATURES, generator=generator) / 30
    return Columns(weight, torch.zeros(5), [(f"n{i}",) for i in range(5)])


def test_the_gate_mixes_what_its_branches_give_and_is_restored(tmp_path: Path):
    torch.manual_seed(0)
    codes = torch.randn(5, 128)
    model = FusedPicture(small_neck(), small_columns(), codes).eval()
    frames = torch.randint(256, (1, 448, 448, 3), dtype=torch.uint8)
    bias = model.gate.decide[-1].bias.data
    with torch.no_grad():
        mixed = model(frames)
        x = frames.permute(0, 3, 1, 2).float()
        fine = model.neck.merge(model.neck.trunk(neck_input(x)))
        posterior = small_columns().posterior(model.trunk((x - 127) / 128)[0])
        semantic = (codes.t() @ posterior).reshape(1, 128, 28, 28)
        bias.fill_(-50)
        assert torch.allclose(model(frames), semantic, atol=1e-4)
        bias.fill_(50)
        assert torch.allclose(model(frames), fine, atol=1e-4)
        bias.copy_(torch.tensor([50.0, -50.0]))
        assert torch.allclose(model(frames)[:, :64], fine[:, :64], atol=1e-4)
        assert torch.allclose(model(frames)[:, 64:], semantic[:, 64:], atol=1e-4)
        both = model(frames)
    assert mixed.shape == (1, 128, 28, 28)
    torch.save(model.kept(), tmp_path / "kept.pt")
    again = FusedPicture.restore(model.neck, torch.load(tmp_path / "kept.pt")).eval()
    with torch.no_grad():
        assert torch.equal(again(frames), both)


def test_a_centered_neck_answers_less_to_what_all_codes_share_and_the_same_to_the_rest():
    torch.manual_seed(0)
    neck = small_neck()
    norm = neck.code[2]
    norm.running_mean = torch.randn(128)
    norm.running_var = torch.rand(128) + 0.5
    frames = torch.randint(256, (1, 160, 160, 3), dtype=torch.uint8)
    common = torch.nn.functional.normalize(torch.randn(2, 64), dim=1)
    with torch.no_grad():
        before = neck(frames).flatten(2)[0].reshape(2, 64, -1)
        center_neck(neck, common, [1.0, 0.25])
        after = neck(frames).flatten(2)[0].reshape(2, 64, -1)
    for head, share in enumerate((1.0, 0.25)):
        shared = common[head] @ before[head]
        assert torch.allclose(common[head] @ after[head], (1 - share) * shared, atol=1e-4)
        assert torch.allclose(
            after[head] + share * torch.outer(common[head], shared), before[head], atol=1e-4
        )


def test_the_common_part_is_the_mean_over_names_not_over_recordings(tmp_path: Path):
    codes = np.zeros((4, 128), np.float32)
    codes[0, 0], codes[1, 64], codes[2, 64], codes[3, 65] = 2, 1, 1, 1
    kinds = np.array(["sound", "speech", "speech", "speech"])
    names = np.array(["dog", "dog", "dog", "cat"])
    np.savez(
        tmp_path / "codes.npz", codes=codes, kind=kinds, name=names, split=np.array(["train"] * 4)
    )
    found = common_parts(Library(tmp_path / "codes.npz", 64))
    assert found[0].nonzero().flatten().tolist() == [0]
    assert found[1, :2].tolist() == pytest.approx([0.5**0.5] * 2)


def test_half_weights_give_the_same_to_three_digits(tmp_path: Path):
    torch.manual_seed(0)
    layer = torch.nn.Sequential(
        torch.nn.Conv2d(8, 64, 3), torch.nn.ReLU(), torch.nn.Conv2d(64, 9, 1)
    )
    file, x = tmp_path / "layer.onnx", torch.randn(1, 8, 9, 9)
    torch.onnx.export(layer, (x,), str(file), input_names=["x"], output_names=["y"])
    before = file.stat().st_size
    store_in_half(file)
    assert file.stat().st_size < 0.65 * before
    found = onnxruntime.InferenceSession(str(file)).run(["y"], {"x": x.numpy()})[0]
    wanted = layer(x).detach().numpy()
    difference = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert 0 < difference < 2e-3


def test_the_loss_falls_where_the_right_patch_answers():
    fusion = Fusion(BranchGate(), np.zeros((5, 128), np.float32))
    code = torch.nn.functional.normalize(torch.randn(1, 64), dim=1)
    own = torch.zeros(1, 784, dtype=torch.bool)
    own[0, 5] = True
    asked = Asked(
        torch.tensor([1]), code, torch.tensor([0]), own, torch.zeros(1, 1568, dtype=torch.bool)
    )
    features = torch.zeros(2, 128, 784)
    silent, _ = losses(features, asked, fusion, 0.5)
    features[0, 64:, 5] = code[0]
    right, hit = losses(features, asked, fusion, 0.5)
    features[0, 64:, 5], features[1, 64:, 9] = 0, code[0]
    wrong, _ = losses(features, asked, fusion, 0.5)
    assert right < silent < wrong
    assert hit == 1
    asked.ignored[0, 784 + 9] = True
    ignored, _ = losses(features, asked, fusion, 0.5)
    assert ignored < wrong
