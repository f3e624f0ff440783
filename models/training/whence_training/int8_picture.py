"""Writes `image.int8.onnx` beside a model's `image.onnx`: most of it computed in bytes.

    python3 -m whence_training.int8_picture MODEL --pack PACK --cache CACHE

What the semantic branch computes from the pixels and what follows the neck's maps becomes 8-bit
(static, per output channel). The neck's own trunk and the gate stay in floats: they take a sixth of
the time, and their errors are the largest. Ranges are measured on pictures of the training split.
Run it again after each `export`: the weights are those of `image.onnx`.

Weights have 8 bits. x86 processors without VNNI sum pairs of products in 16 bits, which that
overflows, unless the session option `session.x64quantprecision` is 1, as Whence sets it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from numpy.typing import NDArray

from .export import sha256

if TYPE_CHECKING:
    import onnx

FILE = "image.int8.onnx"
LARGEST_WEIGHT = 127
LEVELS = 255
PICTURES = 48
"""Pictures that the ranges are measured on."""
CHECKED = 16
"""Further ones that both graphs are compared on."""
RARE = 0.01
"""Percent of a picture's values that may lie outside of a range, on each side."""
CLIPS = ("Clip", "Relu")
Floats = NDArray[np.float32]


class Graph:
    """A graph and who makes and reads each of its values."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.graph = model, model.graph
        self.made = {name: node for node in self.graph.node for name in node.output}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.stored = {value.name: value for value in self.graph.initializer}

    def before(self, kind: str) -> set[str]:
        """Outputs of the nodes that those of one kind depend on. Raises ValueError without any."""
        ends = [node for node in self.graph.node if node.op_type == kind]
        if not ends:
            raise ValueError(f"Cannot quantize: image.onnx must have a {kind}, got none")
        found: set[str] = set()
        waiting = [name for node in ends for name in node.input]
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.made:
                continue
            found.add(name)
            waiting += self.made[name].input
        return found

    def constant(self, name: str) -> NDArray[Any] | None:
        """A value that is stored, also in half precision; None for one that is computed."""
        from onnx import numpy_helper

        if name in self.stored:
            return numpy_helper.to_array(self.stored[name])
        node = self.made.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            return numpy_helper.to_array(node.attribute[0].t)
        if node.op_type not in ("Cast", "Identity"):
            return None
        value = self.constant(node.input[0])
        return None if value is None or node.op_type == "Identity" else value.astype(np.float32)

    def weight(self, name: str) -> Floats:
        value = self.constant(name)
        if value is None:
            raise ValueError(f"Cannot quantize: {name} must be stored in image.onnx")
        return np.asarray(value, np.float32)

    def clipped(self, name: str) -> str:
        """The value behind the activation that alone reads this one, or this one."""
        readers = self.readers.get(name, [])
        if len(readers) == 1 and readers[0].op_type in CLIPS:
            return str(readers[0].output[0])
        return name

    def pixels_of(self, name: str) -> tuple[str, float, int] | None:
        """Bytes, scale and zero that `(bytes - zero) / n` was computed from, if it was."""
        divided = self.made.get(name)
        if divided is None or divided.op_type != "Div":
            return None
        shifted = self.made.get(divided.input[0])
        if shifted is None or shifted.op_type != "Sub":
            return None
        cast = self.made.get(shifted.input[0])
        by, zero = self.constant(divided.input[1]), self.constant(shifted.input[1])
        if cast is None or cast.op_type != "Cast" or by is None or zero is None:
            return None
        return cast.input[0], float(1 / by), int(zero)


def chosen_nodes(graph: Graph) -> list[onnx.NodeProto]:
    """What is computed in bytes: convolutions, the sums between them, the classifier."""
    semantic, gate = graph.before("Softmax"), graph.before("Sigmoid")
    chosen, made = [], set()
    for node in graph.graph.node:
        output = node.output[0]
        if output not in semantic and output in gate:
            continue
        wide = node.op_type == "MatMul" and graph.constant(node.input[1]) is not None
        if (
            node.op_type == "Conv"
            or (node.op_type == "Add" and all(name in made for name in node.input))
            or (wide and output in semantic)
        ):
            chosen.append(node)
            made |= {output, graph.clipped(output)}
    return chosen


def ranges(
    file: Path, names: Iterable[str], pictures: NDArray[np.uint8]
) -> dict[str, tuple[float, float]]:
    """Smallest and largest of each value over all pictures, without a picture's rarest."""
    import onnx
    from onnx import TensorProto, helper

    wanted = list(names)
    model = onnx.load(str(file))
    present = {output.name for output in model.graph.output}
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in wanted
        if name not in present
    )
    found = dict.fromkeys(wanted, (0.0, 0.0))
    session = open_session(model.SerializeToString(), optimize=False)
    for picture in pictures:
        values = session.run(wanted, {"frames": picture[None]})
        for name, value in zip(wanted, values, strict=True):
            # A quarter of a map's cells are enough, and much faster.
            thin = value[..., ::2, ::2] if value.ndim == 4 and value.shape[-1] > 28 else value
            low, high = np.percentile(thin, (RARE, 100 - RARE))
            found[name] = (min(found[name][0], float(low)), max(found[name][1], float(high)))
    return found


def open_session(model: str | bytes, *, optimize: bool = True) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimize:  # or the values that are asked for would be fused away
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Quantizer:
    """Puts QuantizeLinear and DequantizeLinear around the chosen nodes, which a runtime fuses."""

    def __init__(self, graph: Graph, chosen: list[onnx.NodeProto]) -> None:
        self.graph, self.chosen = graph, chosen
        self.made = {graph.clipped(node.output[0]) for node in chosen if node.op_type != "MatMul"}
        self.scales: dict[str, tuple[np.float32, np.uint8]] = {}
        self.restored: dict[str, str] = {}
        self.extra: list[onnx.NodeProto] = []

    def inputs(self, node: onnx.NodeProto) -> list[str]:
        return list(node.input[:2] if node.op_type == "Add" else node.input[:1])

    def activations(self) -> list[str]:
        """Floats that become bytes."""
        names = [name for node in self.chosen for name in self.inputs(node)]
        names += self.made
        return [n for n in dict.fromkeys(names) if self.graph.pixels_of(n) is None]

    def run(self, found: dict[str, tuple[float, float]]) -> None:
        for name in dict.fromkeys([*found, *(n for x in self.chosen for n in self.inputs(x))]):
            self.quantize(name, found.get(name))
        for node in self.chosen:
            for place, name in enumerate(self.inputs(node)):
                node.input[place] = self.restored[name]
            if node.op_type != "Add":
                self.store_weights(node)
        changed = {id(node) for node in self.chosen}
        for node in self.graph.graph.node:
            for place, name in enumerate(node.input):
                if name in self.made and id(node) not in changed:
                    node.input[place] = self.restored[name]
        self.finish()

    def quantize(self, name: str, found: tuple[float, float] | None) -> None:
        """One value as bytes and back."""
        from onnx import helper

        pixels = self.graph.pixels_of(name)
        if pixels is not None:
            source, scale, zero = pixels
            self.scales[name] = np.float32(scale), np.uint8(zero)
        else:
            assert found is not None
            scale = max((found[1] - found[0]) / LEVELS, 1e-8)
            self.scales[name] = np.float32(scale), np.uint8(round(-found[0] / scale))
            # A value that can't be larger than its range needs no clip before it.
            maker = self.graph.made.get(name)
            clip = maker is not None and name in self.made and maker.op_type in CLIPS
            source = maker.input[0] if maker is not None and clip else name
        parameters = [
            self.store(f"{name}.{part}", value)
            for part, value in zip(("scale", "zero"), self.scales[name], strict=True)
        ]
        if pixels is None:
            whole = f"{name}.bytes"
            self.extra.append(helper.make_node("QuantizeLinear", [source, *parameters], [whole]))
        else:
            whole = source
        self.restored[name] = f"{name}.restored"
        self.extra.append(
            helper.make_node("DequantizeLinear", [whole, *parameters], [self.restored[name]])
        )

    def store(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.graph.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def store_weights(self, node: onnx.NodeProto) -> None:
        """Weights as bytes with a scale per output, the bias as 32-bit integers."""
        axis = 0 if node.op_type == "Conv" else 1
        weight = self.graph.weight(node.input[1])
        others = tuple(i for i in range(weight.ndim) if i != axis)
        largest = np.abs(weight).max(others)
        scales = np.where(largest < 1e-8, 1, largest / LARGEST_WEIGHT).astype(np.float32)
        shape = [-1 if i == axis else 1 for i in range(weight.ndim)]
        steps = np.rint(weight / scales.reshape(shape)).astype(np.int8)
        name = node.output[0]
        node.input[1] = self.restore(f"{name}.weight", steps, scales, axis)
        if len(node.input) > 2:
            bias = self.graph.weight(node.input[2])
            source = node.input[0].removesuffix(".restored")
            unit = (scales * self.scales[source][0]).astype(np.float32)
            # An output without weights has no scale of its own that its bias would fit.
            whole = np.clip(np.rint(bias / unit), -(2**31) + 1, 2**31 - 256).astype(np.int32)
            node.input[2] = self.restore(f"{name}.bias", whole, unit, 0)

    def restore(self, name: str, steps: NDArray[Any], scales: Floats, axis: int) -> str:
        from onnx import helper

        parts = [
            self.store(f"{name}.bytes", steps),
            self.store(f"{name}.scale", scales),
            self.store(f"{name}.zero", np.zeros(len(scales), steps.dtype)),
        ]
        self.extra.append(helper.make_node("DequantizeLinear", parts, [name], axis=axis))
        return name

    def finish(self) -> None:
        """Leaves out what has no reader, and puts each node behind what it reads."""
        graph = self.graph.graph
        nodes = [*graph.node, *self.extra]
        wanted = {output.name for output in graph.output}
        makers = {name: node for node in nodes for name in node.output}
        waiting, read = list(wanted), set(wanted)
        while waiting:
            node = makers.get(waiting.pop())
            fresh = [n for n in node.input if n and n not in read] if node is not None else []
            read.update(fresh)
            waiting += fresh
        rest = [node for node in nodes if any(name in read for name in node.output)]
        ready = {""} | {value.name for value in [*graph.input, *graph.initializer]}
        ordered: list[onnx.NodeProto] = []
        while rest:
            later = []
            for node in rest:
                if all(name in ready for name in node.input):
                    ordered.append(node)
                    ready.update(node.output)
                else:
                    later.append(node)
            rest = later
        kept = [value for value in graph.initializer if value.name in read]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(ordered)
        graph.initializer.extend(kept)


def write_int8(image: Path, out: Path, pictures: NDArray[np.uint8]) -> None:
    """Writes a graph with the same input and output as `image`, most of it in bytes."""
    import onnx

    graph = Graph(onnx.load(str(image)))
    quantizer = Quantizer(graph, chosen_nodes(graph))
    quantizer.run(ranges(image, quantizer.activations(), pictures))
    onnx.checker.check_model(graph.model)
    onnx.save(graph.model, str(out))


def distance(image: Path, other: Path, pictures: NDArray[np.uint8]) -> float:
    """Relative L2 difference of two graphs' features."""
    sessions = [open_session(str(file)) for file in (image, other)]
    difference = size = 0.0
    for picture in pictures:
        wanted, found = (session.run(None, {"frames": picture[None]})[0] for session in sessions)
        difference += float(np.square(found - wanted).sum())
        size += float(np.square(wanted).sum())
    return float(np.sqrt(difference / size))


def add_int8(folder: Path, pictures: NDArray[np.uint8], checked: NDArray[np.uint8]) -> float:
    """Adds `image.int8.onnx` to a model folder and names it in `model.yaml`."""
    description = folder / "model.yaml"
    content = yaml.safe_load(description.read_text())
    image, out = folder / content["image"]["file"], folder / FILE
    write_int8(image, out, pictures)
    difference = distance(image, out, checked)
    content["image"]["int8"] = {
        "file": FILE,
        "sha256": sha256(out),
        "relative_l2": float(f"{difference:.2g}"),
    }
    description.write_text(yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True))
    return difference


def main() -> None:
    from .fusion_bank import Studio
    from .open_pack import OpenPack

    parser = argparse.ArgumentParser(description="Add an 8-bit picture encoder to a model folder.")
    parser.add_argument("model", type=Path, help="model folder; image.int8.onnx is written into it")
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    studio, rng = Studio(OpenPack(given.pack), given.cache), np.random.default_rng(given.seed)
    drawn = np.stack([studio.draw(rng).picture for _ in range(given.pictures + CHECKED)])
    difference = add_int8(given.model, drawn[: given.pictures], drawn[given.pictures :])
    print(f"{given.model / FILE}: relative L2 {difference:.3f} from {given.model / 'image.onnx'}")


if __name__ == "__main__":
    main()
