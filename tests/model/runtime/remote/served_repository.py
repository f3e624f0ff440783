"""The models of a Triton model repository, computed by onnxruntime; for servers of tests."""

import importlib.util
import pathlib

import onnxruntime
from google.protobuf import text_format


def triton_schema():
    """Triton's schema of config.pbtxt alone: the rest of the package has the same names as servers' own messages."""
    package = importlib.util.find_spec("tritonclient").submodule_search_locations[0]
    file = pathlib.Path(package, "grpc", "model_config_pb2.py")
    spec = importlib.util.spec_from_file_location("model_config_pb2", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


model_config_pb2 = triton_schema()
DATATYPES = {"TYPE_UINT8": "UINT8", "TYPE_FP32": "FP32", "TYPE_INT64": "INT64"}


class RepositoryModel:
    """One folder of the repository, described by its config.pbtxt."""

    def __init__(self, folder: pathlib.Path):
        # Triton's own schema: an unknown field or a wrong type is an error.
        text = (folder / "config.pbtxt").read_text()
        self.config = text_format.Parse(text, model_config_pb2.ModelConfig())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = next(folder.glob("*/model.onnx"))
        self.session = onnxruntime.InferenceSession(str(graph), options)

    @property
    def name(self):
        return self.config.name

    @property
    def inputs(self):
        return self._tensors(self.config.input)

    @property
    def outputs(self):
        return self._tensors(self.config.output)

    def _tensors(self, configs):
        batch = [-1] if self.config.max_batch_size > 0 else []
        return [
            {
                "name": tensor.name,
                "datatype": DATATYPES[model_config_pb2.DataType.Name(tensor.data_type)],
                "shape": batch + list(tensor.dims),
            }
            for tensor in configs
        ]

    def run(self, feeds):
        """Names and arrays of all outputs."""
        names = [info.name for info in self.session.get_outputs()]
        return zip(names, self.session.run(None, feeds))


def read_repository(folder: str):
    """All models of a repository."""
    return [RepositoryModel(model) for model in sorted(pathlib.Path(folder).iterdir())]
