"""Stores a graph's large weights in half precision: half the file, the same arithmetic.

Each is followed by a Cast to float32, which a runtime folds when it loads the graph.
"""

from __future__ import annotations

from pathlib import Path

LEAST_VALUES = 256
"""Smaller constants keep float32."""


def store_in_half(file: Path) -> None:
    """Rewrites an ONNX file in place. Raises ValueError where a weight does not fit float16."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(file))
    graph = model.graph
    casts = []
    for initializer in list(graph.initializer):
        value = numpy_helper.to_array(initializer)
        if initializer.data_type != TensorProto.FLOAT or value.size < LEAST_VALUES:
            continue
        if np.abs(value).max() > np.finfo(np.float16).max:
            raise ValueError(f"Cannot store {file}: {initializer.name} must fit float16")
        name = initializer.name
        stored = numpy_helper.from_array(value.astype(np.float16), f"{name}.half")
        graph.initializer.remove(initializer)
        graph.initializer.append(stored)
        casts.append(helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))
