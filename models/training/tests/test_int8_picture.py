"""The picture encoder in bytes: what becomes bytes, how close it is, what the manifest says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from whence_training.export import sha256
from whence_training.half_weights import store_in_half
from whence_training.int8_picture import FILE, LARGEST_WEIGHT, add_int8, write_int8

SIDE = 32


def small_encoder(file: Path) -> None:
    """A picture encoder with the parts of the fused one: semantic branch, neck, gate."""
    rng = np.random.default_rng(1)
    nodes: list[Any] = []
    stored: list[Any] = []

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(name: str, value: Any) -> str:
        stored.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def conv(x: str, name: str, shape: tuple[int, ...], **attributes: Any) -> str:
        fan_in = np.prod(shape[1:])
        weight = (rng.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32)
        bias = (0.1 * rng.standard_normal(shape[0])).astype(np.float32)
        side = shape[2] // 2
        inputs = [x, constant(f"{name}.w", weight), constant(f"{name}.b", bias)]
        return node("Conv", inputs, name, pads=[side] * 4, **attributes)

    def relu6(x: str) -> str:
        return node("Clip", [x, "low", "high"], f"{x}.clip")

    constant("low", np.float32(0))
    constant("high", np.float32(6))
    constant("middle", np.float32(127))
    constant("range", np.float32(128))
    x = node("Transpose", ["frames"], "planes", perm=[0, 3, 1, 2])
    x = node("Cast", [x], "floats", to=TensorProto.FLOAT)
    x = node("Div", [node("Sub", [x, "middle"], "shifted"), "range"], "pixels")
    stem = relu6(conv(x, "stem", (16, 3, 3, 3), strides=[2, 2]))
    wide = relu6(conv(stem, "wide", (32, 16, 1, 1)))
    deep = relu6(conv(wide, "deep", (32, 1, 3, 3), group=32))
    first = conv(deep, "first", (16, 32, 1, 1))
    again = conv(relu6(conv(first, "again", (32, 16, 1, 1))), "second", (16, 32, 1, 1))
    summed = node("Add", [first, again], "summed")
    head = relu6(conv(summed, "head", (24, 16, 1, 1)))
    flat = node("Reshape", [head, constant("flat.shape", np.array([0, 24, -1]))], "flat")
    flat = node("Transpose", [flat], "tokens", perm=[0, 2, 1])
    weight = rng.standard_normal((24, 40)).astype(np.float32)
    logits = node("MatMul", [flat, constant("classify", weight)], "logits")
    chosen = node("Softmax", [logits], "posterior", axis=2)
    codes = constant("codes", rng.standard_normal((40, 8)).astype(np.float32))
    codes = node("Transpose", [node("MatMul", [chosen, codes], "mixed")], "turned", perm=[0, 2, 1])
    shape = constant("map.shape", np.array([0, 8, 16, 16]))
    semantic = node("Reshape", [codes, shape], "semantic")
    tap = relu6(conv(x, "neck.stem", (12, 3, 3, 3), strides=[2, 2]))
    neck = node("Relu", [conv(tap, "neck.refine", (12, 12, 3, 3))], "neck.relu")
    neck = conv(neck, "neck.code", (8, 12, 1, 1))
    share = node("Sigmoid", [conv(tap, "gate", (1, 12, 1, 1))], "share")
    fine = node("Mul", [share, neck], "fine")
    node("Add", [fine, semantic], "features")
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("frames", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 8, 16, 16])],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))
    store_in_half(file)


def some_pictures(count: int, seed: int) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


def test_the_semantic_branch_and_the_necks_end_are_bytes_and_the_gate_is_not(
    tmp_path: Path,
) -> None:
    source, out = tmp_path / "image.onnx", tmp_path / FILE
    small_encoder(source)
    write_int8(source, out, some_pictures(8, 2))
    model = onnx.load(str(out))
    makers = {name: node for node in model.graph.node for name in node.output}
    read = {
        node.name: makers[node.input[0]].op_type
        for node in model.graph.node
        if node.op_type in ("Conv", "MatMul") and node.input[0] in makers
    }
    whole = {name for name, kind in read.items() if kind == "DequantizeLinear"}
    assert whole == {
        "stem", "wide", "deep", "first", "again", "second", "head", "logits",
        "neck.refine", "neck.code",
    }  # fmt: skip
    assert {"neck.stem", "gate"} <= set(read) - whole
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Clip") == 1, "only the neck's own stem keeps its clip"
    weights = [numpy_helper.to_array(i) for i in model.graph.initializer]
    largest = [np.abs(w.astype(int)).max() for w in weights if w.dtype == np.int8 and w.any()]
    assert len(largest) == len(whole)
    assert max(largest) == LARGEST_WEIGHT


def test_the_pixels_are_read_as_bytes_without_arithmetic(tmp_path: Path) -> None:
    source, out = tmp_path / "image.onnx", tmp_path / FILE
    small_encoder(source)
    write_int8(source, out, some_pictures(8, 2))
    graph = onnx.load(str(out)).graph
    stored = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    reader = next(
        n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] == "planes"
    )
    assert stored[reader.input[1]] == np.float32(1 / 128)
    assert stored[reader.input[2]] == 127


def test_the_manifest_names_the_file_and_its_distance(tmp_path: Path) -> None:
    small_encoder(tmp_path / "image.onnx")
    image = {"file": "image.onnx", "sha256": sha256(tmp_path / "image.onnx")}
    (tmp_path / "model.yaml").write_text(yaml.safe_dump({"name": "small", "image": image}))
    difference = add_int8(tmp_path, some_pictures(8, 2), some_pictures(4, 3))
    content = yaml.safe_load((tmp_path / "model.yaml").read_text())
    assert content["image"]["sha256"] == image["sha256"]
    described = content["image"]["int8"]
    assert described["file"] == FILE
    assert described["sha256"] == sha256(tmp_path / FILE)
    assert described["relative_l2"] == pytest.approx(difference, rel=0.1)
    assert 1e-4 < difference < 0.1


def test_an_encoder_without_a_semantic_branch_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "image.onnx"
    small_encoder(source)
    model = onnx.load(str(source))
    for node in model.graph.node:
        if node.op_type == "Softmax":
            node.op_type = "LogSoftmax"
    onnx.save(model, str(source))
    with pytest.raises(ValueError, match="must have a Softmax"):
        write_int8(source, tmp_path / FILE, some_pictures(2, 2))
